import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createHash } from "node:crypto";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import type { Allowance } from "@tessera/platform/executions/allowance";
import { metered, newMeter } from "@tessera/platform/executions/meter";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import type { Column } from "../domain/columns.ts";
import { estimationOf, standardErrorsOf } from "../domain/estimators.ts";
import { plan } from "../domain/planner.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { FAST_ROWS, SAMPLE_PARTS, sampleOf } from "../domain/sampling.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import type { SampleRow } from "../store/result-rows.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { referenceGroups, referenceTotals } from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";
import { queryTimeSeries } from "./query-time-series.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 4, 1);
const HOURS = 240;
const RANGE = { from: new Date(FROM).toISOString(), to: new Date(FROM + HOURS * HOUR_MS).toISOString() };
/** Tenants whose persons hash apart, so that each is a draw of its own. */
const WORLDS = 16;
/** Events of each of them. */
const WORLD_EVENTS = 8_000;
/** Events of the tenant that is over its budget: some more than the store's smallest blocks, of which it reads whole ones. */
const EVENTS = 80_000;
const LEFT = 50_000;
const PLENTY = 1_000_000;

const numberFrom = (text: string): number => createHash("sha256").update(text).digest().readUInt32BE(0);

/** Events whose persons differ widely in how much they do, of whom one in twelve events is of nobody known. */
const eventsOf = (world: number, count: number): readonly TestEvent[] =>
  Array.from({ length: count }, (_event, index) => {
    const draw = numberFrom(`${world}:${index}`);
    const person = Math.floor((count / 4) * ((draw % 9_973) / 9_973) ** 2);
    const id = createHash("md5").update(`${world}:${index}`).digest("hex");
    return {
      id: `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20)}`,
      name: ["page_view", "search", "order"][draw % 3] ?? "page_view",
      timeMs: FROM + (draw % (HOURS * 3_600)) * 1_000,
      ...(draw % 12 === 0 ? {} : { userId: `u${person}` }),
      source: draw % 5 === 0 ? "ios" : "web",
      country: ["DE", "FR", "IT", "ES"][draw % 4] ?? "DE",
      ...(draw % 3 === 2 ? { revenue: ((draw % 9_000) / 100).toFixed(2), currency: "EUR" } : {}),
    };
  });

const QUESTION = {
  range: RANGE,
  measures: [
    { function: "COUNT", name: "events" },
    { function: "UNIQUES", of: "persons", name: "persons" },
  ],
  // No rollup holds it, so that the exact answer reads every event.
  dimensions: ["name"],
  filter: { field: "utmSource", exists: false },
} satisfies OlapInput;
/** What only the table with all columns can be asked. */
const WITH_REVENUE: OlapInput = {
  ...QUESTION,
  measures: [
    ...QUESTION.measures,
    { function: "SUM", of: "revenue", currency: "EUR", name: "revenue" },
    { function: "COUNT", name: "dear", filter: { field: "revenue", gte: 30 } },
  ],
};

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const allowanceOf = (rows: number): Allowance => ({
  ...{ rows, quota: "tenant-rows", limit: 50_000, windowSeconds: 86_400 },
  ...{ refillsFromMs: FROM, refilledByMs: FROM + 86_400_000 },
});
const deps = () => ({
  store: createAnalyticsStore(world.resources.eventStore),
  features: everyFeature,
  nowMs: () => Date.now(),
});
const callerOf = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);
const within = <T>(rows: number, work: () => Promise<T>) => metered(newMeter(), work, allowanceOf(rows));
const ask = (tenantId: TenantId, rows: number, input: Partial<OlapInput> = {}) =>
  within(rows, () => queryOlap(deps())(callerOf(tenantId), { ...QUESTION, ...input }));
const NO_COLUMN: Column = { name: "", role: "MEASURE", kind: "NUMBER", numbers: [] };
const numbers = (columns: readonly Column[]): readonly (readonly number[])[] =>
  columns.filter(({ role }) => role === "MEASURE").map((column) => valuesOf(column).map(Number));

const GERMANY: DataPolicy = {
  ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {}, properties: [] },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};
const refusal = z.object({ extras: z.object({ found: z.number(), over: z.number(), remaining: z.number() }) });
const numbersIn = (refused: unknown) => refusal.parse(refused).extras;

