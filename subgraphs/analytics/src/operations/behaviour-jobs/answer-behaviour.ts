import type { Caller } from "@tessera/contracts/caller";
import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import type { BehaviourJobInput, BehaviourQuestion } from "../../domain/behaviour-job.ts";
import type { AttributionAnswer } from "../../domain/attribution/answer.ts";
import type { FunnelAnswer } from "../../domain/funnel/funnel-answer.ts";
import type { Job } from "../../domain/job.ts";
import type { PathsAnswer } from "../../domain/paths/paths-answer.ts";
import type { SessionMetricsAnswer } from "../../domain/sessions/session-answer.ts";
import { refusedWithin } from "../../domain/refused-within.ts";
import { tellRange, type TellsRange } from "../at-range.ts";
import { jobEffort, type SlicesRead } from "../effort.ts";
import { withMembers } from "../funnel-members.ts";
import { withNames } from "../in-cohort.ts";
import { queryAttribution, type AttributionDeps } from "../query-attribution.ts";
import { queryFunnel, type FunnelDeps } from "../query-funnel.ts";
import { queryPaths, type PathsDeps } from "../query-paths.ts";
import { querySessionMetrics, type SessionsDeps } from "../query-sessions.ts";
import { tellingUses } from "../telling-uses.ts";
import type { ResolveDeps } from "../semantic/resolve-question.ts";

/** Answers of jobs about what people do, each by the name of its field in `Job`. */
export interface BehaviourAnswers {
  readonly funnel: FunnelAnswer & TellsRange;
  readonly paths: PathsAnswer & TellsRange;
  readonly attribution: AttributionAnswer & TellsRange;
  readonly sessionMetrics: SessionMetricsAnswer & TellsRange;
}

/** What answering questions about what people do needs. */
export type BehaviourAnswerDeps = FunnelDeps &
  PathsDeps &
  AttributionDeps &
  SessionsDeps &
  ResolveDeps & {
    /** Events a slice is meant to hold; what suits the question unless a test sets another number. */
    readonly sliceEvents?: number;
  };

/** How a job is answered. */
export interface AnswerOptions {
  readonly signal: AbortSignal;
  readonly onSlice: (read: SlicesRead) => void;
}

/** A refusal about part of a question, with the place where that question stands among what a job is asked. */
export const withinStart = async <T>(kind: BehaviourQuestion["kind"], work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw refusedWithin(error, (field) => field.replace(/^input/, `input.${kind}`));
  }
};

/** Whoever started a job, as far as the job goes: what is known of them is what they could see. */
const askerOf = (
  { tenantId, createdBy }: Pick<Job, "tenantId" | "createdBy">,
  { personalData, dataPolicy }: Pick<BehaviourJobInput, "personalData" | "dataPolicy">,
): Caller => ({
  ...{ ...PLAIN_ACCESS, tenantId, subject: createdBy, expiresAtMs: null, dataPolicy },
  permissions: new Set(personalData ? ["analytics:read", "analytics:personal-data"] : ["analytics:read"]),
});

/** Answers the question of a job, with the cohorts, segments and dimensions that it names as they are now. */
export const answerBehaviour =
  (deps: BehaviourAnswerDeps) =>
  (
    job: Pick<Job, "tenantId" | "createdBy">,
    kept: BehaviourJobInput,
    { signal, onSlice }: AnswerOptions,
  ): Promise<BehaviourAnswers[BehaviourQuestion["kind"]]> => {
    const effort = { ...jobEffort(onSlice, signal), sliceEvents: deps.sliceEvents ?? null };
    const asker = askerOf(job, kept);
    const { question } = kept;
    return withinStart(question.kind, async () => {
      switch (question.kind) {
        case "funnel": {
          const ask = tellingUses({ ...deps, effort }, (of) => withNames(of, withMembers(of, queryFunnel(of))));
          const { entries: _entries, ...answer } = await ask(asker, question.input, signal);
          return tellRange(answer, question.input);
        }
        case "attribution": {
          const ask = tellingUses({ ...deps, effort }, (of) => withNames(of, queryAttribution(of)));
          return tellRange(await ask(asker, question.input, signal), question.input);
        }
        case "sessionMetrics": {
          const ask = tellingUses({ ...deps, effort }, (of) => withNames(of, querySessionMetrics(of)));
          return tellRange(await ask(asker, question.input, signal), question.input);
        }
        case "paths": {
          const ask = tellingUses({ ...deps, effort }, (of) => withNames(of, queryPaths(of)));
          return tellRange(await ask(asker, question.input, signal), question.input);
        }
      }
    });
  };
