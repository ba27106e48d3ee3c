import { refuse } from "@tessera/platform/errors/refusal";
import type { ExecutionKind } from "@tessera/contracts/events/execution-recorded";

/** Widths of the buckets usage is asked in, all in UTC; TOTAL is one bucket for the whole interval. */
export type UsageGranularity = "HOUR" | "DAY" | "WEEK" | "MONTH" | "TOTAL";

/** What usage can be told apart by. */
export type UsageDimension = "KIND" | "OPERATION" | "SUBJECT" | "API_KEY";

/** Rows one answer holds at most: a month by the hour, or a day by a few hundred operations. */
export const MAX_USAGE_ROWS = 5_000;
/** Days one question covers at most. */
export const MAX_USAGE_DAYS = 750;
/** Values one part of a filter names at most. */
export const MAX_FILTER_VALUES = 100;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What usage is narrowed to; an empty list narrows nothing. */
export interface UsageFilter {
  readonly kinds: readonly ExecutionKind[];
  readonly operations: readonly string[];
  /** Ids of API keys, people or processes. */
  readonly subjects: readonly string[];
  readonly apiKeys: readonly string[];
}

/** A question about usage, checked: whole hours, from inclusive, to exclusive. */
export interface UsageQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly granularity: UsageGranularity;
  readonly dimensions: readonly UsageDimension[];
  readonly filter: UsageFilter;
}

/** What was used; whole numbers may exceed what a double holds. */
export interface UsageMeasures {
  readonly executions: bigint;
  readonly queries: bigint;
  readonly mutations: bigint;
  readonly subscriptions: bigint;
  readonly jobs: bigint;
  readonly exports: bigint;
  readonly refused: bigint;
  readonly failed: bigint;
  readonly costPoints: number;
  readonly rowsRead: bigint;
  readonly bytesRead: bigint;
  readonly storeMs: number;
  readonly elapsedMs: number;
  readonly responseBytes: bigint;
  readonly exportBytes: bigint;
  readonly events: bigint;
  readonly predictions: bigint;
  readonly subscriptionMinutes: number;
}

/** Usage of one bucket and one combination of dimensions; what was not asked apart is null. */
export interface UsageRow {
  readonly fromMs: number;
  readonly kind: ExecutionKind | null;
  readonly operation: string | null;
  readonly subjectKind: string | null;
  readonly subjectId: string | null;
  readonly apiKeyId: string | null;
  readonly measures: UsageMeasures;
  /** Bytes the tenant's events took, the mean of the bucket's samples; null when asked apart by a dimension or a filter, or not sampled. */
  readonly storageBytes: bigint | null;
}

/** Raw parts of a question, as a caller writes them. */
export interface UsageAsked {
  readonly interval: { readonly from: string; readonly to: string };
  readonly granularity: UsageGranularity;
  readonly dimensions: readonly UsageDimension[];
  readonly filter?:
    | {
        readonly kinds?: readonly ExecutionKind[] | null | undefined;
        readonly operations?: readonly string[] | null | undefined;
        readonly subjects?: readonly string[] | null | undefined;
        readonly apiKeys?: readonly string[] | null | undefined;
      }
    | null
    | undefined;
}

const list = <Value>(values: readonly Value[] | null | undefined, field: string): readonly Value[] => {
  if (values !== null && values !== undefined && values.length > MAX_FILTER_VALUES)
    throw refuse("BAD_INPUT", `A filter names at most ${MAX_FILTER_VALUES} values.`, { field });
  return values ?? [];
};

/** Reads an interval as whole hours: from down, to up. Refuses with BAD_INPUT what is empty or longer than {@link MAX_USAGE_DAYS}. */
export const usageInterval = (interval: {
  readonly from: string;
  readonly to: string;
}): { readonly fromMs: number; readonly toMs: number } => {
  const fromMs = Math.floor(Date.parse(interval.from) / HOUR_MS) * HOUR_MS;
  const toMs = Math.ceil(Date.parse(interval.to) / HOUR_MS) * HOUR_MS;
  if (fromMs >= toMs) throw refuse("BAD_INPUT", "`to` must be after `from`.", { field: "interval.to" });
  if (toMs - fromMs > MAX_USAGE_DAYS * DAY_MS)
    throw refuse("BAD_INPUT", `An interval covers at most ${MAX_USAGE_DAYS} days.`, { field: "interval.from" });
  return { fromMs, toMs };
};

