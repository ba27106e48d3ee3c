import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../../testing/cohort-room.ts";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { behindIn, explainIn } from "../../../testing/explained.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { cohortChange } from "./cohort-change.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let room: CohortRoom;
let graph: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  // Far behind the clocks of other tests: none of them computes these cohorts.
  room = openCohortRoom(Date.UTC(2017, 5, 10));
  graph = openDashboardRoom();
  await graph.open();
});
afterAll(async () => {
  await graph.close();
  await room.close();
});

test("The change of a cohort is that of the people of its computations, of which nothing is kept before the first", async () => {
  const tenantId = freshTenantId();
  const caller = managerOf(tenantId);
  const startMs = room.clock.nowMs;
  await storeEvents(room.world.writer, tenantId, [
    eventOf("ada", "buy", startMs - 1.5 * DAY_MS),
    eventOf("bob", "buy", startMs - 2.5 * DAY_MS),
    eventOf("cyd", "buy", startMs + DAY_MS),
  ]);
  const definition = { did: { event: { events: ["buy"] }, within: { last: "P3D" } } };
  const cohort = await room.created(caller, "explained buyers", definition);
  await room.computeAll();
  room.clock.nowMs = startMs + 2 * DAY_MS;
  await room.computeAll();
  const deps = { cohorts: room.cohorts, nowMs: () => room.clock.nowMs };
  const input = { cohort: cohort.id };
  const span = { fromMs: startMs + DAY_MS, toMs: startMs + 2 * DAY_MS };
  const read = async (name: string, back: number): Promise<readonly [number, number | undefined]> => {
    const change = await cohortChange(deps, {
      caller,
      input,
      value: { name },
      timeZone: "UTC",
      span,
      held: [],
      choices: [],
    });
    const one = { fromMs: span.fromMs - back * DAY_MS, toMs: span.toMs - back * DAY_MS };
    const { whole } = await change.read({ span: one, conditions: [], dimensions: [], signal: undefined });
    expect(await change.behind([], 5)).toBeNull();
    return [whole.value, whole.seen];
  };
  // In the second day ada and bob have left and cyd has joined; of the day before the first computation nothing is kept.
  expect([await read("size", 0), await read("joined", 0), await read("left", 0)]).toEqual([
    [1, 1],
    [1, 1],
    [2, 1],
  ]);
  expect([await read("size", 1), await read("joined", 1)]).toEqual([
    [2, 2],
    [0, 2],
  ]);
  expect(await read("size", 3)).toEqual([0, 0]);
  // The second day ends with a computation, the first began with one, and before that there was none.
  expect([await read("ageSeconds", 0), await read("ageSeconds", 1), await read("ageSeconds", 3)]).toEqual([
    [0, 1],
    [86_400, 1],
    [0, 0],
  ]);
});

test("A change leads to the cohort whose size it is, and to those that the question's filters name", async () => {
  const caller = person(undefined, [], ["analytics:read", "cohorts:manage"]);
  const source = `mutation ($name: String!) { createCohort(input: { name: $name, definition: { did: { event: { events: ["buy"] } } } }) {
    ... on CohortSaved { cohort { id } } } }`;
  const shape = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
  const created = async (name: string) => shape.parse(await graph.ask(caller, source, { name })).createCohort.cohort.id;
  const [own, filtered] = [await created("buyers"), await created("others")];
  const span = { from: "2025-10-15T00:00:00Z", to: "2025-10-16T00:00:00Z" };
  const sizes = { question: { cohortSizes: { cohort: own, range: span } }, ...span };
  const found = await behindIn(graph, caller, sizes);
  expect(found).toMatchObject({ cohorts: [{ id: own, name: "buyers" }], events: { events: [] } });
  expect(await explainIn(graph, caller, sizes)).toMatchObject({
    outcome: "TOO_LITTLE_BEFORE",
    searched: [],
    slices: [],
  });
  const age = { ...sizes, value: { name: "ageSeconds" } };
  expect(await behindIn(graph, caller, age)).toMatchObject({
    ...{ cohorts: [{ id: own, name: "buyers" }], events: { events: [] }, impact: null },
  });
  const olap = {
    range: span,
    measures: [{ name: "n", function: "COUNT" }],
    filter: { or: [{ inCohort: { cohort: filtered } }, { inCohort: { cohort: own } }] },
  };
  const named = await behindIn(graph, caller, { question: { olap }, ...span });
  expect(named.cohorts.map(({ name }) => name).toSorted()).toEqual(["buyers", "others"]);
  const days = { question: { activeUsers: { event: {}, cohort: own, range: span } }, ...span };
  expect((await behindIn(graph, caller, days)).cohorts).toEqual([{ id: own, name: "buyers" }]);
});