describe("a question over its budget", () => {
  let tenantId: TenantId;
  const events = eventsOf(-1, EVENTS);
  beforeAll(async () => {
    tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, events);
  });

  test("is answered exactly while its cost fits", async () => {
    const answer = await ask(tenantId, PLENTY);
    expect(answer.provenance).toMatchObject({ sampling: null });
    expect(answer.provenance.rowsRead).toBeGreaterThanOrEqual(EVENTS);
    expect(answer).toMatchObject({ standardErrors: [], totalStandardErrors: [] });
    expect(numbers(answer.totals)[0]).toEqual([EVENTS]);
    expect((await ask(tenantId, answer.provenance.rowsRead - 1)).provenance.sampling).not.toBeNull();
  });

  test("is answered from a sample that fits, which says so, how certain it is, and what exact would have cost", async () => {
    const { provenance, standardErrors, totalStandardErrors, rowCount } = await ask(tenantId, LEFT);
    expect(provenance).toMatchObject({
      exactness: "APPROXIMATE",
      tables: [{ table: "events_by_person" }],
      sampling: { reason: "OVER_BUDGET", confidence: 0.95, quota: "tenant-rows" },
    });
    expect(provenance.rowsRead).toBeLessThanOrEqual(LEFT);
    expect(provenance.sampling?.exactRows).toBeGreaterThanOrEqual(EVENTS);
    expect(provenance.sampling?.rowsLeft).toBeLessThanOrEqual(LEFT);
    expect(provenance.sampling?.fraction).toBeGreaterThan(0);
    expect(provenance.approximations.map(({ column }) => column)).toEqual(["events", "persons"]);
    expect(provenance.relativeError).toBeGreaterThan(0);
    expect(standardErrors.map((column) => valuesOf(column).length)).toEqual([rowCount, rowCount]);
    expect(totalStandardErrors.every((column) => Number(valuesOf(column)[0]) > 0)).toBe(true);
  });

  test("that is to be fast is answered from a part of the persons that is a power of two, and says why and what exact would have cost", async () => {
    const { provenance, totals, totalStandardErrors } = await ask(tenantId, PLENTY, { fast: true });
    const { sampling, tables, rowsRead } = provenance;
    expect(tables).toMatchObject([{ table: "events_by_person" }]);
    expect(sampling).toMatchObject({ reason: "ASKED", fraction: 0.5, rowsLeft: null, quota: null });
    expect(sampling?.exactRows).toBeGreaterThanOrEqual(EVENTS);
    expect(rowsRead).toBeLessThanOrEqual(FAST_ROWS);
    const [estimate, error] = [
      numbers(totals)[0]?.[0] ?? NaN,
      Number(valuesOf(totalStandardErrors[0] ?? NO_COLUMN)[0]),
    ];
    expect(Math.abs(estimate - EVENTS)).toBeLessThan(5 * error);
    const wide = await ask(tenantId, PLENTY, { ...WITH_REVENUE, fast: true });
    expect(wide.provenance.tables).toMatchObject([{ table: "events_sample" }]);
    expect(wide.provenance.sampling).toMatchObject({ reason: "ASKED", fraction: 1 / 16 });
  });

  test("that is to be fast is answered from a rollup where that is as fast, exactly as without", async () => {
    const { filter: _none, ...rolledUp } = QUESTION;
    const asked = (input: Partial<OlapInput>) =>
      within(PLENTY, () => queryOlap(deps())(callerOf(tenantId), { ...rolledUp, ...input }));
    const [fast, plain] = [await asked({ fast: true }), await asked({})];
    expect(fast.provenance).toMatchObject({ sampling: null, tables: plain.provenance.tables });
    expect(fast.columns).toEqual(plain.columns);
  });

  test("is answered from a smaller sample than it asks for where that is over its budget too", async () => {
    const { sampling } = (await ask(tenantId, LEFT, { sample: 0.9 })).provenance;
    expect(sampling).toMatchObject({ reason: "OVER_BUDGET", quota: "tenant-rows" });
    expect(sampling?.fraction).toBeLessThan(0.9);
  });

  test("is answered alike each time: the sample is of the persons' hashes, not of chance", async () => {
    const [one, two] = [await ask(tenantId, LEFT), await ask(tenantId, LEFT)];
    expect(one.columns).toEqual(two.columns);
    expect(one.totals).toEqual(two.totals);
  });

  test.each<[string, Partial<OlapInput>]>([
    ["by `approximate: NEVER`", { approximate: "NEVER" }],
    ["by an exact measure", { measures: [{ function: "UNIQUES", of: "persons", name: "persons", exact: true }] }],
    ["by a measure that no sample bounds", { measures: [{ function: "MAX", of: "properties.amount", name: "most" }] }],
  ])(
    "is never estimated for who wants it exact, %s: it is refused by how much, with what would fit",
    async (_by, input) => {
      const refused: unknown = await ask(tenantId, LEFT, input).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: "QUERY_TOO_COSTLY",
        extras: { quota: "tenant-rows", job: "startQuery", refilledBy: new Date(FROM + 86_400_000).toISOString() },
      });
      const { found, over, remaining } = numbersIn(refused);
      expect(found).toBeGreaterThanOrEqual(EVENTS);
      expect(over).toBe(found - remaining);
      expect(remaining).toBeLessThanOrEqual(LEFT);
    },
  );

  test("is refused with ways out that hold: the range it names fits, and so does leaving out the dimension it names", async () => {
    const input: Partial<OlapInput> = { dimensions: ["name", "region"], filter: null, approximate: "NEVER" };
    const refused: unknown = await ask(tenantId, LEFT, input).catch((error: unknown) => error);
    expect(refused).toMatchObject({ extras: { leaveOut: "region" } });
    const { narrowFrom } = z.object({ extras: z.object({ narrowFrom: z.string() }) }).parse(refused).extras;
    const narrowed = { ...input, range: { from: narrowFrom, to: RANGE.to } };
    await expect(ask(tenantId, LEFT, narrowed)).resolves.toMatchObject({ provenance: { sampling: null } });
    await expect(ask(tenantId, LEFT, { ...input, dimensions: ["name"] })).resolves.toMatchObject({
      provenance: { sampling: null },
    });
  });

  test("is refused when what is left holds too few persons to be certain of anything", async () => {
    await expect(ask(tenantId, 1)).rejects.toMatchObject({
      code: "QUERY_TOO_COSTLY",
      extras: { quota: "tenant-rows" },
    });
  });

  test("is never estimated for a caller under a data policy, whose sample would be of other rows", async () => {
    const caller = { ...callerOf(tenantId), dataPolicy: GERMANY };
    const asked = within(LEFT, () => queryOlap(deps())(caller, QUESTION));
    await expect(asked).rejects.toMatchObject({ code: "QUERY_TOO_COSTLY" });
  });

  test("in calendar buckets is answered from a sample too", async () => {
    const { filter } = QUESTION;
    const input = { range: RANGE, granularity: "DAY", measures: [{ function: "COUNT" }], filter } as const;
    const answer = await within(LEFT, () => queryTimeSeries(deps())(callerOf(tenantId), input));
    expect(answer.provenance).toMatchObject({ exactness: "APPROXIMATE", sampling: { reason: "OVER_BUDGET" } });
    expect(answer.buckets).toHaveLength(HOURS / 24);
  });

  test("has no standard error in rows that are filled in, and all others keep theirs", async () => {
    const range = { ...RANGE, to: new Date(FROM + (HOURS + 48) * HOUR_MS).toISOString() };
    const answer = await ask(tenantId, LEFT, { range, dimensions: [], granularity: "DAY", fill: "EMPTY" });
    expect(answer.provenance).toMatchObject({ sampling: { reason: "OVER_BUDGET" } });
    expect(answer.filled).toEqual([...Array.from({ length: HOURS / 24 }, () => false), true, true]);
    for (const errors of answer.standardErrors)
      expect(valuesOf(errors).map((error) => error === null)).toEqual(answer.filled);
    expect(numbers(answer.columns).map((counts) => counts.slice(-2))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("an estimate", () => {
  test("lies within 1.96 standard errors of the plain reference as often as it says, and is biased neither way", async () => {
    let [inside, asked, sumOfDeviations] = [0, 0, 0];
    for (let index = 0; index < WORLDS; index += 1) {
      const events = eventsOf(index, WORLD_EVENTS);
      const tenantId = freshTenantId();
      await storeEvents(world.writer, tenantId, events);
      const [table, input] =
        index % 2 === 0 ? (["events_by_person", QUESTION] as const) : (["events", WITH_REVENUE] as const);
      const parsed = parseOlap(input, { personalData: false });
      const request = { ...parsed, plan: plan(parsed.query, null), lines: null };
      const sample = sampleOf(table, Math.floor(SAMPLE_PARTS / 5));
      const estimation = estimationOf(parsed.query.measures);
      const answer = await deps().store.sampled(wholeTenant(tenantId), request, { sample, estimation });
      const errorsOf = (row: SampleRow | null): readonly (number | null)[] =>
        row === null ? [] : standardErrorsOf(estimation)(row).errors;
      const exact = new Map(referenceGroups(events, input).map((row) => [row.dimensions[0], row.measures]));
      const check = (estimate: number, error: number, truth: number): void => {
        if (truth === 0 && error === 0) return;
        asked += 1;
        if (Math.abs(estimate - truth) <= 1.96 * error) inside += 1;
        sumOfDeviations += (estimate - truth) / error;
      };
      for (const row of answer.rows)
        exact
          .get(String(row.dimensions[0]))
          ?.forEach((truth, measure) =>
            check(Number(row.measures[measure]), errorsOf(row)[measure] ?? NaN, Number(truth)),
          );
      referenceTotals(events, input).forEach((truth, measure) =>
        check(Number(answer.totals?.measures[measure]), errorsOf(answer.totals)[measure] ?? NaN, Number(truth)),
      );
    }
    expect(asked).toBeGreaterThan(WORLDS * 8);
    // 95 % is meant; the numbers of one world hang together, so that they are worth some 45 draws, of which four standard deviations are 13 %.
    expect(inside / asked).toBeGreaterThan(0.82);
    expect(Math.abs(sumOfDeviations / asked)).toBeLessThan(0.6);
  });
});
