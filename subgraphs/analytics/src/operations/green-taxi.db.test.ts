import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { createQualityStore } from "../store/quality/quality-store.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { queryEventQuality } from "./quality/query-quality.ts";
import { queryOlap } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const file = fileURLToPath(
  new URL("../../../../../shared/data/green-taxi/green_tripdata_2020-09.csv.gz", import.meta.url),
);
const present = existsSync(file);
const guarded = present ? describe : describe.skip;
const title = (what: string): string => (present ? what : `${what} (skipped: ${file} is not there)`);

/** A trip as it was recorded: a cell that is empty is missing. */
interface Trip {
  readonly timeMs: number;
  readonly vendor: string | null;
  readonly payment: string | null;
  readonly zone: string | null;
  readonly fareCents: number;
  readonly distance: number;
}

const tripOf = (names: readonly string[], line: string): Trip => {
  const cells = line.split(",");
  const cell = (name: string): string | null => cells[names.indexOf(name)] || null;
  return {
    timeMs: Date.parse(`${(cell("lpep_pickup_datetime") ?? "").replace(" ", "T")}Z`),
    ...{ vendor: cell("VendorID"), payment: cell("payment_type"), zone: cell("PULocationID") },
    fareCents: Math.round(Number(cell("fare_amount")) * 100),
    distance: Number(cell("trip_distance")),
  };
};

const readTrips = (): readonly Trip[] => {
  const [head = "", ...lines] = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split(/\r?\n/);
  return lines.map((line) => tripOf(head.split(","), line));
};

/** Events of one insert. */
const BATCH = 30_000;
const SEPTEMBER = { from: "2020-09-01T00:00:00Z", to: "2020-10-01T00:00:00Z" };
const COUNT = { function: "COUNT" } as const;

let world: TestResources;
let tenantId: TenantId;
let trips: readonly Trip[] = [];

beforeAll(async () => {
  if (!present) return;
  world = openTestResources();
  tenantId = freshTenantId();
  trips = readTrips();
  const events = trips.map(({ timeMs, fareCents, distance, ...texts }) => ({
    ...{ id: randomUUID(), name: "trip", timeMs },
    properties: {
      ...{ fare: fareCents / 100, distance },
      ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== null)),
    },
  }));
  for (let start = 0; start < events.length; start += BATCH)
    await storeEvents(world.writer, tenantId, events.slice(start, start + BATCH));
}, 300_000);
afterAll(async () => {
  if (present) await world.close();
});

const caller = () => callerWith(tenantId, ["analytics:read"]);
const olap = (input: Partial<OlapInput>) =>
  queryOlap({
    ...{ features: everyFeature, nowMs: () => Date.now() },
    store: createAnalyticsStore(world.resources.eventStore),
  })(caller(), { range: SEPTEMBER, measures: [COUNT], ...input });
const within = ({ from, to }: typeof SEPTEMBER) =>
  trips.filter(({ timeMs }) => timeMs >= Date.parse(from) && timeMs < Date.parse(to));

/** What a measure is for each key, going through the trips one by one. */
const byKey = (
  some: readonly Trip[],
  keyOf: (trip: Trip) => string | null,
  worth: (trip: Trip) => number,
): ReadonlyMap<string | null, number> => {
  const sums = new Map<string | null, number>();
  for (const trip of some) sums.set(keyOf(trip), (sums.get(keyOf(trip)) ?? 0) + worth(trip));
  return sums;
};
const answered = async (input: Partial<OlapInput>): Promise<ReadonlyMap<unknown, unknown>> => {
  const [keys = [], values = []] = (await olap(input)).columns.map(valuesOf);
  return new Map(keys.map((key, row) => [key, values[row]]));
};

