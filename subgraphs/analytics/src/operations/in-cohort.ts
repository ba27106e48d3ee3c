import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_COHORT_SIZES, type Cohort } from "../domain/cohort.ts";
import type { InCohortInput } from "../domain/filter-input.ts";
import { MAX_FILTER_COHORTS, namedCohorts, withPeople } from "../domain/in-cohort.ts";
import { parseAsOf } from "../domain/retention.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import { resolveDimensions, type DimensionDeps } from "./semantic/own-dimensions.ts";
import { computedPeople, namedCohort, peopleOf, recordedPeople, type CohortPeople } from "./cohort-people.ts";
import type { NotesUses } from "./telling-uses.ts";

/** What finding the people of filters needs. */
export interface InCohortDeps extends NotesUses {
  readonly cohorts: Pick<CohortStore, "findMany" | "all" | "sizes" | "madeOf">;
  readonly statements: Pick<BehaviourStatements, "cohortSql" | "recordedMembersSql">;
  readonly nowMs: NowMs;
}

type Reader = Pick<Caller, "tenantId" | "dataPolicy">;

/** Who was in a cohort at a moment: by what is recorded, or for a caller under data policies by the definition over what the caller may see. */
const peopleAsOf = async (
  deps: InCohortDeps,
  caller: Reader,
  cohort: Cohort,
  asked: { readonly asOf: string; readonly where: string },
): Promise<CohortPeople> => {
  const atMs = parseAsOf(asked.asOf, `${asked.where}.asOf`, deps.nowMs());
  if (caller.dataPolicy !== null) return computedPeople(deps, caller, cohort, atMs);
  const sizes = await deps.cohorts.sizes(caller.tenantId, cohort.id, MAX_COHORT_SIZES);
  const computed = sizes.find((size) => size.asOfMs <= atMs);
  if (computed === undefined)
    throw refuse(
      "BAD_INPUT",
      "The cohort was not computed by then: take a later moment, or leave `asOf` out for its last computation.",
      { field: `${asked.where}.asOf` },
    );
  return recordedPeople(deps, cohort, computed);
};

/** Refuses with BAD_INPUT, at `where`, a question whose filters name more than {@link MAX_FILTER_COHORTS} cohorts. */
export const requireFewCohorts = (input: unknown, where: string): void => {
  const keys = namedCohorts(input, where).map((one) => `${one.input.cohort.toLowerCase()} ${one.input.asOf ?? ""}`);
  if (new Set(keys).size > MAX_FILTER_COHORTS)
    throw refuse(
      "BAD_INPUT",
      `A question's filters, those of metrics and segments included, name at most ${MAX_FILTER_COHORTS} cohorts.`,
      { field: where },
    );
};

/**
 * Finds the people of every cohort that the filters of a question name, wherever they stand in it. Refuses with BAD_INPUT unknown cohorts, which those of
 * other tenants are, moments before the first computation, and more than {@link MAX_FILTER_COHORTS}.
 */
export const resolveCohorts = async <Input>(
  deps: InCohortDeps,
  caller: Reader,
  input: Input,
  where = "input",
): Promise<Input> => {
  const named = namedCohorts(input, where);
  if (named.length === 0) return input;
  requireFewCohorts(input, where);
  const found = new Map<InCohortInput, InCohortInput>();
  for (const one of named) {
    const cohort = await namedCohort(deps.cohorts, caller, one.input.cohort, `${one.where}.cohort`);
    const asOf = one.input.asOf ?? null;
    const {
      sql: people,
      accounts,
      basis,
      asOfMs,
    } = asOf === null
      ? await peopleOf(deps, caller, cohort)
      : await peopleAsOf(deps, caller, cohort, { asOf, where: one.where });
    found.set(one.input, { ...one.input, people, accounts, recordedAtMs: basis === "RECORDED" ? asOfMs : null });
  }
  // boundary: the question is again what it is, with people beside the cohorts it names.
  return withPeople(input, found) as Input;
};

/** What questions need that name cohorts in their filters, and dimensions of the tenant's own wherever a field stands. */
export type NamingDeps = InCohortDeps & DimensionDeps;

/** Finds the people of the cohorts that a question's filters name, and what the dimensions of the tenant's own mean that it names. */
export const resolveNames = async <Input extends object>(
  deps: NamingDeps,
  caller: Caller,
  input: Input,
): Promise<Input> => resolveDimensions(deps, caller, await resolveCohorts(deps, caller, input));

/** Asks a question that may name cohorts and dimensions of the tenant's own. */
export const withNames =
  <Input extends object, Answer>(
    deps: NamingDeps,
    ask: (caller: Caller, input: Input, signal?: AbortSignal) => Promise<Answer>,
  ): ((caller: Caller, input: Input, signal?: AbortSignal) => Promise<Answer>) =>
  async (caller, input, signal) =>
    ask(caller, await resolveNames(deps, caller, input), signal);

/** Asks for a part of the answer to a question that may name cohorts and dimensions of the tenant's own. */
export const withNamesWithin =
  <Asked extends { readonly input: object }, Answer>(
    deps: NamingDeps,
    ask: (caller: Caller, asked: Asked, signal?: AbortSignal) => Promise<Answer>,
  ): ((caller: Caller, asked: Asked, signal?: AbortSignal) => Promise<Answer>) =>
  async (caller, asked, signal) =>
    ask(
      caller,
      {
        ...asked,
        input: await resolveNames<Asked["input"]>(deps, caller, asked.input),
      },
      signal,
    );
