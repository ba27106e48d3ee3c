import type { ExecutionSeries } from "@tessera/contracts/execution-numbers";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import {
  EXECUTION_LIMITS,
  executionSeries,
  parseExecutionNumbers,
  SERVER_CODES,
  type ExecutionNumbersInput,
} from "../domain/execution-numbers.ts";
import type { ExecutionStore } from "../store/execution-store.ts";

/** What telling the numbers of executions needs. */
export interface ExecutionNumbersDeps {
  readonly executions: ExecutionStore;
  readonly source: { readonly consumer: string; readonly topic: string };
  readonly nowMs: () => number;
}

/** Executions over time, as in the SDL. */
export interface ExecutionNumbers {
  readonly groups: readonly ExecutionSeries[];
  readonly groupCount: number;
  readonly completeToMs: number;
}

/** Tells how executions of a tenant's API went over time, by what the audit log recorded of them. */
export const executionNumbers =
  ({ executions, source, nowMs }: ExecutionNumbersDeps) =>
  async (tenantId: TenantId, input: ExecutionNumbersInput): Promise<ExecutionNumbers> => {
    const question = parseExecutionNumbers(input);
    const { records: limit, settlingMs } = EXECUTION_LIMITS;
    // What waits is looked for before it is counted: what is recorded in between is told as still to come.
    const settledMs = nowMs() - settlingMs;
    const waitingSince = await executions.waitingSince(tenantId, source);
    if ((await executions.size(tenantId, question, limit)) > limit)
      throw refuse(
        "QUERY_TOO_COSTLY",
        `There are more than ${limit.toLocaleString("en-US")} records to add up: move the edges together, or name kinds or operations.`,
        { field: "input.edges", limit },
      );
    const counts = await executions.count(tenantId, question, SERVER_CODES);
    return {
      groups: executionSeries(counts, question.edgesMs.length - 1),
      groupCount: counts[0]?.groups ?? 0,
      completeToMs: Math.min(settledMs, waitingSince ?? settledMs),
    };
  };