guarded(title("88,000 real taxi trips, untidy as they are"), () => {
  test("trips by vendor, where two in five name none", async () => {
    const wanted = byKey(
      within(SEPTEMBER),
      ({ vendor }) => vendor,
      () => 1,
    );
    expect(await answered({ dimensions: ["properties.vendor"] })).toEqual(wanted);
    expect(new Set(wanted.keys())).toEqual(new Set(["1", "2", null]));
  });

  test("fares by way of payment, those below nothing included", async () => {
    const wanted = byKey(
      within(SEPTEMBER),
      ({ payment }) => payment,
      ({ fareCents }) => fareCents,
    );
    const fares = { function: "SUM", of: "properties.fare" } as const;
    const found = await answered({ dimensions: ["properties.payment"], measures: [fares] });
    expect(new Map([...found].map(([key, sum]) => [key, Math.round(Number(sum) * 100)]))).toEqual(wanted);
    const negative = await olap({ filter: { field: "properties.fare", lt: 0 } });
    const wantedNegative = within(SEPTEMBER).filter(({ fareCents }) => fareCents < 0).length;
    expect(negative.totals.map(valuesOf)).toEqual([[wantedNegative]]);
    expect(wantedNegative).toBeGreaterThan(100);
  });

  test("the busiest zones of every day of the week", async () => {
    const answer = await olap({ dimensions: ["time.dayOfWeek", "properties.zone"], limit: 10_000 });
    const [days = [], zones = [], counts = []] = answer.columns.map(valuesOf);
    const found = new Map(counts.map((count, row) => [`${String(days[row])} ${String(zones[row])}`, count]));
    const dayOf = (timeMs: number): number => new Date(timeMs).getUTCDay() || 7;
    const wanted = byKey(
      within(SEPTEMBER),
      ({ timeMs, zone }) => `${dayOf(timeMs)} ${String(zone)}`,
      () => 1,
    );
    expect(found).toEqual(wanted);
  });
});

guarded(title("distances, clocks and quality of 88,000 real taxi trips"), () => {
  test("distances: quantiles with linear interpolation, the least and the greatest", async () => {
    const levels = [0.25, 0.5, 0.9, 0.99];
    const sorted = within(SEPTEMBER)
      .map(({ distance }) => distance)
      .toSorted((one, other) => one - other);
    const quantile = (level: number): number => {
      const place = level * (sorted.length - 1);
      const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
      return below + (above - below) * (place - Math.floor(place));
    };
    const of = "properties.distance";
    const { totals } = await olap({
      measures: [
        { function: "QUANTILES", of, levels, exact: true },
        { function: "MIN", of },
        { function: "MAX", of },
      ],
    });
    const wanted = [...levels.map(quantile), sorted[0], sorted.at(-1)];
    totals.map(valuesOf).forEach(([value], place) => expect(value).toBeCloseTo(wanted[place] ?? Number.NaN, 6));
    expect(totals).toHaveLength(wanted.length);
  });

  test.each([
    ["2008", "2008-01-01T00:00:00Z", "2009-01-01T00:00:00Z"],
    ["2009", "2009-01-01T00:00:00Z", "2010-01-01T00:00:00Z"],
    ["the days around", "2020-08-01T00:00:00Z", "2020-11-01T00:00:00Z"],
    ["2041", "2041-01-01T00:00:00Z", "2042-01-01T00:00:00Z"],
  ])("pickups that clocks put in %s are found there", async (_name, from, to) => {
    const { totals } = await olap({ range: { from, to } });
    expect(totals.map(valuesOf)).toEqual([[within({ from, to }).length]]);
    expect(within({ from, to }).length).toBeGreaterThan(0);
  });

  test("what is expected of trips, and how many are so", async () => {
    const quality = { quality: createQualityStore(world.resources.eventStore), nowMs: () => Date.now() };
    const { expectations } = await queryEventQuality(quality)(caller(), {
      range: SEPTEMBER,
      event: { events: ["trip"] },
      expect: [
        { name: "vendor", present: { field: "properties.vendor" } },
        { name: "fare", valid: { field: "properties.fare", gte: 0 } },
      ],
    });
    const own = within(SEPTEMBER);
    expect(expectations.map(({ tested, passed }) => ({ tested, passed }))).toEqual([
      { tested: own.length, passed: own.filter(({ vendor }) => vendor !== null).length },
      { tested: own.length, passed: own.filter(({ fareCents }) => fareCents >= 0).length },
    ]);
  });
});
