import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { DASHBOARD_LIMITS } from "../../domain/dashboards/document.ts";
import { onlyQuestion, QUESTION_KINDS, QUESTIONS, type BehaviourKind } from "../../domain/dashboards/question.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import {
  definitionName,
  describe,
  type BehaviourInput,
  type KeptRange,
  type SavedQuestion,
} from "../../domain/semantic/definition.ts";
import type { DefineOutcome } from "../../store/semantic/definition-store-types.ts";
import type { QuestionTypes } from "../dashboards/question-types.ts";
import { draftQuery } from "./draft-query.ts";
import { newDefinition, requireVersion, type DefineDeps, type Described } from "./new-definition.ts";
import { cohortsNamed } from "./saved-cohorts.ts";
import { withExpectations } from "./saved-expectations.ts";

/** What saving questions needs. */
export interface SaveQueryDeps extends DefineDeps {
  readonly questionTypes: QuestionTypes;
}

type BehaviourField = (typeof QUESTIONS)[BehaviourKind]["field"];

/** A query to be kept, as the graph delivers it: exactly one question. */
export type SaveQueryInput = Described & {
  readonly olap?: KeptRange<AskedOlap> | null | undefined;
  readonly timeSeries?: KeptRange<AskedTimeSeries> | null | undefined;
  readonly pinned?: boolean;
} & { readonly [Field in BehaviourField]?: object | null | undefined };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const isSavable = (kind: (typeof QUESTION_KINDS)[number]): kind is SavedQuestion["kind"] => kind !== "SAVED_QUERY";

const questionOf = (types: QuestionTypes, input: SaveQueryInput): SavedQuestion => {
  const { olap = null, timeSeries = null } = input;
  const kind = onlyQuestion(QUESTION_KINDS.filter(isSavable), input, "A saved query", "input");
  if (kind === "OLAP" && olap !== null) return { kind, input: olap };
  if (kind === "TIME_SERIES" && timeSeries !== null) return { kind, input: timeSeries };
  if (kind === "OLAP" || kind === "TIME_SERIES") throw new Error("A question that was given is there.");
  const { field } = QUESTIONS[kind];
  // boundary: every question about behaviour has a range, by its type in the SDL.
  const read = types.coerce(kind, input[field], `input.${field}`) as BehaviourInput;
  if (JSON.stringify(read).length > DASHBOARD_LIMITS.question)
    throw bad(
      `input.${field}`,
      `A saved question takes at most ${DASHBOARD_LIMITS.question.toLocaleString("en-US")} characters of JSON, as widgets' do: make it smaller.`,
    );
  return { kind, input: read };
};

/** Keeps a question of the caller's tenant under a name, or its next version; what stands already is no new version. */
export const saveQuery =
  (deps: SaveQueryDeps) =>
  async (caller: Caller, input: SaveQueryInput): Promise<DefineOutcome> => {
    const name = definitionName(input.name);
    const [described, question] = [describe(name, input), questionOf(deps.questionTypes, input)];
    const { field } = QUESTIONS[question.kind];
    const cohorts = await cohortsNamed(deps, caller, question.input, `input.${field}`);
    const found = await withExpectations(deps, caller, question, `input.${field}`);
    const one = newDefinition(caller, deps.newId(), "SAVED_QUERY", name);
    return deps.definitions.define(caller.tenantId, one, async (now, reader) => {
      requireVersion(input.expectedVersion, now);
      const pinned = input.pinned ?? false;
      return { ...(await draftQuery(reader, caller, deps.nowMs(), described, { question, found, pinned })), cohorts };
    });
  };
