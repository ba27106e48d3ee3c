import { refuse } from "@tessera/platform/errors/refusal";
import type { LongQueryOptions } from "@tessera/platform/store/long-query-store";
import { answerRowOf, parseBehaviourJob, type AnswerRow, type BehaviourJobInput } from "../domain/behaviour-job.ts";
import type { Job } from "../domain/job.ts";
import type { ComputedPlan, JobPlan } from "./run-long-query.ts";

/** Answers the question of a job slice by slice, and tells after each what was read. */
export type AnswerQuestion = (
  job: Job,
  kept: BehaviourJobInput,
  options: {
    readonly signal: AbortSignal;
    readonly onSlice: (read: {
      readonly slices: number;
      readonly of: number;
      readonly rowsRead: number;
      readonly bytesRead: number;
    }) => void;
  },
) => Promise<object>;

const rowsOf = async function* (
  answer: AnswerQuestion,
  job: Job,
  kept: BehaviourJobInput,
  { signal, maxSeconds, onProgress }: LongQueryOptions,
): AsyncGenerator<readonly AnswerRow[]> {
  const late = AbortSignal.timeout(maxSeconds * 1_000);
  try {
    const told = await answer(job, kept, {
      signal: AbortSignal.any([signal, late]),
      // Slices hold about equally many rows, so that those to come are told by those that were read.
      onSlice: ({ slices, of, rowsRead, bytesRead }) =>
        onProgress({ rowsRead, bytesRead, rowsToRead: Math.ceil((rowsRead * of) / slices) }),
    });
    yield [answerRowOf(told)];
  } catch (error) {
    if (!late.aborted || signal.aborted) throw error;
    throw refuse(
      "QUERY_TIMEOUT",
      `The job took longer than its ${maxSeconds} seconds: take a shorter range.`,
      {},
      error,
    );
  }
};

/** Plans jobs about what people do, whose result is one answer; all others as they are planned. */
export const planBehaviour =
  (answer: AnswerQuestion, planOther: (job: Job) => JobPlan | Promise<JobPlan>) =>
  (job: Job): JobPlan | Promise<JobPlan> => {
    const kept = parseBehaviourJob(job.input);
    if (kept === null) return planOther(job);
    const plan: ComputedPlan = {
      rows: (options) => rowsOf(answer, job, kept, options),
      totals: () => null,
      maxRows: 1,
    };
    return plan;
  };
