import { isDeepStrictEqual } from "node:util";
import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../domain/access.ts";
import { cohortDescription, cohortName, recomputeSeconds, type Cohort } from "../domain/cohort.ts";
import { parseCohortDefinition, requireTraitsSeen } from "../domain/cohort-definition.ts";
import { keptDefinition, type CohortDefinitionInput } from "../domain/cohort-input.ts";
import { closeDefinition, referencesOf } from "../domain/cohort-references.ts";
import { parseCohortOf, type CohortOf, type CohortUnit } from "../domain/cohort-unit.ts";
import type { CohortStore, SaveOutcome } from "../store/cohort-store.ts";
import { knownCohorts } from "./known-cohorts.ts";
import { resolveDimensions, type DimensionDeps } from "./semantic/own-dimensions.ts";

/** What a cohort is made of, as the graph delivers it. */
export interface CreateCohortInput {
  readonly name: string;
  readonly description?: string;
  readonly unit?: CohortUnit;
  readonly group?: string | null | undefined;
  readonly definition: CohortDefinitionInput;
  readonly recomputeEvery?: string | null | undefined;
}

/** What changes of a cohort, as the graph delivers it: null of a text and undefined mean "as before". */
export interface UpdateCohortInput {
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly definition?: CohortDefinitionInput | null | undefined;
  readonly recomputeEvery?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

const WHERE = "input.definition";

/** A definition with what the dimensions of the tenant's own mean now that it names; refuses one that is wrong in itself. */
const meantDefinition = async (
  { definitions }: Pick<DimensionDeps, "definitions">,
  caller: Caller,
  input: CohortDefinitionInput,
): Promise<CohortDefinitionInput> => {
  const asked = await resolveDimensions({ definitions }, caller, input);
  parseCohortDefinition(asked, WHERE, accessOf(caller));
  return asked;
};

/** Validates a definition that is to be kept under an id, with all it refers to; answers the ids it refers to. */
const checkedReferences = (
  caller: Caller,
  definition: CohortDefinitionInput,
  self: { readonly id: string; readonly name: string; readonly of: CohortOf },
  known: readonly Cohort[],
): readonly string[] => {
  const node = parseCohortDefinition(definition, WHERE, accessOf(caller));
  requireTraitsSeen(node, self.of, accessOf(caller));
  closeDefinition(node, self, knownCohorts(known), self.of);
  return referencesOf(node);
};

/** Keeps a new cohort of the caller's tenant; it is due at once. */
export const createCohort =
  (deps: Pick<DimensionDeps, "definitions"> & { readonly cohorts: CohortStore; readonly newId: () => string }) =>
  async (caller: Caller, input: CreateCohortInput): Promise<SaveOutcome> => {
    const id = deps.newId();
    const name = cohortName(input.name);
    const description = cohortDescription(input.description ?? "");
    const recomputeEverySeconds = recomputeSeconds(input.recomputeEvery ?? null);
    const of = parseCohortOf(input, "input");
    // What is wrong with the definition alone is told before any store is asked.
    const asked = await meantDefinition(deps, caller, input.definition);
    const definition = keptDefinition(asked, WHERE);
    return deps.cohorts.create(caller.tenantId, `${caller.subject.kind}:${caller.subject.id}`, (known) => ({
      ...{ id, name, description, definition, recomputeEverySeconds, ...of },
      refersTo: checkedReferences(caller, definition, { id, name, of }, known),
    }));
  };

const conflict = (version: number): Error =>
  refuse("CONFLICT", `The cohort has version ${version} by now. Look at it and change that one.`, {
    field: "input.expectedVersion",
  });

/** The definition, or null when it is the one that stands. */
const another = (asked: CohortDefinitionInput, now: CohortDefinitionInput): CohortDefinitionInput | null =>
  isDeepStrictEqual(asked, keptDefinition(now, WHERE)) ? null : asked;

/** Changes a cohort of the caller's tenant; another definition is another version, and makes it due; the one that stands is none. */
export const updateCohort =
  (deps: Pick<DimensionDeps, "definitions"> & { readonly cohorts: CohortStore }) =>
  async (caller: Caller, id: string, input: UpdateCohortInput): Promise<SaveOutcome> => {
    if (!isUuid(id)) return { kind: "NOT_FOUND", id };
    const given = input.definition ?? null;
    const asked = given === null ? null : await meantDefinition(deps, caller, given);
    return deps.cohorts.change(caller.tenantId, id.toLowerCase(), (now, known) => {
      if ((input.expectedVersion ?? now.version) !== now.version) throw conflict(now.version);
      const name = cohortName(input.name ?? now.name);
      const changed = asked === null ? null : another(keptDefinition(asked, WHERE), now.definition);
      const definition = changed ?? now.definition;
      const { unit, group } = now;
      const self = { id: now.id, name, of: { unit, group } };
      return {
        ...{ id: now.id, name, definition, unit, group },
        description: cohortDescription(input.description ?? now.description),
        recomputeEverySeconds:
          input.recomputeEvery === undefined ? now.recomputeEverySeconds : recomputeSeconds(input.recomputeEvery),
        refersTo: changed === null ? [] : checkedReferences(caller, changed, self, known),
      };
    });
  };
