import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const FROM_MS = Date.parse("2026-10-24T00:00:00Z");
const DAYS = { from: "2026-10-24T00:00:00Z", to: "2026-10-27T00:00:00Z" };

let room: ReturnType<typeof openDashboardRoom>;
const caller = person();
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  const events = Array.from({ length: 400 }, (_, index) => ({
    ...{ id: randomUUID(), name: "pay", timeMs: FROM_MS + ((index * 7_919) % (72 * 60)) * 60_000 },
    ...{ country: ["DE", "US", "FR", "BR", ""][(index * index) % 5] ?? "", properties: { amount: index % 17 } },
  }));
  await storeEvents(room.world.writer, caller.tenantId, events);
});
afterAll(() => room.close());

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { buckets ends value emptyValue
  series { group { name value } values } } }`;
const watchedShape = z.object({
  watchedSeries: z.object({
    ...{
      buckets: z.array(z.string()),
      ends: z.array(z.string()),
      value: z.string(),
      emptyValue: z.number().nullable(),
    },
    series: z.array(
      z.object({
        group: z.array(z.object({ name: z.string(), value: z.string() })),
        values: z.array(z.number().nullable()),
      }),
    ),
  }),
});
const watch = async (question: object, value: object = {}) => {
  const input = { question, value, ...DAYS, granularity: "DAY" };
  return watchedShape.parse(await room.ask(caller, WATCH, { input })).watchedSeries;
};

const VELOCITY = `query ($input: VelocityInput!) { velocity(input: $input) { entities top { entity peak } } }`;
const velocity = { event: {}, by: "country", distinct: "properties.amount", within: "PT6H", moreThan: 7 };
const RINGS = `query ($input: RingsInput!) { rings(input: $input) { ringCount memberCount largest } }`;
const rings = { of: "country", through: ["properties.amount"], sharedByAtMost: 3, minMembers: 2 };

test("Velocity is watched as it is asked for a bucket: how many entities, or a series for each that is beyond the bound", async () => {
  const entities = await watch({ velocity: { ...velocity, range: DAYS } });
  const peaks = await watch({ velocity: { ...velocity, range: DAYS } }, { name: "peak" });
  expect([entities.value, entities.emptyValue, peaks.emptyValue]).toEqual(["entities", 0, 0]);
  expect(peaks.series.map(({ group }) => group[0]?.name)).toEqual(peaks.series.map(() => "country"));
  for (const [at, from] of entities.buckets.entries()) {
    const range = { from, to: entities.ends[at] ?? "" };
    const told = peaks.series
      .map(({ group, values }) => ({ entity: group[0]?.value ?? "", peak: values[at] ?? 0 }))
      .filter(({ peak }) => peak > 0)
      .toSorted((one, other) => other.peak - one.peak || (one.entity < other.entity ? -1 : 1));
    expect(await room.ask(caller, VELOCITY, { input: { ...velocity, range } })).toEqual({
      velocity: { entities: entities.series[0]?.values[at], top: told },
    });
  }
});

test("Rings are watched as they are asked for a bucket: how many, of how many members, and how large the largest is", async () => {
  const numbers = ["rings", "members", "largest"] as const;
  const [count, members, largest] = await Promise.all(
    numbers.map((name) => watch({ rings: { ...rings, range: DAYS } }, { name })),
  );
  for (const [at, from] of (count?.buckets ?? []).entries()) {
    const range = { from, to: count?.ends[at] ?? "" };
    expect(await room.ask(caller, RINGS, { input: { ...rings, range } })).toEqual({
      rings: {
        ringCount: count?.series[0]?.values[at],
        ...{ memberCount: members?.series[0]?.values[at], largest: largest?.series[0]?.values[at] },
      },
    });
  }
});
