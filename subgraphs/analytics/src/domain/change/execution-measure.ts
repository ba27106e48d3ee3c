import type { ExecutionCondition, ExecutionSeries } from "@tessera/contracts/execution-numbers";
import type { SpanImpact } from "./impact.ts";
import type { Quantity } from "./slice-measure.ts";

/** Numbers of executions that add up, or are ratios of such; `slower` is the share of those that took longer than was asked about, among those that were not refused. */
export type ExecutionNumber =
  ("serverErrorShare" | "failedShare" | "executions" | "refused" | "failed" | "serverErrors") | "slower";

/** What executions are told apart by, by the names of dimensions. */
export const EXECUTION_DIMENSIONS: ReadonlyMap<string, ExecutionCondition["by"]> = new Map([
  ["operation", "OPERATION"],
  ["kind", "KIND"],
  ["code", "CODE"],
  ["caller", "CALLER"],
  ["transport", "TRANSPORT"],
]);

/** Executions of one group in a span; left out where there are none. */
type Counted = ExecutionSeries | undefined;

/** A number of the executions of a slice. */
export const executionQuantity = (name: ExecutionNumber, series: Counted): Quantity => {
  const all = series?.executions[0] ?? 0;
  if (name === "serverErrorShare" || name === "failedShare") {
    const value = series?.[name === "failedShare" ? "failed" : "serverErrors"][0] ?? 0;
    return { value, base: all, units: all };
  }
  const value = series?.[name][0] ?? 0;
  if (name === "slower") {
    const base = all - (series?.refused[0] ?? 0);
    return { value, base, units: base };
  }
  return { value, base: null, units: value, ...(name === "executions" ? {} : { seen: all }) };
};

type CallersOf = "callers" | "refusedCallers" | "failedCallers" | "serverErrorCallers" | "slowerCallers";
const CALLERS: Readonly<Record<ExecutionNumber, CallersOf>> = {
  ...{ executions: "callers", refused: "refusedCallers", failed: "failedCallers", serverErrors: "serverErrorCallers" },
  ...{ failedShare: "failedCallers", serverErrorShare: "serverErrorCallers" },
  slower: "slowerCallers",
};

/** Whom a number of executions concerns: those who called, of a share its upper part; there is no money in them. */
export const executionReach = (name: ExecutionNumber, series: Counted): SpanImpact => ({
  ...{ units: series?.executions[0] ?? 0, people: series?.[CALLERS[name]][0] ?? 0 },
  revenue: new Map(),
});
