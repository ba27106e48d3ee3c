import type { DataPolicy } from "@tessera/contracts/data-policy";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../../testing/cohort-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { parseWatchedWindow } from "../../domain/watched/watched-window.ts";
import { queryCohortSizes, type CohortSizesAnswer } from "../query-cohort-sizes.ts";
import { watchCohortSizes } from "./watch-cohort.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let room: CohortRoom;
beforeAll(() => {
  // Far behind the clocks of other tests: none of them computes these cohorts.
  room = openCohortRoom(Date.UTC(2018, 0, 10));
});
afterAll(() => room.close());

const deps = () => ({ cohorts: room.cohorts, nowMs: () => room.clock.nowMs });
const inputShape = z.object({ cohort: z.string(), range: z.object({ from: z.string(), to: z.string() }) });
const iso = (ms: number): string => new Date(ms).toISOString();

test("The size of a cohort is watched as it was computed: carried on until the next computation, with who joined and left since, and not yet told while one is under way", async () => {
  const tenantId = freshTenantId();
  const caller = managerOf(tenantId);
  const startMs = room.clock.nowMs;
  await storeEvents(room.world.writer, tenantId, [
    eventOf("ada", "buy", startMs - 1.5 * DAY_MS),
    eventOf("bob", "buy", startMs - 2.5 * DAY_MS),
    eventOf("cyd", "buy", startMs + DAY_MS),
  ]);
  const cohort = await room.created(caller, "watched buyers", {
    did: { event: { events: ["buy"] }, within: { last: "P3D" } },
  });
  await room.computeAll();
  room.clock.nowMs = startMs + 2 * DAY_MS;
  await room.computeAll();
  const range = { from: iso(startMs - DAY_MS), to: iso(startMs + 3 * DAY_MS) };
  const window = parseWatchedWindow({ ...range, granularity: "DAY" });
  const watch = async (name: string) => {
    const asked: CohortSizesAnswer[] = [];
    const read = await watchCohortSizes(
      {
        ...{ caller, kind: "COHORT_SIZES", input: { cohort: cohort.id }, where: "input.question.cohortSizes" },
        ...{ value: { name }, window, maxSeries: 1_000, signal: undefined, saved: false },
      },
      async (input) => {
        const answer = await queryCohortSizes(deps())(caller, inputShape.parse(input));
        asked.push(answer);
        return answer;
      },
    );
    expect(asked).toHaveLength(1);
    return read.points.map(({ point, complete }) => [point.value, complete]);
  };
  // The first tells who is in it, nobody joined; of the second day's end on, ada and bob have left and cyd joined.
  expect(await watch("size")).toEqual([
    [2, true],
    [2, true],
    [1, false],
    [1, false],
  ]);
  expect((await watch("joined")).map(([value]) => value)).toEqual([0, 0, 1, 0]);
  expect((await watch("left")).map(([value]) => value)).toEqual([0, 0, 2, 0]);
  expect((await watch("ageSeconds")).map(([value]) => value)).toEqual([0, 86_400, 0, 86_400]);
  room.clock.nowMs = startMs + 3 * DAY_MS + 1;
  expect((await watch("size")).map(([, complete]) => complete)).toEqual([true, true, true, true]);
  // A computation that has begun and not ended is of its moment, from which on nothing is complete.
  const claimed = await room.cohorts.claimDueAcrossTenants(60, 100);
  expect(claimed.filter((one) => one.cohort.id === cohort.id)).toHaveLength(1);
  room.clock.nowMs = startMs + 9 * DAY_MS;
  expect((await watch("size")).map(([, complete]) => complete)).toEqual([true, true, true, true]);
  const answer = await queryCohortSizes(deps())(caller, { cohort: cohort.id, range });
  expect(answer).toMatchObject({ completeTo: iso(startMs + 3 * DAY_MS + 1), forgotten: false, before: null });
  expect(answer.computations.map(({ size, redefined }) => [size, redefined])).toEqual([
    [2, true],
    [1, false],
  ]);
});

test("A cohort of another tenant is none, and what is kept of everybody is refused where a data policy hides some", async () => {
  const caller = managerOf(freshTenantId());
  const cohort = await room.created(caller, "of one tenant", { did: { event: {} } });
  const range = { from: "2018-01-01T00:00:00Z", to: "2018-02-01T00:00:00Z" };
  const ask = (by: typeof caller) => queryCohortSizes(deps())(by, { cohort: cohort.id, range });
  const refusalOf = (by: typeof caller) => ask(by).catch((error: unknown) => error);
  expect(await ask(caller)).toMatchObject({ cohort: { id: cohort.id }, computations: [], before: null });
  expect(await refusalOf(managerOf(freshTenantId()))).toMatchObject({
    ...{ code: "BAD_INPUT", extras: { field: "input.cohort" } },
  });
  const dataPolicy: DataPolicy = {
    ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
    ...{ masks: {}, salt: "00".repeat(16) },
  };
  expect(await refusalOf({ ...caller, dataPolicy })).toMatchObject({
    ...{ code: "FORBIDDEN", extras: { field: "input.cohort" } },
  });
});
