import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { toMetrics } from "../../answers/metrics.ts";
import { RestRealtimeStreamDocument, type RestRealtimeStreamSubscription } from "../../generated/graphql.ts";
import { answered, refusalOf, type Answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort, type GraphSubscription, type StreamEnd } from "../../graph/graph-port.ts";
import { refusalCodeOf } from "./close-codes.ts";

const documentId = documentIdOf(RestRealtimeStreamDocument);

/** The metrics of one moment, as the graph sent them. */
export type Snapshot = Answered<RestRealtimeStreamSubscription>;

/** Reads the graph's stream under one credential after another. */
export interface StreamReader {
  /** Begins, or goes on under another credential, behind `cursor` or the last one seen. */
  readonly read: (caller: Caller, cursor: string | undefined) => void;
  /** Tells the graph that the caller's credential still holds. */
  readonly confirm: (caller: Caller) => void;
  readonly stop: () => void;
}

const endingOf = (end: StreamEnd): Refusal => {
  if (end.kind === "complete") return refuse("DEPENDENCY_UNAVAILABLE", "The stream ended; go on with the last cursor.");
  if (end.kind === "closed")
    return refuse(refusalCodeOf(end.code), end.reason || "The graph closed the stream; go on with the last cursor.");
  const [first] = end.errors;
  return first === undefined ? refuse("INTERNAL", "The graph ended the stream.") : refusalOf(first);
};

/** A message to the stream's reader; `skipped` older ones were left out before it. */
export const encodeSnapshot = ({ data: { realtimeMetrics }, warnings }: Snapshot, skipped: number): string =>
  JSON.stringify({
    type: "metrics",
    cursor: realtimeMetrics.cursor,
    skipped,
    data: toMetrics(realtimeMetrics),
    ...(warnings.length === 0 ? {} : { warnings }),
  });

/** Makes a reader of the realtime subscription that remembers where it is. */
export const createStreamReader = (
  graph: GraphPort,
  request: {
    readonly timeframe: string;
    readonly traceId: string;
    readonly clientAddress: string;
    readonly cursor: string | undefined;
  },
  sink: { readonly next: (snapshot: Snapshot) => void; readonly fail: (thrown: unknown) => void },
): StreamReader => {
  let lastCursor = request.cursor;
  let subscription: GraphSubscription | null = null;
  return {
    read: (caller, cursor) => {
      subscription?.stop();
      const variables = { timeframe: request.timeframe, after: cursor ?? lastCursor ?? null };
      subscription = graph.subscribe(
        { caller, documentId, variables, traceId: request.traceId, clientAddress: request.clientAddress },
        {
          next: (result) => {
            try {
              const snapshot = answered(RestRealtimeStreamDocument, result);
              lastCursor = snapshot.data.realtimeMetrics.cursor;
              sink.next(snapshot);
            } catch (error) {
              sink.fail(error);
            }
          },
          end: (end) => sink.fail(endingOf(end)),
        },
      );
    },
    confirm: (caller) => subscription?.confirm(caller),
    stop: () => subscription?.stop(),
  };
};
