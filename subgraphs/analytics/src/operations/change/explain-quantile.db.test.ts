import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { person } from "../../../testing/dashboard-room.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2026-09-16T13:00:00Z");
const A_SPAN = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + HOUR_MS).toISOString() };

/** Loads of pages in the same hour of five weeks: in the last those on phones in France take three times as long, and every ninth tells no time. */
const loads: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  ["DE", "FR", "US"].flatMap((country, c) =>
    ["desktop", "mobile"].flatMap((device, d) =>
      Array.from({ length: 60 + ((back * 5 + c * 3 + d) % 7) }, (_, index): TestEvent => {
        const slow = back === 0 && country === "FR" && device === "mobile" ? 3 : 1;
        const ms = slow * (80 + ((index * 37 + back * 11 + c * 7 + d * 5) % 101));
        return {
          ...{ id: randomUUID(), name: "load", country, device, userId: `u${(index * 13 + c) % 40}` },
          timeMs: FROM_MS - back * WEEK_MS + ((index * 41 + c * 17 + d * 7) % 3_600) * 1_000,
          properties: index % 9 === 4 ? { ms: "none" } : { ms },
          ...{ revenue: (ms / 100).toFixed(2), currency: index % 4 === 0 ? "USD" : "EUR" },
        };
      }),
    ),
  ),
);

const { caller, room } = explainedRoom(loads);
const stranger = person();

const of = (back: number): readonly TestEvent[] =>
  loads.filter(({ timeMs }) => Math.round((FROM_MS - timeMs) / WEEK_MS) === back);

/** Between two numbers in proportion (Hyndman and Fan, 1996, type 7). */
const quantile = (numbers: readonly number[], level: number): number => {
  const ordered = numbers.toSorted((one, other) => one - other);
  const at = (ordered.length - 1) * level;
  const [low, high] = [ordered[Math.floor(at)] ?? 0, ordered[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
};

type Read = (event: TestEvent) => readonly number[];
const msOf: Read = ({ properties }) => (typeof properties?.["ms"] === "number" ? [properties["ms"]] : []);
const eurosOf: Read = ({ revenue, currency }) => (currency === "EUR" ? [Number(revenue)] : []);

/** What is to be told of a quantile: the median of the weeks before, and the shares beyond it, then and now, of the events that pass. */
const meant = (read: Read, level: number) => {
  const before = [1, 2, 3, 4].map((back) => quantile(of(back).flatMap(read), level)).toSorted((a, b) => a - b);
  const threshold = ((before[1] ?? 0) + (before[2] ?? 0)) / 2;
  const beyond = (events: readonly TestEvent[]): number => events.flatMap(read).filter((one) => one > threshold).length;
  const known = (events: readonly TestEvent[]): number => events.flatMap(read).length;
  const shares = (passes: (event: TestEvent) => boolean) => {
    const [now, ...then] = [0, 1, 2, 3, 4].map((back) => of(back).filter(passes));
    const sum = (count: (events: readonly TestEvent[]) => number): number =>
      then.reduce((all, one) => all + count(one), 0);
    return { actual: beyond(now ?? []) / known(now ?? []), expected: sum(beyond) / sum(known) };
  };
  return { threshold, shares };
};

const number = z.number().nullable();
const explained = z.object({
  explainChange: z.object({
    ...{ outcome: z.string(), value: z.string(), actual: number, expected: number, threshold: number },
    slices: z.array(
      z.object({
        conditions: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })),
        ...{ actual: number, expected: number, explains: z.number() },
      }),
    ),
    decompositions: z.array(z.object({ dimension: z.string() })),
  }),
});
const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome value actual expected threshold
  slices { conditions { dimension values } actual expected explains } decompositions { dimension } } }`;
const explain = async (measure: object, part: object = {}, as = caller) => {
  const question = { olap: { range: A_SPAN, measures: [measure] } };
  const input = { question, ...A_SPAN, dimensions: ["country", "device"], ...part };
  return explained.parse(await room().ask(as, EXPLAIN, { input })).explainChange;
};
const SLOWEST = { name: "ms", function: "QUANTILES", of: "properties.ms", levels: [0.5, 0.9], exact: true };
const isSlow = ({ country, device }: TestEvent): boolean => country === "FR" && device === "mobile";

describe("explainChange of a quantile", () => {
  test("tells which slices have more numbers beyond what it was before, and how many of each were", async () => {
    const { threshold, shares } = meant(msOf, 0.9);
    const answer = await explain(SLOWEST, { value: { name: "ms_p90" } });
    expect(answer).toMatchObject({ outcome: "EXPLAINED", value: "ms_p90" });
    expect(answer.threshold).toBeCloseTo(threshold, 9);
    expect(answer.actual).toBeCloseTo(shares(() => true).actual, 9);
    expect(answer.expected).toBeCloseTo(shares(() => true).expected, 9);
    const [slice] = answer.slices;
    expect(new Map(slice?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
      new Map([
        ["country", ["FR"]],
        ["device", ["mobile"]],
      ]),
    );
    expect(slice?.actual).toBeCloseTo(shares(isSlow).actual, 9);
    expect(slice?.expected).toBeCloseTo(shares(isSlow).expected, 9);
    expect(answer.decompositions.map(({ dimension }) => dimension)).toEqual(["country", "device"]);
  });

  test("is of the numbers that the quantile is of: of a currency, and of events that pass its filter", async () => {
    const { threshold, shares } = meant(eurosOf, 0.5);
    const euros = { name: "eur", function: "QUANTILES", of: "revenue", currency: "EUR", levels: [0.5], exact: true };
    const answer = await explain(euros);
    expect(answer.threshold).toBeCloseTo(threshold, 9);
    expect(answer.actual).toBeCloseTo(shares(() => true).actual, 9);
    const filtered = meant((event) => (event.device === "mobile" ? msOf(event) : []), 0.9);
    const mobile = await explain({ ...SLOWEST, levels: [0.9], filter: { field: "device", eq: "mobile" } });
    expect(mobile.threshold).toBeCloseTo(filtered.threshold, 9);
    expect(mobile.actual).toBeCloseTo(filtered.shares(() => true).actual, 9);
  });

  test("has no threshold where too little was before, and tells nothing of anybody else", async () => {
    expect(await explain(SLOWEST, { value: { name: "ms_p50" } }, stranger)).toMatchObject({
      ...{ outcome: "TOO_LITTLE_BEFORE", threshold: null, actual: null, expected: null, slices: [] },
    });
  });

  test("of anything but a quantile there is none", async () => {
    expect((await explain({ name: "n", function: "COUNT" })).threshold).toBeNull();
  });
});
