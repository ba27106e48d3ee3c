import { setTimeout as sleep } from "node:timers/promises";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { CheckedRequest } from "../http/serve-route.ts";
import { answered, type FieldNaming } from "./answered.ts";
import { documentIdOf, type GraphCall, type GraphPort } from "./graph-port.ts";

/** Times one stream waits for its budget or for the store before it is cut off. */
const MAX_WAITS = 20;
/** Seconds one such wait takes at most: a budget of points comes back within a minute. */
const MAX_WAIT_SECONDS = 60;

type Request = Pick<
  CheckedRequest<unknown, unknown>,
  "caller" | "traceId" | "clientAddress" | "signal" | "graphIsAsked"
>;

/** Asks one page of a stream on behalf of its request: a page that lacks a part is refused, since what follows would not tell; `isThere` as in {@link answered}. */
export const pageQuestion = <Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  naming: FieldNaming,
  isThere?: (data: Data) => boolean,
) => {
  const documentId = documentIdOf(document);
  return async (
    graph: Pick<GraphPort, "execute">,
    { caller, traceId, clientAddress, signal, graphIsAsked }: Request,
    variables: GraphCall["variables"],
  ): Promise<Data> => {
    graphIsAsked();
    // A signal of the page's own: what listens to it is gone with the page, of which a stream has hundreds.
    const page = new AbortController();
    const leave = (): void => page.abort();
    signal.throwIfAborted();
    signal.addEventListener("abort", leave, { once: true });
    try {
      const asked = { caller, documentId, variables, traceId, clientAddress, signal: page.signal };
      const { data, warnings } = answered(document, await graph.execute(asked), naming, isThere);
      const [first] = warnings;
      if (first !== undefined) throw refuse("SUBGRAPH_INVALID_RESPONSE", first.detail);
      return data;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  };
};

/** How long to wait before the same page is asked for again, in seconds; null when waiting does not help. */
const waitFor = (error: unknown): number | null => {
  if (!(error instanceof Refusal) || (error.code !== "RATE_LIMITED" && error.code !== "OVERLOADED")) return null;
  const { retryAfterSeconds } = error.extras;
  return typeof retryAfterSeconds === "number" && retryAfterSeconds <= MAX_WAIT_SECONDS ? retryAfterSeconds : null;
};

/**
 * Pages of one answer, each asked for when the one before was taken; the first one is there already. `next` asks for the page after one, and gives
 * nothing after the last. A page after the first that the caller's budget does not cover, or the store has no room for, is waited for.
 */
export async function* pagesInTurn<Page extends object>(
  first: Page,
  next: (page: Page) => Promise<Page> | null,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let page = first;
  let waits = 0;
  for (;;) {
    yield page;
    for (;;) {
      const asked = next(page);
      if (asked === null) return;
      const found = await asked.catch((error: unknown) => {
        const seconds = waitFor(error);
        if (seconds === null || waits >= MAX_WAITS) throw error;
        return seconds;
      });
      if (typeof found !== "number") {
        page = found;
        break;
      }
      waits += 1;
      await sleep(found * 1_000, undefined, { signal });
    }
  }
}
