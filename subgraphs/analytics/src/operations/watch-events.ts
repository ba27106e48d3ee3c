import type { Caller } from "@tessera/contracts/caller";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type BatchId } from "@tessera/contracts/ids";
import type { EventLog, LogEntry, LogFollower } from "@tessera/platform/events/event-log";
import { compareLogCursors, type LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import { accessOf } from "../domain/access.ts";
import { refuseInCohort } from "../domain/in-cohort.ts";
import type { StoredEvent } from "../domain/event.ts";
import type { FilterInput } from "../domain/filter-input.ts";
import type { FieldAccess } from "../domain/fields.ts";
import { parseFilter } from "../domain/filter.ts";
import type { Condition } from "../domain/field.ts";
import { formatLiveCursor, justBefore, parseLiveCursor, type LiveCursor } from "../domain/live-cursor.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { accessNaming, type DimensionDeps } from "./semantic/own-dimensions.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** Events read from a batch at once: what one subscriber holds in memory. */
export const LIVE_PAGE = 1_000;

/** An event of the stream with its place. */
export interface LiveEvent {
  readonly cursor: string;
  readonly event: StoredEvent;
}

/** A batch being delivered: where it is told of in the log, where its events are, and the last row delivered. */
interface OpenBatch {
  readonly log: LogCursor;
  readonly batchId: BatchId;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly afterRow: number;
}

const batchStored = z.object({
  batchId: z.string().transform((text, context) => {
    const batchId = parseBatchId(text);
    if (batchId !== null) return batchId;
    context.addIssue("A stored batch is told of without an id.");
    return z.NEVER;
  }),
  minTimeMs: z.number(),
  maxTimeMs: z.number(),
});

const openBatch = (entry: LogEntry, resumed: LiveCursor | null): OpenBatch => ({
  log: entry.cursor,
  ...batchStored.parse(entry.payload),
  afterRow: resumed !== null && compareLogCursors(resumed.log, entry.cursor) === 0 ? resumed.row : -1,
});

interface Stream {
  readonly follower: LogFollower;
  readonly resumed: LiveCursor | null;
  readonly read: (batch: OpenBatch, signal: AbortSignal) => Promise<readonly StoredEvent[]>;
}

/** Batches in the order of the log, the events of each in the order of its rows, a page at a time. */
const eventStream = ({ follower, resumed, read }: Stream): LiveIterator<LiveEvent> => {
  const stop = new AbortController();
  let batch: OpenBatch | null = null;
  let page: readonly StoredEvent[] = [];
  let place = 0;
  const nextOfPage = (): LiveEvent | null => {
    const event = page[place];
    if (event === undefined || batch === null) return null;
    place += 1;
    return { cursor: formatLiveCursor({ log: batch.log, row: event.batchRow }), event };
  };
  /** Reads the next page of the open batch, or opens the next one; false when the log has ended. */
  const advance = async (): Promise<boolean> => {
    if (batch === null) {
      const entry = await follower.next();
      if (entry.done === true) return false;
      batch = openBatch(entry.value, resumed);
    }
    page = await read(batch, stop.signal);
    place = 0;
    const last = page.at(-1);
    if (last === undefined) batch = null;
    else batch = { ...batch, afterRow: last.batchRow };
    return true;
  };
  return createLiveIterator<LiveEvent>({
    next: async () => {
      for (;;) {
        const event = nextOfPage();
        if (event !== null) return { done: false, value: event };
        if (!(await advance())) return { done: true, value: undefined };
      }
    },
    close: () => {
      stop.abort();
      void follower.return();
    },
  });
};

/** Where to follow the log from: a batch that was cut in the middle is told of again. */
const followFrom = (resumed: LiveCursor | null): LogCursor | undefined =>
  resumed === null ? undefined : justBefore(resumed.log);

interface Deps {
  readonly store: Pick<AnalyticsStore, "batchEvents">;
  readonly eventLog: Pick<EventLog, "follow">;
}

/** Every stored event that passes the filter, read with an access, exactly once, in order, from `after` on. */
export const watchEvents =
  (deps: Deps) =>
  (
    caller: Caller,
    filterInput: FilterInput | null | undefined,
    after: string | null,
    access: FieldAccess = accessOf(caller),
  ): LiveIterator<LiveEvent> => {
    refuseInCohort(filterInput, "filter");
    const filter: Condition | null = parseFilter(filterInput, "filter", access);
    const resumed = after === null ? null : parseLiveCursor(after);
    return eventStream({
      follower: deps.eventLog.follow(caller.tenantId, BATCH_STORED, followFrom(resumed)),
      resumed,
      read: ({ batchId, minTimeMs, maxTimeMs, afterRow }, signal) =>
        deps.store.batchEvents(caller, { batchId, minTimeMs, maxTimeMs, afterRow, limit: LIVE_PAGE }, filter, signal),
    });
  };

/** Which events a stream is of. */
export interface WatchedEvents {
  readonly filter?: FilterInput | null | undefined;
  /** Whether names may be asked for that were never sent. */
  readonly allowUnknown?: boolean | null | undefined;
}

/** Answers the subscription `events`: {@link watchEvents}, where the dimensions that the filter names mean, to its end, what they mean when it begins. */
export const watchNamedEvents =
  ({ definitions, ...deps }: Deps & Pick<DimensionDeps, "definitions">) =>
  async (caller: Caller, { filter }: WatchedEvents, after: string | null): Promise<LiveIterator<LiveEvent>> =>
    watchEvents(deps)(caller, filter, after, await accessNaming({ definitions }, caller, filter));
