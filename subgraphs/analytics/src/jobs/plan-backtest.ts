import type { LongQueryOptions, LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { replay } from "../domain/correlation/backtest.ts";
import {
  countsRow,
  matchRow,
  parseBacktestJob,
  withinJob,
  type BacktestJobInput,
  type MatchRow,
} from "../domain/correlation/backtest-job.ts";
import { compilePattern } from "../domain/correlation/conditions.ts";
import { parsePattern } from "../domain/correlation/parse-pattern.ts";
import { STATE_LIMITS, type CorrelationPattern } from "../domain/correlation/rule.ts";
import type { Seen } from "../domain/correlation/sighting.ts";
import type { TimeRange } from "../domain/time-range.ts";
import type { Job } from "../domain/job.ts";
import type { ComputedPlan, JobPlan } from "./run-long-query.ts";

/** Events that are given to the matcher at once: enough that a step costs little, few enough that memory stays flat. */
const EVENTS_AT_ONCE = 10_000;

/** What running backtests needs. */
export interface BacktestJobDeps {
  readonly longQueries: Pick<LongQueryStore, "stream">;
  readonly seenStatement: (pattern: CorrelationPattern, range: TimeRange, tenantId: string) => StoreStatement;
  readonly seenRow: (pattern: CorrelationPattern) => (row: unknown) => Seen;
  readonly idOf: (text: string) => string;
  /** {@link EVENTS_AT_ONCE} unless a test sets another number. */
  readonly eventsAtOnce?: number;
}

const rowsOf = async function* (
  deps: BacktestJobDeps,
  tenantId: Job["tenantId"],
  { ruleId, version, range, dropLate, dataPolicy }: BacktestJobInput,
  pattern: CorrelationPattern,
  { options, onEnd }: { readonly options: LongQueryOptions; readonly onEnd: (counts: MatchRow) => void },
): AsyncGenerator<readonly MatchRow[]> {
  const compiled = compilePattern(pattern);
  const run = replay(
    { ruleId, version: version ?? 0, idOf: deps.idOf, dropLate, limits: STATE_LIMITS, compiled },
    range.fromMs,
  );
  const found = (): readonly MatchRow[] => run.drain().map((match) => matchRow(match, pattern));
  let [waiting, seen]: [Seen[], number] = [[], 0];
  const statement = deps.seenStatement(pattern, range, tenantId);
  // Persons are those of the time an event was stored, as live.
  const stored = { ...options, persons: "STORED" as const };
  for await (const rows of deps.longQueries.stream(
    { tenantId, dataPolicy },
    statement,
    deps.seenRow(pattern),
    stored,
  )) {
    seen += rows.length;
    withinJob(seen);
    waiting.push(...rows);
    if (waiting.length < (deps.eventsAtOnce ?? EVENTS_AT_ONCE)) continue;
    // Events come in the order of time: none that follows lies before the last of these.
    run.take(waiting, waiting.at(-1)?.timeMs ?? range.fromMs);
    waiting = [];
    yield found();
  }
  run.take(waiting, range.toMs);
  yield found();
  onEnd(countsRow(run.counts()));
};

/** Plans a backtest: stored events go through the one matcher in the order of time; matches are kept as they are complete, and what was counted as totals. */
const planBacktest = (deps: BacktestJobDeps, job: Job, input: BacktestJobInput): ComputedPlan => {
  // Who started it was allowed to ask it.
  const pattern = parsePattern(input.pattern, "input.pattern", { personalData: true });
  let totals: MatchRow | null = null;
  const onEnd = (counts: MatchRow): void => {
    totals = counts;
  };
  return {
    rows: (options) => rowsOf(deps, job.tenantId, input, pattern, { options, onEnd }),
    totals: () => totals,
    maxRows: input.maxRows,
  };
};

/** Plans a job of either kind. */
export const planAnyJob =
  (deps: BacktestJobDeps, planQuery: (job: Job) => JobPlan | Promise<JobPlan>) =>
  (job: Job): JobPlan | Promise<JobPlan> => {
    const backtest = parseBacktestJob(job.input);
    return backtest === null ? planQuery(job) : planBacktest(deps, job, backtest);
  };
