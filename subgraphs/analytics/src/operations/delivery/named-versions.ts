import type { Caller } from "@tessera/contracts/caller";
import type { AskedOlap, Names } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import type { CohortStore } from "../../store/cohort-store.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { findSavedQuery } from "../semantic/find-definitions.ts";
import { resolveWith } from "../semantic/resolve-question.ts";
import type { RunSavedQueryInput } from "../semantic/run-saved-query.ts";
import { cohortVersions } from "./answer-key.ts";

/** What telling versions needs. */
export interface NamedVersionsDeps {
  readonly definitions: DefinitionStore;
  readonly cohorts: Pick<CohortStore, "all">;
}

const written = (uses: readonly DefinitionUse[]): string =>
  uses.map(({ kind, name, version }) => `${kind} ${name} ${version}`).join(",");

const isNamed = ({ metrics = [], segments = [] }: Names): boolean => metrics.length + segments.length > 0;

const definitionVersions = async (
  { definitions }: NamedVersionsDeps,
  caller: Caller,
  { metrics = [], segments = [] }: Names,
  pins: readonly DefinitionUse[] = [],
): Promise<string> => {
  if (!isNamed({ metrics, segments })) return "";
  const named: Names & Pick<AskedOlap, "measures" | "filter"> = { metrics, segments };
  return written((await resolveWith(definitions.reader(caller.tenantId), caller, named, pins)).definitions);
};

/** Versions of the metrics, segments and cohorts that a question names, with all they are made of. */
export const namedVersions =
  (deps: NamedVersionsDeps) =>
  async (caller: Caller, question: Names): Promise<readonly string[]> =>
    Promise.all([definitionVersions(deps, caller, question), cohortVersions(deps.cohorts, caller, question)]);

/** Versions of the cohorts that a question names. */
export const cohortsNamed =
  ({ cohorts }: Pick<NamedVersionsDeps, "cohorts">) =>
  async (caller: Caller, question: unknown): Promise<readonly string[]> => [
    await cohortVersions(cohorts, caller, question),
  ];

/** The version of a saved query, and those of what it names. */
export const savedQueryVersions =
  (deps: NamedVersionsDeps) =>
  async (caller: Caller, { id, version }: RunSavedQueryInput): Promise<readonly string[]> => {
    const found = await findSavedQuery(deps)(caller, id, version);
    if (found === null) return [];
    const { question, pins } = found.content;
    return [
      String(found.version),
      await definitionVersions(deps, caller, question.input, pins ?? []),
      await cohortVersions(deps.cohorts, caller, question.input),
    ];
  };
