import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import type { Cohort } from "../../domain/cohort.ts";
import { groupField, parseGroupId, parseGroupType } from "../../domain/people/group-type.ts";
import type { TraitTestInput } from "../../domain/people/trait-tests.ts";
import { parseTraits, traitsAfter, TRAIT_LIMITS, type Trait, type TraitsInput } from "../../domain/people/traits.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../../domain/provenance.ts";
import { parseCount } from "../../domain/query.ts";
import { parseAsOf } from "../../domain/retention.ts";
import { parseTimeRange, type TimeRange } from "../../domain/time-range.ts";
import type { GroupCounts } from "../../store/people/groups-sql.ts";
import type { Person } from "./find-people.ts";
import { listPeople, parseTests, type ListPeopleDeps, type PeoplePage } from "./list-people.ts";
import { personCohorts, type CohortsOfDeps } from "./read-person.ts";
import { keepFacts, type TraitDeps } from "./set-traits.ts";

type Maybe<T> = T | null | undefined;

/** Groups on a page. */
const MAX_GROUPS = 1_000;
/** Groups of one type that are told of one person. */
const MAX_GROUPS_OF_PERSON = 100;

/** What groups need. */
export interface GroupDeps
  extends ListPeopleDeps, Omit<TraitDeps, "peopleStatements">, Pick<CohortsOfDeps, "cohorts"> {}

/** A group of a tenant; whether anything is known of it is told by what is asked. */
export interface Group {
  readonly tenantId: TenantId;
  readonly type: string;
  readonly id: string;
}

/** What a group did in a range; as in the SDL. */
export interface GroupActivity extends Omit<GroupCounts, "id"> {
  readonly group: Group;
}

/** A page of groups; as in the SDL. */
export interface GroupPage {
  readonly nodes: readonly GroupActivity[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly provenance: Provenance;
}

const activityOf = (tenantId: TenantId, type: string, { id, ...counts }: GroupCounts): GroupActivity => ({
  group: { tenantId, type, id },
  ...counts,
});

const rangeOf = (input: TimeRangeInput, nowMs: number, where: string): TimeRange =>
  parseTimeRange(absoluteRange(input, nowMs, "UTC", where), where);

/** Answers `group`: names it; what is known of it is read when asked for. */
export const findGroup = (caller: Caller, { type, id }: { readonly type: string; readonly id: string }): Group => ({
  tenantId: caller.tenantId,
  type: parseGroupType(type, "type"),
  id: parseGroupId(id, "id"),
});

/** Answers `Group.activity`; null when the caller may see no event of it in the range. */
export const groupActivity =
  ({ eventStore, peopleStatements, nowMs }: GroupDeps) =>
  async (caller: Caller, group: Group, range: TimeRangeInput, signal?: AbortSignal): Promise<GroupActivity | null> => {
    const asked = {
      ...{ type: { ...group, field: groupField(group.type, "type") }, only: group.id, traits: [] },
      ...{ range: rangeOf(range, nowMs(), "range"), first: 1, after: "" },
    };
    const statement = peopleStatements.groupsStatement(asked);
    const options = signal === undefined ? {} : { signal };
    const { rows } = await eventStore.query(caller, statement, peopleStatements.groupRow, options);
    const [row] = rows;
    return row === undefined ? null : activityOf(caller.tenantId, group.type, row);
  };

/** Answers `groups`: those that did something in a range and are what the tests ask. */
export const listGroups =
  ({ eventStore, peopleStatements, nowMs }: GroupDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly input: {
        readonly type: string;
        readonly range: TimeRangeInput;
        readonly traits?: Maybe<readonly TraitTestInput[]>;
      };
      readonly first: number;
      readonly after?: Maybe<string>;
    },
    signal?: AbortSignal,
  ): Promise<GroupPage> => {
    const { type } = asked.input;
    const asOfMs = nowMs();
    const range = rangeOf(asked.input.range, asOfMs, "input.range");
    const first = parseCount(asked.first, "first", MAX_GROUPS);
    const after = asked.after === null || asked.after === undefined ? "" : parseGroupId(asked.after, "after");
    const statement = peopleStatements.groupsStatement({
      type: { tenantId: caller.tenantId, type, field: groupField(type, "input.type") },
      ...{ range, first, after, only: null },
      traits: parseTests(caller, asked.input.traits ?? []),
    });
    const options = signal === undefined ? {} : { signal };
    const { rows, statistics } = await eventStore.query(caller, statement, peopleStatements.groupRow, options);
    const nodes = rows.slice(0, first).map((row) => activityOf(caller.tenantId, type, row));
    return {
      ...{ nodes, hasNextPage: rows.length > first, endCursor: nodes.at(-1)?.group.id ?? null },
      provenance: provenanceOf(eventsOnly(range), [statistics], asOfMs, "UTC", caller.dataPolicy),
    };
  };

