import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { OlapInput } from "../../domain/query.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "../query-time-series.ts";
import { findSavedQuery } from "./find-definitions.ts";
import { resolveWith } from "./resolve-question.ts";

/** Which saved query to ask, in which of its versions, over which range in place of its own. */
export interface RunSavedQueryInput {
  readonly id: string;
  readonly version?: number | null | undefined;
  readonly range?: OlapInput["range"] | null | undefined;
}

/** What a saved query answers: what its question would. */
export type SavedQueryAnswer = (OlapAnswer | TimeSeriesAnswer) & { readonly definitions: readonly DefinitionUse[] };

/** Asks a saved query of the caller's tenant, with the caller's own permissions; null when there is none of the id and version. */
export const runSavedQuery =
  (deps: BudgetDeps & { readonly nowMs: NowMs; readonly definitions: DefinitionStore }) =>
  async (
    caller: Caller,
    { id, version, range }: RunSavedQueryInput,
    signal?: AbortSignal,
  ): Promise<SavedQueryAnswer> => {
    const found = await findSavedQuery(deps)(caller, id, version);
    if (found === null)
      throw refuse("NOT_FOUND", "The tenant has no saved query of this id and version.", { field: "id" });
    const { question, pins } = found.content;
    const reader = deps.definitions.reader(caller.tenantId);
    const other = range === null || range === undefined ? {} : { range };
    if (question.kind === "OLAP") {
      const { input, definitions } = await resolveWith(reader, caller, { ...question.input, ...other }, pins ?? []);
      return { ...(await queryOlap(deps)(caller, input, signal)), definitions };
    }
    const { input, definitions } = await resolveWith(reader, caller, { ...question.input, ...other }, pins ?? []);
    return { ...(await queryTimeSeries(deps)(caller, input, signal)), definitions };
  };
