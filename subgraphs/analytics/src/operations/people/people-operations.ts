import type { Caller } from "@tessera/contracts/caller";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { PeopleStatements } from "../../store/people/people-statements-of-events.ts";
import type { PeopleStore } from "../../store/people/people-store-types.ts";
import {
  keyOf,
  linkVisitor,
  mergePeople,
  unmergePeople,
  type ChangeDeps,
  type PeopleOutcome,
} from "./change-people.ts";
import { erasePerson, findErasure, listErasures, type ErasureDeps } from "./erase-person.ts";
import { findPeople, type Person } from "./find-people.ts";
import {
  findGroup,
  groupActivity,
  groupCohorts,
  groupPeople,
  groupTraits,
  listGroups,
  personGroups,
  setGroupTraits,
} from "./groups.ts";
import { listPeople, type ListPeopleDeps } from "./list-people.ts";
import { numbered } from "./number-people.ts";
import {
  identityHistory,
  personCohorts,
  personIdentities,
  personRevenue,
  personTimeline,
  personTraits,
  type ReadPersonDeps,
} from "./read-person.ts";
import { setTraits, type TraitDeps } from "./set-traits.ts";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { BehaviourStatements } from "../../store/behaviour-statements.ts";
import { resolveNames, type NamingDeps } from "../in-cohort.ts";
import { tellingUses } from "../telling-uses.ts";
import type { DimensionDeps } from "../semantic/own-dimensions.ts";
import { copyPeople } from "./copy-people.ts";
import { linkSeenWith, type SeenPair } from "./link-seen.ts";
import { identityRules, setIdentityRules } from "./identity-rules.ts";

/** What people need. */
export interface PeopleDeps extends ChangeDeps, TraitDeps, ListPeopleDeps, ReadPersonDeps, ErasureDeps {
  readonly sql: TenantSql;
  readonly peopleStatements: PeopleStatements;
  readonly people: PeopleStore;
  readonly statements: BehaviourStatements;
  readonly longQueries: Pick<LongQueryStore, "insert">;
}

/** Links a visitor with a user, and keeps what is said of the user. */
const identify =
  (deps: PeopleDeps) =>
  async (
    caller: Caller,
    input: { readonly userId: string; readonly anonymousId: string; readonly traits?: unknown },
  ): Promise<PeopleOutcome> => {
    const outcome = await linkVisitor(deps)(caller, input);
    const { traits = null, userId } = input;
    if (traits !== null) await setTraits(deps)(caller, { userId, set: traits });
    return outcome;
  };

/** Answers `people`, whose filters may name cohorts and dimensions of the tenant's own. */
const people =
  (deps: PeopleDeps & NamingDeps): ReturnType<typeof listPeople> =>
  async (caller, asked, signal) =>
    listPeople(deps)(caller, { ...asked, input: await resolveNames(deps, caller, asked.input) }, signal);

/** Answers `personOf`. */
const personOf =
  (deps: PeopleDeps) =>
  async (caller: Caller, input: Parameters<typeof keyOf>[0], signal?: AbortSignal): Promise<Person | null> => {
    const [known] = await numbered(deps, caller.tenantId, [keyOf(input, "input")]);
    const [found] = await findPeople(deps)(caller, known === undefined ? [] : [known.person], signal);
    return found ?? null;
  };

/** Links visitors with the users that events show them as, and tells the event store at once. */
const linkSeen =
  (deps: PeopleDeps) =>
  async (tenantId: TenantId, pairs: readonly SeenPair[]): Promise<void> => {
    const link = linkSeenWith(deps);
    if (await deps.sql.transaction(tenantId, (transaction) => link(transaction, tenantId, pairs)))
      await copyPeople(deps)(tenantId);
  };

/** Everything that can be asked of people, bound to its dependencies. */
export const createPeopleOperations = (deps: PeopleDeps & DimensionDeps) => ({
  identify: identify(deps),
  setTraits: setTraits(deps),
  findPeople: findPeople(deps),
  personOf: personOf(deps),
  people: tellingUses(deps, people),
  personRevenue: personRevenue(deps),
  personTimeline: personTimeline(deps),
  personCohorts: personCohorts(deps),
  personTraits: personTraits(deps),
  personIdentities,
  identityHistory: identityHistory(deps),
  group: findGroup,
  groups: listGroups(deps),
  groupActivity: groupActivity(deps),
  groupPeople: groupPeople(deps),
  groupTraits: groupTraits(deps),
  groupCohorts: groupCohorts(deps),
  setGroupTraits: setGroupTraits(deps),
  personGroups: personGroups(deps),
  mergePeople: mergePeople(deps),
  unmergePeople: unmergePeople(deps),
  linkSeen: linkSeen(deps),
  erasePerson: erasePerson(deps),
  personErasure: findErasure(deps),
  personErasures: listErasures(deps),
  identityRules: identityRules(deps),
  setIdentityRules: setIdentityRules(deps),
});
