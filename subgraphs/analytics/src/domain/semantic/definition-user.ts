import type { DefinitionKind } from "./definition.ts";

/** Kinds of things that may name a definition, a cohort or a kept expectation. */
export type UserKind = DefinitionKind | "COHORT" | "CORRELATION_RULE" | "ROLLUP" | "DASHBOARD" | "RULE" | "OBJECTIVE";

/** Something that names a definition, a cohort or a kept expectation, as in the SDL. */
export interface DefinitionUser {
  readonly kind: UserKind;
  readonly id: string;
  /** Null where the caller may not see it. */
  readonly name: string | null;
}

/** A {@link DefinitionUser}, and whether it would miss what it names. */
export interface FoundUser extends DefinitionUser {
  /** False of what names a version, or keeps what was meant: both go on as before when the name is archived. */
  readonly follows: boolean;
}

/** What is to be archived or deleted: definitions are named by name, cohorts and kept expectations by id. */
export type Missed =
  | { readonly kind: Exclude<DefinitionKind, "HIERARCHY">; readonly id: string; readonly name: string }
  | { readonly kind: "COHORT" | "EXPECTATION"; readonly id: string };

/** Those that would miss what they name, and those that go on without, in the order they are given. */
export const usersApart = (
  found: readonly FoundUser[],
): { readonly following: readonly DefinitionUser[]; readonly keeping: readonly DefinitionUser[] } => {
  const told = (follows: boolean): readonly DefinitionUser[] =>
    found.filter((one) => one.follows === follows).map(({ kind, id, name }) => ({ kind, id, name }));
  return { following: told(true), keeping: told(false) };
};
