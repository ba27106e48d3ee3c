import type { AskedExecutions, ExecutionGrouping, ExecutionSeries } from "@tessera/contracts/execution-numbers";
import type { ExecutionKind } from "@tessera/contracts/events/execution-recorded";
import { zoneOffset } from "@tessera/platform/time/zone";
import { bucketsOf, type Granularity } from "./calendar.ts";
import { parseZone } from "./cohort-window.ts";
import { parseTimeRange } from "./time-range.ts";
import { isoTime } from "./zone.ts";

/** A question to `apiExecutions` as the graph delivers it. */
export interface ApiExecutionsInput {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: string | null | undefined;
  readonly granularity?: Granularity;
  readonly kinds?: readonly ExecutionKind[] | null | undefined;
  readonly operations?: readonly string[] | null | undefined;
  readonly by?: ExecutionGrouping;
  readonly first?: number;
}

/** A validated question, and what it asks of the room that keeps executions. */
export interface ApiExecutionsQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly timeZone: string;
  /** Where the buckets that lie in the range begin, and where the last one ends. */
  readonly edgesMs: readonly number[];
  readonly asked: AskedExecutions;
}

/** Validates a question to `apiExecutions`, but for what the room that answers it validates; refuses with BAD_INPUT. Buckets are cut to the range. */
export const parseApiExecutions = (input: ApiExecutionsInput): ApiExecutionsQuestion => {
  const timeZone = parseZone(input.timeZone ?? "UTC", "input.timeZone");
  const range = parseTimeRange(input.range, "input.range");
  const { granularity = "DAY" } = input;
  const { startsMs } = granularity === "NONE" ? { startsMs: [] } : bucketsOf(granularity, range, zoneOffset(timeZone));
  const edgesMs = [range.fromMs, ...startsMs.filter((ms) => ms > range.fromMs && ms < range.toMs), range.toMs];
  return {
    ...{ ...range, timeZone, edgesMs },
    asked: {
      ...{ edges: edgesMs.map(isoTime), kinds: input.kinds ?? null, operations: input.operations ?? null },
      ...{ by: input.by ?? "NONE", where: [], first: input.first ?? 20, slowerThanMs: null },
    },
  };
};

/** Numbers of a bucket of executions that can be watched, the one that is meant when none is named first. */
export const EXECUTION_VALUES = [
  ...(["serverErrorShare", "failedShare", "executions", "refused", "failed", "serverErrors"] as const),
  ...(["latencyMsP50", "latencyMsP95", "latencyMsP99"] as const),
] as const;

const shareOf = (part: readonly number[], whole: readonly number[]): readonly (number | null)[] =>
  whole.map((all, place) => (all === 0 ? null : (part[place] ?? 0) / all));

/** A number of executions, bucket by bucket; a share of none is none. */
export const executionValues = (
  series: Pick<ExecutionSeries, Exclude<(typeof EXECUTION_VALUES)[number], "serverErrorShare" | "failedShare">>,
  name: (typeof EXECUTION_VALUES)[number],
): readonly (number | null)[] => {
  if (name === "serverErrorShare") return shareOf(series.serverErrors, series.executions);
  return name === "failedShare" ? shareOf(series.failed, series.executions) : series[name];
};