/** Reads a question; refuses with BAD_INPUT an interval or a filter out of bounds. */
export const usageQuestion = (asked: UsageAsked): UsageQuestion => ({
  ...usageInterval(asked.interval),
  granularity: asked.granularity,
  dimensions: [...new Set(asked.dimensions)],
  filter: {
    kinds: list(asked.filter?.kinds, "filter.kinds"),
    operations: list(asked.filter?.operations, "filter.operations"),
    subjects: list(asked.filter?.subjects, "filter.subjects"),
    apiKeys: list(asked.filter?.apiKeys, "filter.apiKeys"),
  },
});

const NOTHING: UsageMeasures = {
  ...{ executions: 0n, queries: 0n, mutations: 0n, subscriptions: 0n, jobs: 0n, exports: 0n, refused: 0n, failed: 0n },
  ...{ costPoints: 0, rowsRead: 0n, bytesRead: 0n, storeMs: 0, elapsedMs: 0, responseBytes: 0n, exportBytes: 0n },
  ...{ events: 0n, predictions: 0n, subscriptionMinutes: 0 },
};

const add = (a: UsageMeasures, b: UsageMeasures): UsageMeasures => ({
  executions: a.executions + b.executions,
  queries: a.queries + b.queries,
  mutations: a.mutations + b.mutations,
  subscriptions: a.subscriptions + b.subscriptions,
  jobs: a.jobs + b.jobs,
  exports: a.exports + b.exports,
  refused: a.refused + b.refused,
  failed: a.failed + b.failed,
  costPoints: a.costPoints + b.costPoints,
  rowsRead: a.rowsRead + b.rowsRead,
  bytesRead: a.bytesRead + b.bytesRead,
  storeMs: a.storeMs + b.storeMs,
  elapsedMs: a.elapsedMs + b.elapsedMs,
  responseBytes: a.responseBytes + b.responseBytes,
  exportBytes: a.exportBytes + b.exportBytes,
  events: a.events + b.events,
  predictions: a.predictions + b.predictions,
  subscriptionMinutes: a.subscriptionMinutes + b.subscriptionMinutes,
});

/** The sum of what rows used. */
export const totalUsage = (rows: readonly Pick<UsageRow, "measures">[]): UsageMeasures =>
  rows.reduce((sum, { measures }) => add(sum, measures), NOTHING);

/** Mean bytes of a bucket's storage samples. */
export interface StorageBucket {
  readonly fromMs: number;
  readonly bytes: bigint;
}

/** Whether a question is about everything a tenant used, told apart by nothing: then storage can stand beside it. */
export const isAboutEverything = ({ dimensions, filter }: UsageQuestion): boolean =>
  dimensions.length === 0 && Object.values(filter).every((values: readonly string[]) => values.length === 0);

const NO_PARTS = { kind: null, operation: null, subjectKind: null, subjectId: null, apiKeyId: null };

/** Puts storage beside the usage of its bucket; a bucket with storage alone gets a row of its own. Oldest first. */
export const withStorage = (rows: readonly UsageRow[], storage: readonly StorageBucket[]): readonly UsageRow[] => {
  const bytes = new Map(storage.map((bucket) => [bucket.fromMs, bucket.bytes]));
  const used = new Set(rows.map(({ fromMs }) => fromMs));
  const idle = [...bytes.keys()].filter((fromMs) => !used.has(fromMs));
  const rest = idle.map((fromMs): UsageRow => ({ fromMs, ...NO_PARTS, measures: NOTHING, storageBytes: null }));
  return [...rows, ...rest]
    .map((row) => ({ ...row, storageBytes: bytes.get(row.fromMs) ?? null }))
    .toSorted((a, b) => a.fromMs - b.fromMs);
};
