import type { Caller } from "@tessera/contracts/caller";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { refuseDrawn } from "../../domain/asked-sample.ts";
import { keptBehaviour, type BehaviourInputs, type BehaviourQuestion } from "../../domain/behaviour-job.ts";
import { parseAttribution } from "../../domain/attribution/question.ts";
import { parseFunnel } from "../../domain/funnel/parse-funnel.ts";
import { parsePaths } from "../../domain/paths/parse-paths.ts";
import { parseSessionMetrics } from "../../domain/sessions/parse-sessions.ts";
import { atRange, type Asked } from "../at-range.ts";
import { withMembers } from "../funnel-members.ts";
import { withNames } from "../in-cohort.ts";
import type { ResolveDeps } from "../semantic/resolve-question.ts";
import { keepJob, type StartOutcome, type StartQueryDeps } from "../start-query.ts";
import { withinStart } from "./answer-behaviour.ts";

/** What starting a job about what people do needs. */
export type StartBehaviourDeps = StartQueryDeps & ResolveDeps & { readonly nowMs: NowMs };

/** A question about what people do as it is asked of a job: its range may be relative to now. */
export type AskedBehaviour = {
  readonly [Kind in keyof BehaviourInputs]: { readonly kind: Kind; readonly input: Asked<BehaviourInputs[Kind]> };
}[keyof BehaviourInputs];

const atMoments = (asked: AskedBehaviour, nowMs: number): BehaviourQuestion => {
  switch (asked.kind) {
    case "funnel":
      return { kind: "funnel", input: atRange(asked.input, nowMs) };
    case "attribution":
      return { kind: "attribution", input: atRange(asked.input, nowMs) };
    case "sessionMetrics":
      return { kind: "sessionMetrics", input: atRange(asked.input, nowMs) };
    case "paths":
      return { kind: "paths", input: atRange(asked.input, nowMs) };
  }
};

/** Refuses what can't be asked: the question is looked at as it is when it is answered. */
const check = (deps: ResolveDeps, caller: Caller, question: BehaviourQuestion): Promise<unknown> => {
  refuseDrawn(question.input, "A job answers exactly");
  switch (question.kind) {
    case "funnel":
      return withNames(
        deps,
        withMembers(deps, (by, input) => Promise.resolve(parseFunnel(input, accessOf(by)))),
      )(caller, question.input);
    case "attribution":
      return withNames(deps, (by, input: BehaviourInputs["attribution"]) =>
        Promise.resolve(parseAttribution(input, accessOf(by))),
      )(caller, question.input);
    case "sessionMetrics":
      return withNames(deps, (by, input: BehaviourInputs["sessionMetrics"]) =>
        Promise.resolve(parseSessionMetrics(input, accessOf(by))),
      )(caller, question.input);
    case "paths":
      return withNames(deps, (by, input: BehaviourInputs["paths"]) => Promise.resolve(parsePaths(input, accessOf(by))))(
        caller,
        question.input,
      );
  }
};

/** Whether a question asks about personal data; refuses whatever is wrong with it for the caller. */
const asksPersonalData = async (deps: ResolveDeps, caller: Caller, question: BehaviourQuestion): Promise<boolean> => {
  try {
    await check(deps, { ...caller, permissions: new Set() }, question);
    return false;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "FORBIDDEN") throw error;
    await check(deps, caller, question);
    return true;
  }
};

/** Starts a job about what people do: durable before the answer, with its range as it is now. */
export const startBehaviour =
  (deps: StartBehaviourDeps) =>
  async (caller: Caller, asked: AskedBehaviour, idempotencyKey: string | null | undefined): Promise<StartOutcome> => {
    const { question, personalData } = await withinStart(asked.kind, async () => {
      const taken = atMoments(asked, deps.nowMs());
      return { question: taken, personalData: await asksPersonalData(deps, caller, taken) };
    });
    const input = keptBehaviour({ question, personalData, dataPolicy: caller.dataPolicy });
    return keepJob(deps, caller, { kind: "BEHAVIOUR", input, idempotencyKey });
  };
