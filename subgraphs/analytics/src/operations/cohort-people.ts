import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { Cohort } from "../domain/cohort.ts";
import { closeDefinition, madeOf, partOf, type ClosedNode, type CohortPart } from "../domain/cohort-references.ts";
import type { AnalysisUnit } from "../domain/analysis-unit.ts";
import { accountsOf, requireUnitOf } from "../domain/cohort-unit.ts";
import type { Members } from "../domain/members.ts";
import type { CohortBasis } from "../domain/uses.ts";
import { isoTime } from "../domain/zone.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import { knownCohort, knownCohorts } from "./known-cohorts.ts";
import type { NotesUses } from "./telling-uses.ts";

/** The members of a cohort for one caller, ready to stand in a statement about events of the same reader. */
export interface CohortPeople extends Members {
  readonly cohort: Cohort;
  /** As the last computation recorded them, or computed by the definition now over what the caller may see. */
  readonly basis: CohortBasis;
  /** The moment they are of: events before it counted. */
  readonly asOfMs: number;
}

type Writing = Pick<BehaviourStatements, "cohortSql" | "recordedMembersSql">;

type Deps = NotesUses & {
  readonly cohorts: Pick<CohortStore, "findMany" | "all" | "madeOf">;
  readonly statements: Writing;
  readonly nowMs: NowMs;
};

/** The definition of a cohort now with every reference followed, and the cohorts that these led to; itself is the first of them where it is made of dimensions. */
export interface ClosedCohort {
  readonly node: ClosedNode;
  readonly madeOf: readonly CohortPart[];
}

/** Follows every reference of a cohort's definition now. */
export const closedDefinition = async (cohorts: Pick<CohortStore, "all">, cohort: Cohort): Promise<ClosedCohort> => {
  const own = knownCohort(cohort);
  const known = knownCohorts(await cohorts.all(cohort.tenantId));
  const self = own.dimensions === undefined ? [] : [partOf(own)];
  return { node: closeDefinition(own.node, own, known, own.of), madeOf: [...self, ...madeOf(own.node, known)] };
};

/** The versions of the tenant's own dimensions that cohorts are made of. */
const dimensionsOf = (parts: readonly CohortPart[]) => parts.flatMap(({ dimensions }) => dimensions ?? []);

/** Whose people went into an answer: those of a cohort by a version of its definition, with the cohorts and dimensions that this was made of. */
const noteCohort = (
  { noteUses }: NotesUses,
  { id, name, version }: CohortPart,
  parts: readonly CohortPart[],
  known: { readonly asOfMs: number; readonly basis: CohortBasis },
): void => {
  const how = { asOf: isoTime(known.asOfMs), basis: known.basis };
  const cohorts = [
    { ...{ id, name, version }, ...how, named: true },
    ...parts.flatMap((part) =>
      part.id === id ? [] : [{ id: part.id, name: part.name, version: part.version, ...how, named: false }],
    ),
  ];
  noteUses?.({ cohorts, definitions: dimensionsOf(parts) });
};

/** The people whom a computation of a cohort has recorded, by the version of the definition that it was of. */
export const recordedPeople = async (
  deps: NotesUses & { readonly cohorts: Pick<CohortStore, "madeOf">; readonly statements: Writing },
  cohort: Cohort,
  { asOfMs, version }: { readonly asOfMs: number; readonly version: number },
): Promise<CohortPeople> => {
  const { id, name, tenantId } = cohort;
  const basis = "RECORDED";
  if (deps.noteUses !== undefined) {
    const parts = await deps.cohorts.madeOf(tenantId, id, asOfMs);
    noteCohort(deps, { id, name, version }, parts, { asOfMs, basis });
  }
  return {
    ...{ cohort, asOfMs, basis, accounts: accountsOf(tenantId, cohort) },
    sql: (params) => deps.statements.recordedMembersSql({ tenantId, cohortId: id, asOfMs }, params),
  };
};

/** Members by the definition now, over the events before a moment that the caller may see. */
export const computedPeople = async (
  deps: NotesUses & { readonly cohorts: Pick<CohortStore, "all">; readonly statements: Writing },
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  cohort: Cohort,
  asOfMs: number,
): Promise<CohortPeople> => {
  const { statements } = deps;
  const { node, madeOf: parts } = await closedDefinition(deps.cohorts, cohort);
  noteCohort(deps, cohort, parts, { asOfMs, basis: "COMPUTED" });
  const accounts = accountsOf(caller.tenantId, cohort);
  const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, accounts, asOfMs };
  return { cohort, asOfMs, accounts, basis: "COMPUTED", sql: (params) => statements.cohortSql(node, scope, params) };
};

/**
 * The members of a cohort as of its last computation. What is recorded was computed from all events of the tenant, so for a caller from whom data
 * policies hide some the definition is computed anew over the others; so it is, as of now, before the first computation.
 */
export const peopleOf = (
  deps: Deps,
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  cohort: Cohort,
): Promise<CohortPeople> => {
  const { asOfMs, version } = cohort.computation;
  if (asOfMs !== null && version !== null && caller.dataPolicy === null)
    return recordedPeople(deps, cohort, { asOfMs, version });
  return computedPeople(deps, caller, cohort, asOfMs ?? deps.nowMs());
};

/** Finds a cohort that a question names at `where`; refuses an unknown one with BAD_INPUT. */
export const namedCohort = async (
  cohorts: Pick<CohortStore, "findMany">,
  caller: Pick<Caller, "tenantId">,
  id: string,
  where: string,
): Promise<Cohort> => {
  const [cohort] = isUuid(id) ? await cohorts.findMany(caller.tenantId, [id.toLowerCase()]) : [];
  if (cohort === undefined) throw refuse("BAD_INPUT", "The tenant has no cohort of this id.", { field: where });
  return cohort;
};

/**
 * The members of a cohort by which a question names groups of its units: {@link namedCohort}, then {@link peopleOf}. Refuses with BAD_INPUT, at the same
 * place, a cohort whose members are not the question's units.
 */
export const namedMembers = async (
  deps: Deps,
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  id: string,
  { unit, where }: { readonly unit: AnalysisUnit; readonly where: string },
): Promise<CohortPeople> => {
  const cohort = await namedCohort(deps.cohorts, caller, id, where);
  requireUnitOf(cohort, unit, where);
  return peopleOf(deps, caller, cohort);
};

/** Those who are among the members of both of two cohorts of the same, of which either may be everybody. */
export const bothOf = (one: Members | null, other: Members | null): Members | null => {
  if (one === null || other === null) return one ?? other;
  return {
    accounts: one.accounts,
    sql: (params) => `SELECT person FROM (${one.sql(params)}) WHERE person IN (${other.sql(params)})`,
  };
};
