import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createHash } from "node:crypto";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import type { Column } from "../domain/columns.ts";
import type { OlapInput, TimeSeriesInput } from "../domain/query.ts";
import { MIN_SAMPLED_PERSONS } from "../domain/sampling.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import {
  referenceEstimate,
  SAMPLED_MEASURES,
  type DrawnUnit,
  type ReferenceEstimate,
} from "../../testing/reference-sample.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";
import { queryTimeSeries } from "./query-time-series.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 4, 1);
const HOURS = 96;
const RANGE = { from: new Date(FROM).toISOString(), to: new Date(FROM + HOURS * HOUR_MS).toISOString() };
const EVENTS = 12_000;
/** The first hash that `events_sample` does not hold. */
const SIXTEENTH = 2n ** 60n;

const draw = (text: string): number => createHash("sha256").update(text).digest().readUInt32BE(0);

/** Events of some 4,000 persons and of nobody known, with sessions and without. */
const events: readonly TestEvent[] = Array.from({ length: EVENTS }, (_event, index) => {
  const number = draw(`sampled:${index}`);
  const id = createHash("md5").update(`sampled:${index}`).digest("hex");
  const who = number % 4_001;
  return {
    id: `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20)}`,
    name: ["page_view", "search", "order"][number % 3] ?? "page_view",
    timeMs: FROM + (number % (HOURS * 3_600)) * 1_000,
    ...(number % 6 === 0 ? {} : who % 2 === 0 ? { userId: `u${who}` } : { anonymousId: `a${who}` }),
    ...(number % 5 === 0 ? {} : { sessionId: `${who}-${number % 2}` }),
    country: ["DE", "FR", "IT"][number % 7] ?? "ES",
    ...(number % 2 === 0
      ? { revenue: ((number % 9_000) / 100).toFixed(2), currency: number % 3 === 0 ? "USD" : "EUR" }
      : {}),
  };
});

const MEASURES = [
  { function: "COUNT", name: "events" },
  { function: "UNIQUES", of: "persons", name: "persons" },
  { function: "UNIQUES", of: "sessions", name: "visits" },
  { function: "SUM", of: "revenue", currency: "EUR", name: "eur" },
  { function: "AVG", of: "revenue", currency: "EUR", name: "mean" },
  { function: "FORMULA", formula: "eur / persons", name: "each" },
  { function: "QUANTILES", of: "revenue", currency: "EUR", levels: [0.5], name: "middle" },
] as const;
/** The columns of the measures, as they are named. */
const NAMES = ["events", "persons", "visits", "eur", "mean", "each", "middle_p50"];

let world: TestResources;
let tenantId: TenantId;
/** What each event is drawn by, and whose it is. */
let drawnBy: ReadonlyMap<string, { readonly unit: bigint; readonly person: bigint }>;

const keyRow = z.object({ id: z.string(), unit: z.string(), whose: z.string() });
beforeAll(async () => {
  world = openTestResources();
  tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  const result = await world.storeOwner.query({
    query: `SELECT toString(event_id) AS id, toString(person) AS whose,
      toString(multiIf(person != 0, person, session_id != '', cityHash64(tenant_id, session_id), cityHash64(event_id))) AS unit
      FROM tessera.events WHERE tenant_id = {tenant: String}`,
    query_params: { tenant: tenantId },
    format: "JSONEachRow",
  });
  const rows = z.array(keyRow).parse(await result.json());
  drawnBy = new Map(rows.map(({ id, unit, whose }) => [id, { unit: BigInt(unit), person: BigInt(whose) }]));
});
afterAll(() => world.close());

const deps = () => ({
  store: createAnalyticsStore(world.resources.eventStore),
  features: everyFeature,
  nowMs: () => Date.UTC(2027, 0, 2),
});
const callerOf = (dataPolicy: DataPolicy | null = null) => ({
  ...callerWith(tenantId, ["analytics:read"]),
  dataPolicy,
});
const ask = (input: Partial<OlapInput>, dataPolicy: DataPolicy | null = null) =>
  queryOlap(deps())(callerOf(dataPolicy), { range: RANGE, measures: MEASURES, ...input });

