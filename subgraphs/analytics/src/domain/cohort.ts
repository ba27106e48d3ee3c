import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { CohortDefinitionInput } from "./cohort-input.ts";
import { membersName, type CohortOf } from "./cohort-unit.ts";
import { DAY_MS, parseDuration, SECOND_MS } from "./duration.ts";
import { parseGroupId } from "./people/group-type.ts";

/** Where the computation of a cohort stands, as in the SDL. */
export type CohortComputationState = "IDLE" | "QUEUED" | "RUNNING" | "FAILED";

/** A kept group of people or accounts; times are milliseconds since the epoch. */
export interface Cohort extends CohortOf {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly definition: CohortDefinitionInput;
  /** Seconds between the starts of two computations; null when it is asked alone. */
  readonly recomputeEverySeconds: number | null;
  /** `KIND:id` of who made it. */
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly computation: CohortComputation;
  /** Members as of the last computation; null before the first. */
  readonly size: number | null;
}

/** What a cohort is to be. */
export interface CohortDraft extends CohortOf {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly definition: CohortDefinitionInput;
  /** Ids of the cohorts the definition refers to. */
  readonly refersTo: readonly string[];
  readonly recomputeEverySeconds: number | null;
}

/** How the computation of a cohort stands. */
export interface CohortComputation {
  readonly state: CohortComputationState;
  readonly runs: number;
  readonly asOfMs: number | null;
  readonly version: number | null;
  /** The moment that the run under way is of; null while none is. */
  readonly runningAsOfMs: number | null;
  readonly dueAtMs: number | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
}

/** A run of a cohort's computation that a worker has begun. */
export interface CohortRun {
  readonly cohort: Cohort;
  readonly run: number;
  /** The moment it is of. */
  readonly asOfMs: number;
  readonly startedAtMs: number;
}

/** The size of a cohort at one computation. */
export interface CohortSize {
  readonly asOfMs: number;
  readonly version: number;
  readonly size: number;
  readonly entered: number;
  readonly left: number;
}

/** A definition a cohort has had. */
export interface CohortVersion {
  readonly version: number;
  readonly definition: CohortDefinitionInput;
  readonly createdAtMs: number;
}

/** Cohorts a tenant may have: all their definitions are looked at when one changes. */
export const MAX_COHORTS = 500;
/** Cohorts on a page. */
export const MAX_COHORTS_ON_PAGE = 100;
/** Sizes kept of a cohort, the newest. */
export const MAX_COHORT_SIZES = 1_000;
/** Definitions told of a cohort, the newest. */
export const MAX_COHORT_VERSIONS = 100;
/** People on a page of members. */
export const MAX_MEMBERS_ON_PAGE = 1_000;
/** People one change of a list names. */
export const MAX_LIST_CHANGE = 10_000;
/** People a list holds: lists are for those somebody knows by name; more of them are told by a property. */
export const MAX_LISTED = 1_000_000;

const EVERY_BOUNDS = { minMs: 300 * SECOND_MS, maxMs: 30 * DAY_MS } as const;
const MAX_NAME = 120;
const MAX_DESCRIPTION = 2_000;
/** Characters of an id that ingest takes of a person. */
const MAX_ID = 256;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads a cohort's name; refuses with BAD_INPUT. */
export const cohortName = (text: string): string => {
  const name = text.trim();
  if (name === "" || name.length > MAX_NAME) throw bad("input.name", `A name has 1 to ${MAX_NAME} characters.`);
  return name;
};

/** Reads a cohort's description; refuses with BAD_INPUT. */
export const cohortDescription = (text: string): string => {
  if (text.length > MAX_DESCRIPTION)
    throw bad("input.description", `A description has at most ${MAX_DESCRIPTION} characters.`);
  return text;
};

/** Reads a schedule as whole seconds; null for none. Refuses with BAD_INPUT. */
export const recomputeSeconds = (text: string | null): number | null =>
  text === null ? null : Math.round(parseDuration(text, "input.recomputeEvery", EVERY_BOUNDS) / SECOND_MS);

/** Ids that a change of a list names. */
export type ListedIds = Readonly<Record<"userIds" | "anonymousIds" | "accountIds", readonly string[]>>;

/** Reads ids of people and accounts; refuses an empty or too long one, and more than {@link MAX_LIST_CHANGE} in all, with BAD_INPUT. */
export const listedIds = (lists: ListedIds): void => {
  const total = lists.userIds.length + lists.anonymousIds.length + lists.accountIds.length;
  if (total === 0 || total > MAX_LIST_CHANGE)
    throw bad("input", `A change of a list names 1 to ${MAX_LIST_CHANGE} people or accounts; send more in several.`);
  lists.accountIds.forEach((id, index) => parseGroupId(id, `input.accountIds.${index}`));
  for (const name of ["userIds", "anonymousIds"] as const)
    lists[name].forEach((id, index) => {
      if (id === "" || id.length > MAX_ID) throw bad(`input.${name}.${index}`, `An id has 1 to ${MAX_ID} characters.`);
      if (/\p{Cs}/u.test(id))
        throw bad(`input.${name}.${index}`, "An id is Unicode text: a half of a surrogate pair stands alone.");
    });
};

/** Refuses with BAD_INPUT to put on a cohort's list what its members are not. */
export const requireListable = ({ group }: CohortOf, { userIds, anonymousIds, accountIds }: ListedIds): void => {
  if (group === null && accountIds.length > 0)
    throw bad("input.accountIds", "The cohort is of people: name them by `userIds` and `anonymousIds`.");
  if (group !== null && userIds.length + anonymousIds.length > 0)
    throw bad(
      userIds.length > 0 ? "input.userIds" : "input.anonymousIds",
      `The cohort is of ${membersName({ group })}: name them by \`accountIds\`.`,
    );
};

/** How much is kept of one tenant's cohorts, and of one cohort's versions and sizes. */
export interface CohortKept {
  readonly cohorts: number;
  readonly versions: number;
  readonly sizes: number;
}

/** The bounds that hold. */
export const COHORT_KEPT: CohortKept = {
  cohorts: MAX_COHORTS,
  versions: MAX_COHORT_VERSIONS,
  sizes: MAX_COHORT_SIZES,
};
