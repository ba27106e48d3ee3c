import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { plainFilter, type FilterInput } from "../../domain/filter-input.ts";
import { compileRollup } from "../../domain/rollups/compile-rollup.ts";
import {
  MAX_ROLLUP_NAMES,
  MAX_ROLLUPS,
  type Rollup,
  type RollupContent,
  type RollupGrain,
  type RollupMeasureInput,
} from "../../domain/rollups/rollup.ts";
import { keptMeanings } from "../../domain/semantic/kept-meanings.ts";
import { definitionName, describe } from "../../domain/semantic/definition.ts";
import { resolveDimensions, type DimensionDeps } from "../semantic/own-dimensions.ts";
import type { DefineRollupOutcome, RollupStore } from "../../store/rollups/rollup-store-types.ts";

/** What changing rollups needs. */
export interface ChangeRollupsDeps {
  readonly rollups: RollupStore;
  readonly definitions: DimensionDeps["definitions"];
  readonly newId: () => string;
}

/** A rollup to be, as the graph delivers it. */
export interface DefineRollupInput {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly dimensions?: readonly string[];
  readonly measures?: readonly RollupMeasureInput[];
  readonly filter?: FilterInput | null | undefined;
  readonly grain?: RollupGrain;
  readonly expectedVersion?: number | null | undefined;
  /** Whether it may be of names that were never sent. */
  readonly allowUnknown?: boolean | null | undefined;
}

/** How defining a rollup ended, where it was not refused. */
export type DefinedRollup = Exclude<DefineRollupOutcome, { readonly kind: "OTHER_VERSION" }>;

/** How archiving a rollup ended. */
export type ArchiveRollupOutcome =
  { readonly kind: "ARCHIVED"; readonly rollup: Rollup } | { readonly kind: "NOT_FOUND"; readonly id: string };

const measureOf = ({ function: name, of, currency }: RollupMeasureInput): RollupMeasureInput =>
  currency === null || currency === undefined ? { function: name, of } : { function: name, of, currency };

const contentOf = (input: DefineRollupInput): RollupContent => ({
  description: describe(input.name, { description: input.description }).description,
  dimensions: input.dimensions ?? [],
  measures: (input.measures ?? []).map(measureOf),
  filter: input.filter === null || input.filter === undefined ? null : plainFilter(input.filter, "input.filter"),
  grain: input.grain ?? "HOUR",
});

/** Makes a rollup of the caller's tenant, or its next version, which keeps what the dimensions mean now that it names, and has it built; what stands already is no new version. */
export const defineRollup =
  ({ rollups, definitions, newId }: ChangeRollupsDeps) =>
  async (caller: Caller, input: DefineRollupInput): Promise<DefinedRollup> => {
    const name = definitionName(input.name);
    const asked = await resolveDimensions({ definitions }, caller, contentOf(input));
    compileRollup(asked);
    const { meanings: _asked, ...bare } = asked;
    const content = { ...bare, ...keptMeanings(asked) };
    const outcome = await rollups.define(
      caller.tenantId,
      {
        ...{ id: newId(), buildId: newId(), name, content, by: `${caller.subject.kind}:${caller.subject.id}` },
        expectedVersion: input.expectedVersion ?? null,
      },
      { rollups: MAX_ROLLUPS, names: MAX_ROLLUP_NAMES },
    );
    if (outcome.kind !== "OTHER_VERSION") return outcome;
    throw refuse("CONFLICT", `The rollup has version ${outcome.version} by now. Look at it and change that one.`, {
      field: "input.expectedVersion",
    });
  };

/** Archives a rollup of the caller's tenant: nothing is answered from it any more. */
export const archiveRollup =
  ({ rollups }: Pick<ChangeRollupsDeps, "rollups">) =>
  async (caller: Caller, id: string): Promise<ArchiveRollupOutcome> => {
    const rollup = isUuid(id) ? await rollups.archive(caller.tenantId, id.toLowerCase()) : null;
    return rollup === null ? { kind: "NOT_FOUND", id } : { kind: "ARCHIVED", rollup };
  };