/** The units of some events that are in a sample of a part of the persons: of the table made for it sessions and single events of nobody known are drawn as well. */
const drawn = (some: readonly TestEvent[], fraction: number): readonly DrawnUnit[] => {
  const parts = Math.round(fraction * 65_536);
  const firstOutside = BigInt(parts) * (2n ** 64n / 65_536n);
  const made = firstOutside <= SIXTEENTH;
  const units = new Map<bigint, TestEvent[]>();
  for (const event of some) {
    const { unit, person } = drawnBy.get(event.id) ?? { unit: 0n, person: 0n };
    const key = made ? unit : person;
    if (key >= firstOutside) continue;
    const known = units.get(key);
    if (known === undefined) units.set(key, [event]);
    else known.push(event);
  }
  const weight = 65_536 / parts;
  return [...units].map(([key, its]) => ({ events: its, weight: key === 0n && !made ? 1 : weight }));
};

const cellsOf = (columns: readonly Column[]): ReadonlyMap<string, readonly (number | null)[]> =>
  new Map(
    columns
      .filter(({ role }) => role === "MEASURE")
      .map((column) => [column.name, valuesOf(column).map((value) => (value === null ? null : Number(value)))]),
  );

const textsIn = (column: Column | undefined): readonly string[] =>
  column === undefined ? [] : valuesOf(column).map((value) => String(value ?? ""));

/** What a group's row says, and its errors say. */
const expectEstimates = (
  columns: readonly Column[],
  errors: readonly Column[],
  row: number,
  units: readonly DrawnUnit[],
): void => {
  const [values, spreads] = [cellsOf(columns), cellsOf(errors)];
  SAMPLED_MEASURES.forEach((measure, index) => {
    const expected: ReferenceEstimate = referenceEstimate(measure, units);
    const name = NAMES[index] ?? "";
    const [value, error] = [values.get(name)?.[row] ?? null, spreads.get(name)?.[row] ?? null];
    expect([name, value === null]).toEqual([name, expected.value === null]);
    if (expected.value === null) return;
    // Whole numbers are rounded, and money has four digits.
    const whole = ["events", "persons", "visits"].includes(measure) ? Math.round(expected.value) : expected.value;
    // A formula computes with the rounded persons.
    if (measure === "each") expect(Math.abs((value ?? NaN) - whole)).toBeLessThanOrEqual(2e-3 * Math.abs(whole));
    else expect(value).toBeCloseTo(whole, 3);
    expect(error).toBeCloseTo(expected.error ?? NaN, 4);
  });
};

const FRACTIONS = [1 / 16, 0.05, 0.25, 0.5] as const;
const DIMENSIONS = [[], ["name"], ["country"], ["name", "country"]] as const;
const valueIn = (event: TestEvent, field: string): string => (field === "name" ? event.name : event.country) ?? "";

