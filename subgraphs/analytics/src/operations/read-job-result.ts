import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import { accessOf } from "../domain/access.ts";
import { parseBehaviourJob } from "../domain/behaviour-job.ts";
import type { Column } from "../domain/columns.ts";
import {
  countsColumns,
  matchColumns,
  parseBacktestJob,
  type BacktestJobInput,
} from "../domain/correlation/backtest-job.ts";
import { parsePattern } from "../domain/correlation/parse-pattern.ts";
import { formatResultPlace, MAX_RESULT_ROWS_ON_PAGE, parseResultPlace } from "../domain/job-page.ts";
import { parseJobInput } from "../domain/job-input.ts";
import { parseJobQuery } from "../domain/job-query.ts";
import type { Job } from "../domain/job.ts";
import { groupColumns, totalColumns } from "../domain/olap-answer.ts";
import { parseCount } from "../domain/query.ts";
import type { JobResults, JobRun } from "../store/job-results.ts";

/** A page of a job's result, as in the SDL. */
export interface JobResultPage {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly totals: readonly Column[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Who sees less of the events than the one who asked, or other ones, would learn from the answer what is hidden from them. */
export const requireSameEyes = (caller: Caller, asked: DataPolicy | null): void => {
  if (caller.dataPolicy === null || policyFingerprint(caller.dataPolicy) === policyFingerprint(asked)) return;
  throw refuse("FORBIDDEN", "The result was computed for somebody whose data policies are other than the caller's.");
};

interface MatchesAsked {
  readonly run: JobRun;
  readonly backtest: BacktestJobInput;
  readonly first: number;
  readonly after: number;
  readonly rows: number;
}

const readMatches = async (
  { results }: { readonly results: JobResults },
  caller: Caller,
  { run, backtest, first, after, rows }: MatchesAsked,
): Promise<JobResultPage> => {
  requireSameEyes(caller, backtest.dataPolicy);
  const pattern = parsePattern(backtest.pattern, "input.pattern", accessOf(caller));
  const [[whole], placed] = await Promise.all([results.page(run, -1, 1), results.page(run, after, first)]);
  const last = placed.at(-1)?.place ?? after;
  return {
    columns: matchColumns(
      placed.map(({ row }) => row),
      pattern,
    ),
    rowCount: placed.length,
    totals: whole === undefined ? [] : countsColumns(whole.row),
    hasNextPage: last < rows,
    endCursor: placed.length === 0 ? null : formatResultPlace(last),
  };
};

/** Reads a page of a finished job's result, in columns; null while there is no result, and of jobs whose result is one answer. Needs what asking the question needs. */
export const readJobResult =
  (deps: { results: JobResults }) =>
  async (
    caller: Caller,
    job: Job,
    page: { readonly first: number; readonly after?: string | null | undefined },
  ): Promise<JobResultPage | null> => {
    if (job.state.kind !== "SUCCEEDED" || parseBehaviourJob(job.input) !== null) return null;
    const first = parseCount(page.first, "first", MAX_RESULT_ROWS_ON_PAGE);
    const after = parseResultPlace(page.after);
    const run = { tenantId: job.tenantId, jobId: job.id, attempt: job.attempt };
    const backtest = parseBacktestJob(job.input);
    if (backtest !== null)
      return readMatches(deps, caller, { run, backtest, first, after, rows: job.state.resultRows });
    const input = parseJobInput(job.input);
    const { query } = parseJobQuery(input, accessOf(caller));
    requireSameEyes(caller, input.dataPolicy);
    const [[whole], placed] = await Promise.all([
      deps.results.pageOf(run, query, -1, 1),
      deps.results.pageOf(run, query, after, first),
    ]);
    const rows = placed.map(({ row }) => row);
    const last = placed.at(-1)?.place ?? after;
    return {
      columns: groupColumns(query, rows),
      rowCount: rows.length,
      totals: whole === undefined ? [] : totalColumns(query, whole.row.measures),
      hasNextPage: last < job.state.resultRows,
      endCursor: placed.length === 0 ? null : formatResultPlace(last),
    };
  };
