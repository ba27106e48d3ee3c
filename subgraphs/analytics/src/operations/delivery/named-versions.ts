import type { Caller } from "@tessera/contracts/caller";
import type { AskedOlap, Names } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import type { CohortStore } from "../../store/cohort-store.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { findSavedQuery } from "../semantic/find-definitions.ts";
import { meaningsIn, type DimensionDeps } from "../semantic/own-dimensions.ts";
import { breakdownOf } from "../semantic/parse-behaviour.ts";
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

/** Versions of the dimensions of the tenant's own that a question itself names. */
const dimensionVersions = async (
  definitions: DimensionDeps["definitions"],
  { tenantId }: Caller,
  question: unknown,
  pins: readonly DefinitionUse[] = [],
): Promise<string> => written((await meaningsIn(definitions.reader(tenantId), question, pins)).uses);

/** The versions of what a question names, and of the cohorts that it and what it names name. */
const versionsIn = async (
  { definitions, cohorts }: NamedVersionsDeps,
  caller: Caller,
  question: Names,
  pins: readonly DefinitionUse[] = [],
  where = "input",
): Promise<readonly string[]> => {
  if (!isNamed(question))
    return [
      await dimensionVersions(definitions, caller, question, pins),
      await cohortVersions(cohorts, caller, question),
    ];
  const { metrics = [], segments = [] } = question;
  const named: Names & Pick<AskedOlap, "measures" | "filter"> = { metrics, segments };
  const resolved = await resolveWith(definitions.reader(caller.tenantId), caller, named, pins, where);
  const dimensions = await dimensionVersions(definitions, caller, question, pins);
  return [written(resolved.definitions), dimensions, await cohortVersions(cohorts, caller, [question, resolved.input])];
};

/** Versions of the metrics, segments and cohorts that a question names at `where`, with all they are made of. */
export const namedVersions =
  (deps: NamedVersionsDeps) =>
  (caller: Caller, question: Names, where?: string): Promise<readonly string[]> =>
    versionsIn(deps, caller, question, [], where);

/** Versions of the cohorts and the dimensions of the tenant's own that a question names. */
export const fieldVersions =
  ({ definitions, cohorts }: DimensionDeps & Pick<NamedVersionsDeps, "cohorts">) =>
  async (caller: Caller, question: unknown): Promise<readonly string[]> => [
    await cohortVersions(cohorts, caller, question),
    await dimensionVersions(definitions, caller, question),
  ];

/** The version of a saved query, and those of what it names. */
export const savedQueryVersions =
  (deps: NamedVersionsDeps) =>
  async (caller: Caller, { id, version }: RunSavedQueryInput): Promise<readonly string[]> => {
    const found = await findSavedQuery(deps)(caller, id, version);
    if (found === null) return [];
    const { question, pins } = found.content;
    const of =
      question.kind === "OLAP" || question.kind === "TIME_SERIES"
        ? question.input
        : { ...question.input, segments: breakdownOf(question)?.segments ?? [] };
    return [String(found.version), ...(await versionsIn(deps, caller, of, pins ?? []))];
  };
