import { whenCounted, type Meter } from "@tessera/platform/executions/meter";
import { measuredCost, type StoreEstimates } from "../plugins/measured-cost.ts";
import type { ExecutionRecords, Finished } from "./execution-records.ts";

const isUsed = ({ rowsRead, bytesRead, storeMs }: Meter): boolean => rowsRead + bytesRead + storeMs > 0;

/** The execution at what it cost, if that is more than its own points. */
const costOf = (execution: Finished): Finished => {
  const { verdict, meter } = execution;
  if (verdict === null || verdict.kind === "refused") return execution;
  return { ...execution, verdict: { ...verdict, cost: Math.max(verdict.cost, measuredCost(meter).points) } };
};

/**
 * Records that settle what each operation was charged by what it cost in the end: the larger of its own points and of those measured in the event store,
 * which is what its record tells; and that remember it as the estimate for the tenant's next run of the same document.
 */
export const createSettledRecords = (records: ExecutionRecords, estimates: StoreEstimates): ExecutionRecords => ({
  admit: records.admit,
  opened: (now) => records.opened(() => costOf(now())),
  finished: async (execution: Finished) => {
    const { verdict, meter, caller } = execution;
    // What was given up is settled by what it had read until then; the store tells that within a bound of its own.
    if (execution.code !== null) await whenCounted(meter);
    if (verdict === null || verdict.kind === "refused") return records.finished(execution);
    const spent = measuredCost(meter);
    // A cancelled or failed run says little of the next one.
    if (execution.code === null && isUsed(meter)) estimates.note(verdict.document, caller.tenantId, spent);
    verdict.settle?.(spent);
    return records.finished(costOf(execution));
  },
});
