import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_DEFINITIONS, type Definition, type DefinitionKind } from "../../domain/semantic/definition.ts";
import type { DefinitionStore, NewDefinition } from "../../store/semantic/definition-store-types.ts";
import type { FindKeptDeps } from "../quality/find-kept.ts";
import type { InCohortDeps } from "../in-cohort.ts";

/** What defining needs. */
export interface DefineDeps extends InCohortDeps, Pick<FindKeptDeps, "expectations"> {
  readonly definitions: DefinitionStore;
  readonly newId: () => string;
}

/** What is said of anything that is given a name, as the graph delivers it. */
export interface Described {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

/** A name that its caller wants to stand for something. */
export const newDefinition = ({ subject }: Caller, id: string, kind: DefinitionKind, name: string): NewDefinition => ({
  ...{ id, kind, name, by: `${subject.kind}:${subject.id}` },
  limit: MAX_DEFINITIONS[kind],
});

/** Refuses with CONFLICT what was meant for another version; 0 is meant for none. */
export const requireVersion = (expected: number | null | undefined, now: Definition | null): void => {
  const version = now?.version ?? 0;
  if ((expected ?? version) === version) return;
  throw refuse("CONFLICT", `The definition has version ${version} by now. Look at it and change that one.`, {
    field: "input.expectedVersion",
  });
};
