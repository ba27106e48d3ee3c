import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { TimeRangeInput } from "../../domain/asked-range.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
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

/** What a saved query answers: what its question would. */
export type SavedQueryAnswer = (OlapAnswer | TimeSeriesAnswer) &
  TellsRange & { readonly definitions: readonly DefinitionUse[] };

/** Asks a saved query of the caller's tenant, with the caller's own permissions; null when there is none of the id and version. */
export const runSavedQuery =
  (deps: BudgetDeps & InCohortDeps & { readonly definitions: DefinitionStore }) =>
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
    const other = {
      ...(range === null || range === undefined ? {} : { range }),
      ...(filter === null || filter === undefined ? {} : { filter: joined(question.input.filter, filter) }),
    };
    const nowMs = deps.nowMs();
    if (question.kind === "OLAP") {
      const named = atRange<AskedOlap>({ ...question.input, ...other }, nowMs);
      const { input, definitions } = await resolveQuestion(deps, caller, named, "input", places);
      return tellRange({ ...(await queryOlap(deps)(caller, input, signal)), definitions }, input);
    }
    const named = atRange<AskedTimeSeries>({ ...question.input, ...other }, nowMs);
    const { input, definitions } = await resolveQuestion(deps, caller, named, "input", places);
    return tellRange({ ...(await queryTimeSeries(deps)(caller, input, signal)), definitions }, input);
  };
