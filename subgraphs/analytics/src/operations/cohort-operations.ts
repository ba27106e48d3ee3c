import type { Caller } from "@tessera/contracts/caller";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { NowMs } from "@tessera/platform/time/clock";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { Cohort } from "../domain/cohort.ts";
import type { RetentionInput } from "../domain/retention.ts";
import { namesOfMatchers } from "../domain/quality/event-names-read.ts";
import { withRange, type Asked } from "./at-range.ts";
import { withNames } from "./in-cohort.ts";
import { changeCohortList, computeCohort, deleteCohort } from "./change-cohorts.ts";
import { cohortHistory, cohortMembers, cohortMembership, cohortSize, previewCohort } from "./cohort-members.ts";
import { findCohorts, listCohorts } from "./find-cohorts.ts";
import { queryActiveUsers, queryLifecycle, queryStickiness } from "./query-activity.ts";
import { queryRetention } from "./query-retention.ts";
import { createCohort, updateCohort } from "./save-cohort.ts";
import { tellingUses } from "./telling-uses.ts";
import type { UsersDeps } from "./semantic/users-of.ts";
import type { DimensionDeps } from "./semantic/own-dimensions.ts";

/** What cohorts and retention need. */
export interface CohortDeps {
  readonly cohorts: CohortStore;
  readonly eventStore: EventStore;
  readonly statements: BehaviourStatements;
  readonly longQueries: Pick<LongQueryStore, "insert">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Questions about who comes back, bound to their dependencies. */
export const createReturnQuestions = (deps: CohortDeps & DimensionDeps) => ({
  retention: tellingUses(
    deps,
    (of) =>
      (caller: Caller, asked: Asked<RetentionInput>, cohort: Cohort | null = null, signal?: AbortSignal) =>
        withRange(
          of,
          withNames(of, (by, input: RetentionInput) => queryRetention(of)(by, input, cohort, signal)),
        )(caller, asked),
    (_caller, { start, returning }) => namesOfMatchers([start, returning]),
  ),
  stickiness: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryStickiness(of))),
    (_caller, { event }) => namesOfMatchers([event]),
  ),
  lifecycle: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryLifecycle(of))),
    (_caller, { event }) => namesOfMatchers([event]),
  ),
  activeUsers: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryActiveUsers(of))),
    (_caller, { event }) => namesOfMatchers([event]),
  ),
});

/** Everything that can be asked of cohorts, and of who comes back, bound to its dependencies. */
export const createCohortOperations = (deps: CohortDeps & DimensionDeps & UsersDeps) => ({
  findCohorts: findCohorts(deps),
  listCohorts: listCohorts(deps),
  previewCohort: tellingUses(deps, previewCohort),
  cohortSize: cohortSize(deps),
  cohortHistory: cohortHistory(deps),
  cohortMembership: cohortMembership(deps),
  cohortMembers: cohortMembers(deps),
  cohortVersions: (caller: Caller, cohort: Cohort) => deps.cohorts.versions(caller.tenantId, cohort.id),
  cohortUsedBy: (caller: Caller, cohort: Cohort) => deps.cohorts.usedBy(caller.tenantId, cohort.id),
  cohortNamedBy: (caller: Caller, cohort: Cohort) => deps.cohorts.namedBy(caller.tenantId, cohort.id),
  createCohort: createCohort(deps),
  updateCohort: updateCohort(deps),
  deleteCohort: deleteCohort(deps),
  computeCohort: computeCohort(deps),
  changeCohortList: changeCohortList(deps),
  ...createReturnQuestions(deps),
});
