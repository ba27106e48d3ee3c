import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { answerIn, parseBehaviourJob, type BehaviourKind } from "../../domain/behaviour-job.ts";
import type { Job } from "../../domain/job.ts";
import type { JobResults } from "../../store/job-results.ts";
import { requireSameEyes } from "../read-job-result.ts";
import type { BehaviourAnswers } from "./answer-behaviour.ts";

/** Reads the answer of a finished job about what people do; null while there is none, and of other jobs. Needs what asking the question needs. */
export const readJobAnswer =
  (deps: { readonly results: Pick<JobResults, "page"> }) =>
  async <Kind extends BehaviourKind>(caller: Caller, job: Job, kind: Kind): Promise<BehaviourAnswers[Kind] | null> => {
    const kept = parseBehaviourJob(job.input);
    if (kept?.question.kind !== kind || job.state.kind !== "SUCCEEDED") return null;
    requireSameEyes(caller, kept.dataPolicy);
    if (kept.personalData && !accessOf(caller).personalData)
      throw refuse("FORBIDDEN", "The question was about personal data: its answer needs analytics:personal-data.", {
        permission: "analytics:personal-data",
      });
    const run = { tenantId: job.tenantId, jobId: job.id, attempt: job.attempt };
    const [found] = await deps.results.page(run, 0, 1);
    // boundary: the answer was written by a run of a job of this kind, as it was given to it
    return found === undefined ? null : (answerIn(found.row) as BehaviourAnswers[Kind]);
  };
