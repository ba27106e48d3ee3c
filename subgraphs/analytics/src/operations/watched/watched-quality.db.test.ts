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
  const events = Array.from({ length: 400 }, (_, index) => {
    const timeMs = FROM_MS + ((index * 7_919) % (72 * 60)) * 60_000;
    // From the second day on scores are higher, some are missing, and what comes is late.
    const later = timeMs >= FROM_MS + 86_400_000;
    return {
      ...{ id: randomUUID(), name: "scored", timeMs, receivedAtMs: timeMs + (later ? 90_000 : 1_000) },
      country: ["DE", "US", ""][index % 3] ?? "",
      properties: { ...(index % 7 === 0 && later ? {} : { score: (index % 17) + (later ? 9 : 0) }), order: index % 90 },
    };
  });
  await storeEvents(room.world.writer, caller.tenantId, events);
});
afterAll(() => room.close());

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { buckets ends value emptyValue rising
  series { group { name value } values samples } } }`;
const watchedShape = z.object({
  watchedSeries: z.object({
    ...{ buckets: z.array(z.string()), ends: z.array(z.string()), value: z.string(), rising: z.boolean() },
    emptyValue: z.number().nullable(),
    series: z.array(
      z.object({
        group: z.array(z.object({ name: z.string(), value: z.string() })),
        values: z.array(z.number().nullable()),
        samples: z.array(z.number().nullable()),
      }),
    ),
  }),
});
const watch = async (question: object, name: string | null = null) => {
  const input = { question, ...(name === null ? {} : { value: { name } }), ...DAYS, granularity: "DAY" };
  return watchedShape.parse(await room.ask(caller, WATCH, { input })).watchedSeries;
};

const QUALITY = `query ($input: EventQualityInput!) { eventQuality(input: $input) {
  expectations { name tested passed failed share delay { p50Seconds maxSeconds } } } }`;
const expect_ = [
  { name: "score there", present: { field: "properties.score" }, atLeast: 0.9 },
  { name: "one order", unique: { fields: ["properties.order"] } },
  { name: "soon", timely: { within: "PT1M" } },
];
const expectationShape = z.object({
  ...{ name: z.string(), tested: z.number(), passed: z.number(), failed: z.number(), share: z.number().nullable() },
  delay: z.object({ p50Seconds: z.number(), maxSeconds: z.number() }).nullable(),
});

test("Expectations are watched as they are asked for a bucket: a series for each, and how late events came of those alone that measure it", async () => {
  const question = { eventQuality: { range: DAYS, expect: expect_ } };
  const [share, failed, late] = [
    await watch(question),
    await watch(question, "failed"),
    await watch(question, "delaySecondsP50"),
  ];
  expect([share.value, share.emptyValue, share.rising]).toEqual(["share", null, false]);
  // Of late events, and of those that are not as expected, there are only ever more.
  expect([failed.emptyValue, failed.rising]).toEqual([0, true]);
  expect(late.series.map(({ group }) => group)).toEqual([[{ name: "expectation", value: "soon" }]]);
  const of = (series: (typeof share)["series"], name: string) => series.find(({ group }) => group[0]?.value === name);
  for (const [at, from] of share.buckets.entries()) {
    const range = { from, to: share.ends[at] ?? "" };
    const asked = await room.ask(caller, QUALITY, { input: { expect: expect_, range } });
    const { expectations } = z
      .object({ eventQuality: z.object({ expectations: z.array(expectationShape) }) })
      .parse(asked).eventQuality;
    for (const one of expectations) {
      expect(of(share.series, one.name)?.values[at]).toBe(one.share);
      expect(of(share.series, one.name)?.samples[at]).toBe(one.tested);
      expect(of(failed.series, one.name)?.values[at]).toBe(one.failed);
    }
    expect(late.series[0]?.values[at]).toBe(expectations[2]?.delay?.p50Seconds);
  }
  expect(of(share.series, "soon")?.values).toEqual([1, 0, 0]);
});

const DRIFT = `query ($input: DriftInput!) { drift(input: $input) { psi p jensenShannon samples enough } }`;

test("Drift is watched as it is asked for a bucket, against a reference that stands still or trails", async () => {
  const drift = { range: DAYS, field: "properties.score", kind: "NUMERIC", minSamples: 20 };
  const fixed = { ...drift, reference: { from: DAYS.from, to: "2026-10-25T00:00:00Z" } };
  const trailing = { ...drift, reference: { trailing: "P1D" } };
  const [still, trails] = [await watch({ drift: fixed }), await watch({ drift: trailing }, "jensenShannon")];
  expect([still.value, still.emptyValue, still.rising]).toEqual(["psi", null, false]);
  for (const [at, from] of still.buckets.entries()) {
    const range = { from, to: still.ends[at] ?? "" };
    expect(await room.ask(caller, DRIFT, { input: { ...fixed, range } })).toMatchObject({
      drift: { psi: still.series[0]?.values[at], samples: still.series[0]?.samples[at] },
    });
    expect(await room.ask(caller, DRIFT, { input: { ...trailing, range } })).toMatchObject({
      drift: { jensenShannon: trails.series[0]?.values[at] },
    });
  }
  const [first, second] = still.series[0]?.values ?? [];
  expect(first).toBe(0);
  expect(second).toBeGreaterThan(0.25);
  // Before the first day there is nothing to compare with; the third is like the second.
  expect(trails.series[0]?.values[0]).toBeNull();
  expect(trails.series[0]?.values[2]).toBeLessThan(trails.series[0]?.values[1] ?? 0);
});

test("How late events came can't be watched of expectations that do not measure it", async () => {
  const eventQuality = { range: DAYS, expect: expect_.slice(0, 2) };
  const input = { question: { eventQuality }, value: { name: "delaySecondsMax" }, ...DAYS, granularity: "DAY" };
  const { errors } = await room.answer(caller, WATCH, { input });
  expect(errors).toEqual([
    expect.objectContaining({
      message: expect.stringMatching(/timely/),
      extensions: expect.objectContaining({ code: "BAD_INPUT", field: "input.question.eventQuality.expect" }),
    }),
  ]);
});
