import type { Caller } from "@tessera/contracts/caller";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import { keptBacktest } from "../../domain/correlation/backtest-job.ts";
import { DEFAULT_JOB_ROWS, MAX_JOB_ROWS } from "../../domain/job-query.ts";
import { parseCount } from "../../domain/query.ts";
import { parseTimeRange } from "../../domain/time-range.ts";
import { keepJob, type StartOutcome, type StartQueryDeps } from "../start-query.ts";
import { subjectsOf, type BacktestDeps, type BacktestInput } from "./backtest-rule.ts";

/** Which rule to try on which stored events, by a job. */
export interface StartBacktestInput extends Pick<BacktestInput, "rule" | "version" | "pattern" | "late"> {
  readonly range: AbsoluteRange;
  readonly maxRows?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

/** Starts a backtest as a job: durable before the answer, with the pattern as it is now. */
export const startBacktest =
  (deps: StartQueryDeps & BacktestDeps) =>
  async (caller: Caller, input: StartBacktestInput): Promise<StartOutcome> => {
    const maxRows = parseCount(input.maxRows ?? DEFAULT_JOB_ROWS, "input.maxRows", MAX_JOB_ROWS);
    const range = parseTimeRange(input.range, "input.range");
    const { here } = await subjectsOf(deps, caller, input);
    const { ruleId, version, input: pattern } = here;
    const dropLate = (input.late ?? "LEAVE_OUT") === "LEAVE_OUT";
    const kept = keptBacktest({ ruleId, version, pattern, range, dropLate, maxRows, dataPolicy: caller.dataPolicy });
    return keepJob(deps, caller, { kind: "BACKTEST", input: kept, idempotencyKey: input.idempotencyKey });
  };
