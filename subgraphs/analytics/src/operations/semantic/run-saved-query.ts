import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { TimeRangeInput } from "../../domain/asked-range.ts";
import type { TellsProvenance } from "../../domain/delivery/tells-provenance.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import { ANSWERS, QUESTIONS, type AnswerType, type BehaviourKind } from "../../domain/dashboards/question.ts";
import type { BehaviourQuestion, DefinitionUse } from "../../domain/semantic/definition.ts";
import type { AskQuestion } from "../dashboards/dashboard-data.ts";
import type { QuestionTypes } from "../dashboards/question-types.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "../query-time-series.ts";
import { atRange, tellRange, type TellsRange } from "../at-range.ts";
import { findSavedQuery } from "./find-definitions.ts";
import type { InCohortDeps } from "../in-cohort.ts";
import { resolveQuestion } from "./resolve-question.ts";

/** Which saved query to ask, in which of its versions, over which range in place of its own; a relative range is taken when it is asked. */
export interface RunSavedQueryInput {
  readonly id: string;
  readonly version?: number | null | undefined;
  readonly range?: TimeRangeInput | null | undefined;
  /** What events must pass besides what the question asks of them. */
  readonly filter?: FilterInput | null | undefined;
}

const joined = (own: FilterInput | null | undefined, filter: FilterInput): FilterInput =>
  own === null || own === undefined ? filter : { and: [own, filter] };

type Grouped<Answer, Name extends AnswerType> = Answer &
  TellsRange & { readonly definitions: readonly DefinitionUse[]; readonly __typename: Name };

/** What a saved query answers: what its question would, with the name of its type in the SDL. */
export type SavedQueryAnswer =
  | Grouped<OlapAnswer, (typeof ANSWERS)["OLAP"]>
  | Grouped<TimeSeriesAnswer, (typeof ANSWERS)["TIME_SERIES"]>
  | (TellsProvenance & { readonly __typename: (typeof ANSWERS)[BehaviourKind] });

/** Asks questions about behaviour, of definitions as some versions of them are pinned. */
export type AskPinned = (pins: readonly DefinitionUse[]) => Readonly<Record<BehaviourKind, AskQuestion>>;

/** What asking saved queries needs. */
export interface RunSavedQueryDeps extends BudgetDeps, InCohortDeps {
  readonly definitions: DefinitionStore;
  readonly questionTypes: QuestionTypes;
  readonly askPinned: AskPinned;
}

interface Other {
  readonly range?: TimeRangeInput;
  readonly filter: FilterInput | null;
}

const askBehaviour = async (
  { questionTypes, askPinned }: RunSavedQueryDeps,
  caller: Caller,
  { kind, input }: BehaviourQuestion,
  pins: readonly DefinitionUse[],
  { filter, ...range }: Other,
  signal: AbortSignal | undefined,
): Promise<SavedQueryAnswer> => {
  const read = questionTypes.coerce(kind, input, `input.${QUESTIONS[kind].field}`);
  const asked = { ...questionTypes.narrow(kind, read, filter), ...range };
  // boundary: every answer carries its provenance.
  const answer = (await askPinned(pins)[kind](caller, asked, signal, undefined)) as TellsProvenance;
  return { ...answer, __typename: ANSWERS[kind] };
};

/** Asks a saved query of the caller's tenant, with the caller's own permissions; null when there is none of the id and version. */
export const runSavedQuery =
  (deps: RunSavedQueryDeps) =>
  async (
    caller: Caller,
    { id, version, range, filter }: RunSavedQueryInput,
    signal?: AbortSignal,
  ): Promise<SavedQueryAnswer> => {
    const found = await findSavedQuery(deps)(caller, id, version);
    if (found === null)
      throw refuse("NOT_FOUND", "The tenant has no saved query of this id and version.", { field: "id" });
    const { question, pins } = found.content;
    deps.noteUses?.({ definitions: [{ kind: found.kind, name: found.name, version: found.version }] });
    const places = { pins: pins ?? [], ownWhere: "id" };
    const ranged = range === null || range === undefined ? {} : { range };
    if (question.kind !== "OLAP" && question.kind !== "TIME_SERIES")
      return askBehaviour(deps, caller, question, pins ?? [], { ...ranged, filter: filter ?? null }, signal);
    const other = {
      ...ranged,
      ...(filter === null || filter === undefined ? {} : { filter: joined(question.input.filter, filter) }),
    };
    const nowMs = deps.nowMs();
    if (question.kind === "OLAP") {
      const named = atRange<AskedOlap>({ ...question.input, ...other }, nowMs);
      const { input, definitions } = await resolveQuestion(deps, caller, named, "input", places);
      const answer = { ...(await queryOlap(deps)(caller, input, signal)), definitions, __typename: ANSWERS.OLAP };
      return tellRange(answer, input);
    }
    const named = atRange<AskedTimeSeries>({ ...question.input, ...other }, nowMs);
    const { input, definitions } = await resolveQuestion(deps, caller, named, "input", places);
    const answer = {
      ...(await queryTimeSeries(deps)(caller, input, signal)),
      definitions,
      __typename: ANSWERS.TIME_SERIES,
    };
    return tellRange(answer, input);
  };
