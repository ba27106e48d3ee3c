import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { TimeSeriesInput } from "../domain/query.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { bucketLabel, referenceGroups } from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryTimeSeries } from "./query-time-series.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const HOUR_MS = 3_600_000;

const ask = (tenantId: TenantId, input: TimeSeriesInput, nowMs = Date.UTC(2027, 0, 1)) =>
  queryTimeSeries({
    features: everyFeature,
    store: createAnalyticsStore(world.resources.eventStore),
    nowMs: () => nowMs,
  })(callerWith(tenantId, ["analytics:read"]), input);

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

/** An event every 20 minutes over ten days around a moment, so that every bucket of an hour holds some. */
const dense = (aroundMs: number): readonly TestEvent[] =>
  Array.from({ length: 720 }, (_event, index) => ({
    id: randomUUID(),
    name: index % 3 === 0 ? "buy" : "view",
    timeMs: aroundMs - 5 * 24 * HOUR_MS + index * 20 * 60_000,
    userId: `u${index % 50}`,
    ...(index % 7 === 0 ? {} : { country: index % 2 === 0 ? "DE" : "US" }),
  }));

describe("timeSeries", () => {
  test.each([
    ["Europe/Berlin", "2026-03-29T01:00:00Z", 23],
    ["Europe/Berlin", "2026-10-25T01:00:00Z", 25],
    ["America/New_York", "2026-03-08T07:00:00Z", 23],
    ["America/New_York", "2026-11-01T06:00:00Z", 25],
    ["Asia/Kathmandu", "2026-03-29T01:00:00Z", 24],
  ])("a day in %s around %s has %d hours, and its bucket the events of them all", async (timeZone, text, hours) => {
    const aroundMs = Date.parse(text);
    const tenantId = await stored(dense(aroundMs));
    const range = {
      from: new Date(aroundMs - 3 * 24 * HOUR_MS).toISOString(),
      to: new Date(aroundMs + 3 * 24 * HOUR_MS).toISOString(),
    };
    const answer = await ask(tenantId, { range, granularity: "DAY", timeZone, measures: [{ function: "COUNT" }] });
    const label = bucketLabel(aroundMs, "DAY", timeZone);
    const index = answer.buckets.findIndex((bucket) => bucket.startsWith(label));
    const counts = answer.lines[0]?.columns.map(valuesOf)[0] ?? [];
    expect(counts[index]).toBe(hours * 3);
    expect(Date.parse(answer.buckets[index + 1] ?? "") - Date.parse(answer.buckets[index] ?? "")).toBe(hours * HOUR_MS);
  });

  test("an hour that the clock repeats is two buckets, and one it skips is none", async () => {
    const tenantId = await stored(dense(Date.parse("2026-10-25T01:00:00Z")));
    const measures = [{ function: "COUNT" }] as const;
    const autumn = await ask(tenantId, {
      range: { from: "2026-10-25T00:00:00+02:00", to: "2026-10-25T05:00:00+01:00" },
      granularity: "HOUR",
      timeZone: "Europe/Berlin",
      measures,
    });
    expect(autumn.buckets.map((bucket) => bucket.slice(11))).toEqual([
      "00:00:00+02:00",
      "01:00:00+02:00",
      "02:00:00+02:00",
      "02:00:00+01:00",
      "03:00:00+01:00",
      "04:00:00+01:00",
    ]);
    const spring = await ask(tenantId, {
      range: { from: "2026-03-29T00:00:00+01:00", to: "2026-03-29T05:00:00+02:00" },
      granularity: "HOUR",
      timeZone: "Europe/Berlin",
      measures,
    });
    expect(spring.buckets.map((bucket) => bucket.slice(11))).toEqual([
      "00:00:00+01:00",
      "01:00:00+01:00",
      "03:00:00+02:00",
      "04:00:00+02:00",
    ]);
  });

  test.each(["WEEK", "MONTH", "QUARTER", "YEAR"] as const)(
    "%s buckets begin where the calendar says and hold what the reference says",
    async (granularity) => {
      const events = [...dense(Date.parse("2026-01-01T00:00:00Z")), ...dense(Date.parse("2024-02-29T12:00:00Z"))];
      const tenantId = await stored(events);
      const input = {
        range: { from: "2023-11-15T08:30:00Z", to: "2026-04-02T00:00:00Z" },
        granularity,
        timeZone: "America/New_York",
        measures: [{ function: "COUNT" }, { function: "UNIQUES", of: "persons" }],
      } as const;
      const answer = await ask(tenantId, input);
      const expected = new Map(referenceGroups(events, input).map((row) => [row.label, row.measures]));
      const columns = answer.lines[0]?.columns.map(valuesOf) ?? [];
      answer.buckets.forEach((bucket, index) => {
        const label = bucketLabel(Date.parse(bucket), granularity, "America/New_York");
        expect([bucket, ...columns.map((column) => column[index])]).toEqual([
          bucket,
          ...(expected.get(label) ?? [0, 0]),
        ]);
        expected.delete(label);
      });
      expect([...expected.keys()]).toEqual([]);
    },
  );

  test("buckets without events are there: counts and sums are zero, means unknown", async () => {
    const tenantId = await stored([
      { id: randomUUID(), name: "a", timeMs: Date.parse("2026-05-03T10:00:00Z"), revenue: "2.50", currency: "EUR" },
    ]);
    const answer = await ask(tenantId, {
      range: { from: "2026-05-02T00:00:00Z", to: "2026-05-05T00:00:00Z" },
      granularity: "DAY",
      measures: [
        { function: "COUNT" },
        { function: "SUM", of: "revenue", currency: "EUR" },
        { function: "AVG", of: "revenue", currency: "EUR" },
      ],
    });
    expect(answer.lines.flatMap(({ columns }) => columns.map(valuesOf))).toEqual([
      [0, 1, 0],
      ["0", "2.5", "0"],
      [null, 2.5, null],
    ]);
    expect(answer.totals.map(valuesOf)).toEqual([[1], ["2.5"], [2.5]]);
  });

  test("a bucket is complete when the range covers it wholly and it has ended", async () => {
    const answer = await ask(
      freshTenantId(),
      {
        range: { from: "2026-05-01T06:00:00Z", to: "2026-05-05T00:00:00Z" },
        granularity: "DAY",
        measures: [{ function: "COUNT" }],
      },
      Date.parse("2026-05-04T12:00:00Z"),
    );
    expect(answer.complete).toEqual([false, true, true, false]);
  });

  test("splitBy gives the greatest lines, each with its totals, keeps a missing value apart, and says when there were more", async () => {
    const events = dense(Date.parse("2026-06-01T00:00:00Z"));
    const tenantId = await stored(events);
    const input = {
      range: { from: "2026-05-20T00:00:00Z", to: "2026-06-10T00:00:00Z" },
      granularity: "DAY",
      measures: [{ function: "COUNT" }],
    } as const;
    for (const [splitBy, maxLines] of [
      [["country"], 2],
      [["country", "name"], 3],
      [["country"], 10],
    ] as const) {
      const answer = await ask(tenantId, { ...input, splitBy, maxLines });
      const expected = referenceGroups(events, { ...input, granularity: "NONE", dimensions: splitBy });
      const sizes = expected.map(({ measures }) => Number(measures[0])).toSorted((a, b) => b - a);
      expect(answer.lines.map(({ totals }) => totals.map(valuesOf)[0]?.[0])).toEqual(sizes.slice(0, maxLines));
      expect(answer.hasMoreLines).toBe(sizes.length > maxLines);
      for (const { values, columns, totals } of answer.lines) {
        const line = expected.find(({ dimensions }) => JSON.stringify(dimensions) === JSON.stringify(values));
        expect(totals.map(valuesOf)[0]).toEqual(line?.measures);
        const sum = (columns.map(valuesOf)[0] ?? []).reduce<number>((total, value) => total + Number(value), 0);
        expect(sum).toBe(line?.measures[0]);
      }
      expect(answer.totals.map(valuesOf)).toEqual([[events.length]]);
    }
  });
});