/** Answers `Group.people`: who did something in the group's name in a range. */
export const groupPeople =
  (deps: GroupDeps) =>
  (
    caller: Caller,
    { type, id }: Group,
    asked: { readonly range: TimeRangeInput; readonly first: number; readonly after?: Maybe<string> },
    signal?: AbortSignal,
  ): Promise<PeoplePage> => {
    const { range, ...page } = asked;
    const event = { filter: { field: `properties.groups.${type}`, eq: id } };
    return listPeople(deps)(caller, { input: { range, event }, ...page }, signal);
  };

/** Answers `Person.groups`: groups of a type that the person's events name. */
export const personGroups =
  ({ plainEvents, peopleStatements }: GroupDeps) =>
  async (caller: Caller, person: Person, type: string, signal?: AbortSignal): Promise<readonly GroupActivity[]> => {
    const of = { field: groupField(type, "type") };
    const statement = peopleStatements.groupsOfPersonStatement(person, of, MAX_GROUPS_OF_PERSON);
    const options = signal === undefined ? {} : { signal };
    const { rows } = await plainEvents.query(caller, statement, peopleStatements.groupRow, options);
    return rows.map((row) => activityOf(caller.tenantId, type, row));
  };

/** The number under which what is known of a group is kept. */
const numberOf = async (
  { eventStore, peopleStatements }: GroupDeps,
  { tenantId, type, id }: Group,
): Promise<string> => {
  const statement = peopleStatements.numbersStatement(tenantId, [{ kind: "GROUP", id: `${type}:${id}` }]);
  const { rows } = await eventStore.query(wholeTenant(tenantId), statement, peopleStatements.numberRow);
  const [number] = rows;
  if (number === undefined) throw new Error("The event store numbers every group.");
  return number;
};

/** Answers `Group.traits`: what was said up to a moment makes of them; none under a data policy, which can't judge what is of no event. */
export const groupTraits =
  (deps: GroupDeps) =>
  async (caller: Caller, group: Group, asOf: Maybe<string>, signal?: AbortSignal): Promise<readonly Trait[]> => {
    const { plainEvents, peopleStatements } = deps;
    const asOfMs = parseAsOf(asOf, "asOf", deps.nowMs());
    if (caller.dataPolicy !== null) return [];
    const known = { tenantId: caller.tenantId, numbers: [await numberOf(deps, group)] };
    const statement = peopleStatements.traitFactsStatement(known, asOfMs, TRAIT_LIMITS.facts);
    const options = signal === undefined ? {} : { signal };
    return traitsAfter((await plainEvents.query(caller, statement, peopleStatements.factRow, options)).rows);
  };

/** Answers `Group.cohorts`: those of accounts the group was recorded in last; null for a caller from whom data policies hide events, since records are of all. */
export const groupCohorts =
  (deps: GroupDeps) =>
  async (caller: Caller, group: Group, signal?: AbortSignal): Promise<readonly Cohort[] | null> =>
    personCohorts(deps)(caller, { tenantId: group.tenantId, numbers: [await numberOf(deps, group)] }, signal);

/** Says something of a group; answers how many facts are kept, and of which. */
export const setGroupTraits =
  (deps: GroupDeps) =>
  async (
    caller: Caller,
    input: TraitsInput & { readonly type: string; readonly id: string; readonly at?: Maybe<string> },
  ): Promise<{ readonly facts: number; readonly group: Group }> => {
    const group: Group = {
      tenantId: caller.tenantId,
      type: parseGroupType(input.type, "input.type"),
      id: parseGroupId(input.id, "input.id"),
    };
    const facts = parseTraits(input, parseAsOf(input.at, "input.at", deps.nowMs()), "input");
    const [person, place] = [await numberOf(deps, group), deps.newId()];
    await keepFacts(
      deps,
      caller.tenantId,
      facts.map((fact) => ({ ...fact, person, place })),
    );
    return { facts: facts.length, group };
  };
