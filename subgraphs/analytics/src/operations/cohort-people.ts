import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { Cohort } from "../domain/cohort.ts";
import { closeDefinition, type ClosedNode } from "../domain/cohort-references.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { Params } from "../store/params.ts";
import { knownCohort, knownCohorts } from "./known-cohorts.ts";

/** The people of a cohort for one caller, ready to stand in a statement about events of the same reader. */
export interface CohortPeople {
  readonly cohort: Cohort;
  /** As the last computation recorded them, or computed by the definition now over what the caller may see. */
  readonly basis: "RECORDED" | "COMPUTED";
  /** The moment they are of: events before it counted. */
  readonly asOfMs: number;
  /** Writes a statement that gives `person` once for each of them; places its values among `params`. */
  readonly sql: (params: Params) => string;
}

type Writing = Pick<BehaviourStatements, "cohortSql" | "recordedMembersSql">;

type Deps = {
  readonly cohorts: Pick<CohortStore, "findMany" | "all">;
  readonly statements: Writing;
  readonly nowMs: NowMs;
};

/** The definition of a cohort now with every reference followed. */
export const closedDefinition = async (cohorts: Pick<CohortStore, "all">, cohort: Cohort): Promise<ClosedNode> => {
  const own = knownCohort(cohort);
  return closeDefinition(own.node, own, knownCohorts(await cohorts.all(cohort.tenantId)));
};

const recordedPeople = (statements: Writing, cohort: Cohort, asOfMs: number): CohortPeople => ({
  ...{ cohort, asOfMs, basis: "RECORDED" },
  sql: (params) => statements.recordedMembersSql({ tenantId: cohort.tenantId, cohortId: cohort.id, asOfMs }, params),
});

/** People by the definition now, over the events before a moment that the caller may see. */
export const computedPeople = async (
  { cohorts, statements }: { readonly cohorts: Pick<CohortStore, "all">; readonly statements: Writing },
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  cohort: Cohort,
  asOfMs: number,
): Promise<CohortPeople> => {
  const node = await closedDefinition(cohorts, cohort);
  const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, asOfMs };
  return { cohort, asOfMs, basis: "COMPUTED", sql: (params) => statements.cohortSql(node, scope, params) };
};

/**
 * The people of a cohort as of its last computation. What is recorded was computed from all events of the tenant, so for a caller from whom data
 * policies hide some the definition is computed anew over the others; so it is, as of now, before the first computation.
 */
export const peopleOf = (
  { cohorts, statements, nowMs }: Deps,
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  cohort: Cohort,
): Promise<CohortPeople> => {
  const { asOfMs } = cohort.computation;
  if (asOfMs !== null && caller.dataPolicy === null) return Promise.resolve(recordedPeople(statements, cohort, asOfMs));
  return computedPeople({ cohorts, statements }, caller, cohort, asOfMs ?? nowMs());
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

/** The people of a cohort that a question names: {@link namedCohort}, then {@link peopleOf}. What breaks down or filters by cohorts asks here. */
export const namedPeople = async (
  deps: Deps,
  caller: Pick<Caller, "tenantId" | "dataPolicy">,
  id: string,
  where: string,
): Promise<CohortPeople> => peopleOf(deps, caller, await namedCohort(deps.cohorts, caller, id, where));
