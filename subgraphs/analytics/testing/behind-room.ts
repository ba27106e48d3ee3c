import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { COHORT_KEPT } from "../src/domain/cohort.ts";
import type { ReadBehindDeps } from "../src/operations/behind/behind-answer.ts";
import type { BehindInput } from "../src/operations/behind/behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "../src/operations/behind/read-behind.ts";
import { createAnalyticsStore } from "../src/store/analytics-store.ts";
import { behaviourStatements } from "../src/store/behaviour-statements.ts";
import { createFunnelStore } from "../src/store/funnel-store.ts";
import { createPathsStore } from "../src/store/paths-store.ts";
import { createExpectationStore } from "../src/store/quality/expectation-store.ts";
import { createQualityStore } from "../src/store/quality/quality-store.ts";
import { createFraudStore } from "../src/store/fraud/fraud-store.ts";
import { createCohortStore } from "../src/store/cohort-store.ts";
import { createDefinitionStore } from "../src/store/semantic/definition-store.ts";
import { countHere } from "./count-here.ts";
import { personOf } from "./reference-behaviour.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

/** What a reference says is behind a number. */
interface Expected {
  readonly units: number;
  readonly ids: readonly string[];
}

const nameOf = ({ userId, anonymousId }: { userId: string | null; anonymousId: string | null }): string =>
  personOf({
    id: "",
    name: "",
    timeMs: 0,
    ...(userId === null ? {} : { userId }),
    ...(anonymousId === null ? {} : { anonymousId }),
  }) ?? "";

/** People with how many events and the first and last of them, by the reference; events of one moment in order of their ids. */
const peopleOf = (events: readonly TestEvent[], ids: ReadonlySet<string>) => {
  const people = new Map<string, TestEvent[]>();
  for (const event of events) {
    const person = personOf(event);
    if (person !== null && ids.has(event.id)) people.set(person, [...(people.get(person) ?? []), event]);
  }
  return people;
};

const eventIds = async (
  deps: ReadBehindDeps,
  caller: Caller,
  of: BehindInput,
  first: number,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await behindEvents(deps)(caller, of, { first, after });
    ids.push(...page.edges.map(({ node }) => node.id));
    ({ hasNextPage: more, endCursor: after } = page.pageInfo);
  }
  return ids;
};

const peopleBehind = async (deps: ReadBehindDeps, caller: Caller, of: BehindInput, first: number) => {
  const people = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await behindPeople(deps)(caller, of, { first, after });
    people.push(...page.nodes);
    ({ hasNextPage: more, endCursor: after } = page);
  }
  return people;
};

/** Everything behind a number, over all pages of so many. */
const readBehind = async (deps: ReadBehindDeps, caller: Caller, of: BehindInput, first = 7) => {
  const [ids, people] = [await eventIds(deps, caller, of, first), await peopleBehind(deps, caller, of, first)];
  const { units, people: persons, events } = await behindCounts(deps)(caller, of);
  return { ids, people, counts: { units, people: persons, events } };
};

/** What is told behind a number beside what a reference says, in the same words. */
const compare = async (
  deps: ReadBehindDeps,
  caller: Caller,
  {
    known,
    of,
    expected,
  }: { readonly known: readonly TestEvent[]; readonly of: BehindInput; readonly expected: Expected },
) => {
  const told = await readBehind(deps, caller, of);
  const people = peopleOf(known, new Set(expected.ids));
  const times = new Map(known.map(({ id, timeMs }) => [id, timeMs]));
  const moments = told.ids.map((id) => times.get(id) ?? 0);
  const span = (name: string): readonly number[] => {
    const own = (people.get(name) ?? []).map(({ timeMs }) => timeMs);
    return [Math.min(...own), Math.max(...own)];
  };
  return {
    told: {
      ...{ of, moments, ids: told.ids.toSorted(), counts: told.counts },
      people: told.people
        .map((one) =>
          [nameOf(one), one.events, times.get(one.firstEventId ?? ""), times.get(one.lastEventId ?? "")].join(" "),
        )
        .toSorted(),
    },
    expected: {
      ...{ of, moments: moments.toSorted((a, b) => b - a), ids: expected.ids.toSorted() },
      counts: { units: expected.units, people: people.size, events: expected.ids.length },
      people: [...people].map(([name, own]) => [name, own.length, ...span(name)].join(" ")).toSorted(),
    },
  };
};

/** What is behind numbers over the engines of this test run, by a clock that stands. */
export const openBehindRoom = (now: number) => {
  const world = openTestResources();
  const { eventStore, sql } = world.resources;
  const nowMs = (): number => now;
  const deps = {
    ...{ eventStore, nowMs, statements: behaviourStatements, features: everyFeature },
    store: createAnalyticsStore(eventStore),
    ...{ funnels: createFunnelStore(eventStore), paths: createPathsStore(eventStore), counting: countHere },
    cohorts: createCohortStore({ ...world.resources, kept: COHORT_KEPT }),
    definitions: createDefinitionStore({ sql, nowMs }),
    ...{ expectations: createExpectationStore({ sql, nowMs }), fraud: createFraudStore(eventStore) },
    quality: createQualityStore(eventStore),
  };
  return {
    deps,
    readBehind: (caller: Caller, of: BehindInput) => readBehind(deps, caller, of),
    compare: (caller: Caller, known: readonly TestEvent[], of: BehindInput, expected: Expected) =>
      compare(deps, caller, { known, of, expected }),
    /** A caller who may see personal data, of a fresh tenant with some events. */
    stored: async (events: readonly TestEvent[]): Promise<Caller> => {
      const tenantId = freshTenantId();
      if (events.length > 0) await storeEvents(world.writer, tenantId, events);
      return callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
    },
    close: () => world.close(),
  };
};

/** What {@link openBehindRoom} opens. */
export type BehindRoom = ReturnType<typeof openBehindRoom>;