describe("a question to a part of the persons", () => {
  test("is answered as the plain reference answers it from the same persons, each row and the totals, with their errors", async () => {
    const question = fc.record({
      sample: fc.constantFrom(...FRACTIONS),
      dimensions: fc.constantFrom(...DIMENSIONS),
      country: fc.constantFrom(null, "DE", "ES", "ES"),
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ sample, dimensions, country }) => {
        const filter = country === null ? null : { field: "country", eq: country };
        const asked = events.filter((event) => country === null || event.country === country);
        const answer = await ask({ sample, dimensions, filter });
        const { sampling, tables, exactness } = answer.provenance;
        expect(exactness).toBe("APPROXIMATE");
        // So few that nothing is estimated from them.
        if (drawn(asked, sample).length < MIN_SAMPLED_PERSONS) {
          expect(sampling).toBeNull();
          return;
        }
        expect(sampling).toMatchObject({ reason: "ASKED", exactRows: null, rowsLeft: null, quota: null });
        expect(sampling?.fraction).toBeCloseTo(sample, 4);
        expect(tables.map(({ table }) => table)).toEqual([sample <= 1 / 16 ? "events_sample" : "events"]);
        expectEstimates(answer.totals, answer.totalStandardErrors, 0, drawn(asked, sample));
        const keys = dimensions.map((_field, index) => textsIn(answer.columns[index]));
        for (let row = 0; row < answer.rowCount; row += 1) {
          const group = asked.filter((event) =>
            dimensions.every((field, index) => valueIn(event, field) === keys[index]?.[row]),
          );
          expectEstimates(answer.columns, answer.standardErrors, row, drawn(group, sample));
        }
      }),
      { numRuns: 16, endOnFailure: true },
    );
  });

  test("is answered of those events alone that a data policy shows", async () => {
    const policy: DataPolicy = {
      ...{ allow: { country: ["DE", "FR"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {}, properties: [] },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const shown = events.filter(({ country }) => country === "DE" || country === "FR");
    for (const sample of [1 / 16, 0.5]) {
      const answer = await ask({ sample }, policy);
      expect(answer.provenance).toMatchObject({ rowsFilteredBy: ["country"], sampling: { reason: "ASKED" } });
      expectEstimates(answer.totals, answer.totalStandardErrors, 0, drawn(shown, sample));
    }
  });

  test("has its subtotals, others and periods from the same persons, with errors of each", async () => {
    const half = new Date(FROM + (HOURS / 2) * HOUR_MS).toISOString();
    const answer = await ask({
      ...{ range: { from: half, to: RANGE.to }, dimensions: ["name", "country"], limit: 3, others: true },
      ...{ subtotals: [["name"]], compare: [{ period: "PREVIOUS_PERIOD" }], sample: 1 / 16 },
    });
    const later = events.filter(({ timeMs }) => timeMs >= Date.parse(half));
    const earlier = events.filter(({ timeMs }) => timeMs < Date.parse(half));
    const keys = [0, 1].map((index) => textsIn(answer.columns[index]));
    const isShown = (event: TestEvent): boolean =>
      keys[0]?.some((name, row) => name === event.name && keys[1]?.[row] === event.country) ?? false;
    const rest = later.filter((event) => !isShown(event));
    expectEstimates(answer.others ?? [], answer.othersStandardErrors, 0, drawn(rest, 1 / 16));
    const [names] = answer.subtotals;
    if (names === undefined) throw new Error("A subtotal was asked for.");
    textsIn(names.columns[0]).forEach((name, row) => {
      const group = later.filter((event) => event.name === name);
      expectEstimates(names.columns, names.standardErrors, row, drawn(group, 1 / 16));
    });
    const [before] = answer.comparisons;
    if (before === undefined) throw new Error("A period was asked for.");
    expectEstimates(before.totals, before.totalStandardErrors, 0, drawn(earlier, 1 / 16));
    for (let row = 0; row < answer.rowCount; row += 1) {
      const group = earlier.filter(({ name, country }) => name === keys[0]?.[row] && country === keys[1]?.[row]);
      expectEstimates(before.columns, before.standardErrors, row, drawn(group, 1 / 16));
    }
    // The change of a total is as uncertain as both of its numbers together.
    const [now, then] = [cellsOf(answer.totals).get("events")?.[0], cellsOf(before.totals).get("events")?.[0]];
    const [nowError, thenError] = [answer.totalStandardErrors, before.totalStandardErrors].map(
      (errors) => cellsOf(errors).get("events")?.[0] ?? NaN,
    );
    expect(cellsOf(before.totalChangeStandardErrors).get("events")?.[0]).toBeCloseTo(
      (nowError ?? NaN) / (then ?? NaN) + ((now ?? NaN) * (thenError ?? NaN)) / (then ?? NaN) ** 2,
      9,
    );
  });

  test("reads its subtotals in the statement of its groups", async () => {
    const { store, ...others } = deps();
    const asked: number[] = [];
    const counted: typeof store = {
      ...store,
      sampled: (reader, request, ...of) => {
        asked.push(request.coarser?.length ?? 0);
        return store.sampled(reader, request, ...of);
      },
    };
    const answer = await queryOlap({ ...others, store: counted })(callerOf(), {
      ...{
        range: RANGE,
        measures: MEASURES,
        dimensions: ["country", "name"],
        subtotals: [["country"], ["name"]],
        sample: 1 / 16,
      },
    });
    expect(asked).toEqual([2]);
    expect(answer.subtotals.map(({ by }) => by)).toEqual([["country"], ["name"]]);
    for (const { by, columns, standardErrors } of answer.subtotals)
      textsIn(columns[0]).forEach((value, row) => {
        const group = events.filter((event) => valueIn(event, by[0] ?? "") === value);
        expectEstimates(columns, standardErrors, row, drawn(group, 1 / 16));
      });
  });

  test("over time is answered bucket by bucket and line by line from the same persons", async () => {
    const input: TimeSeriesInput = {
      ...{ range: RANGE, granularity: "DAY", measures: MEASURES, splitBy: ["name"], maxLines: 2, sample: 1 / 16 },
    };
    const answer = await queryTimeSeries(deps())(callerOf(), input);
    expect(answer.provenance.sampling).toMatchObject({ reason: "ASKED", fraction: 1 / 16 });
    expectEstimates(answer.totals, answer.totalStandardErrors, 0, drawn(events, 1 / 16));
    expect(answer.lines).toHaveLength(2);
    for (const line of answer.lines) {
      const ofLine = events.filter(({ name }) => name === line.values[0]);
      expectEstimates(line.totals, line.totalStandardErrors, 0, drawn(ofLine, 1 / 16));
      for (let day = 0; day < HOURS / 24; day += 1) {
        const within = ofLine.filter(({ timeMs }) => Math.floor((timeMs - FROM) / (24 * HOUR_MS)) === day);
        expectEstimates(line.columns, line.standardErrors, day, drawn(within, 1 / 16));
      }
    }
  });

  test.each<[string, Partial<OlapInput>]>([
    ["an extreme", { measures: [{ function: "MAX", of: "revenue", currency: "EUR", name: "most" }] }],
    ["distinct values", { measures: [{ function: "UNIQUES", of: "country", name: "countries" }] }],
    ["an exact measure", { measures: [{ function: "UNIQUES", of: "persons", exact: true, name: "people" }] }],
    ["groups by what they measure", { dimensions: ["name"], having: [{ column: "events", gt: 1 }] }],
    [
      "a formula over a quantile",
      { measures: [...MEASURES, { function: "FORMULA", formula: "middle_p50 * 2", name: "twice" }] },
    ],
    ["what is never to be estimated", { approximate: "NEVER" }],
  ])("is refused for %s, and answered exactly where it was to be fast", async (_what, input) => {
    await expect(ask({ ...input, sample: 0.5 })).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "input.sample" } },
    });
    const { provenance, columns } = await ask({ ...input, fast: true });
    expect(provenance.sampling).toBeNull();
    expect(provenance.rejectedTables).toContainEqual({ table: "events_sample", reason: expect.any(String) });
    expect(columns).toEqual((await ask(input)).columns);
  });

  test("reads everything where too few are in it to tell how far off an estimate may be", async () => {
    const { provenance, totals } = await ask({ sample: 0.001 });
    expect(provenance).toMatchObject({ sampling: null, tables: [{ table: "events" }] });
    expect(cellsOf(totals).get("events")).toEqual([EVENTS]);
  });

  test("reads everything where it is to be fast and everything is as fast", async () => {
    const { provenance, totals } = await ask({ fast: true });
    expect(provenance.sampling).toBeNull();
    expect(cellsOf(totals).get("events")).toEqual([EVENTS]);
  });
});
