import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { anyRetention, BASES, distinct, peopleAround } from "../../testing/behaviour-world.ts";
import { referenceRetention, type ReferenceRow } from "../../testing/reference-retention.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { COHORT_KEPT } from "../domain/cohort.ts";
import { behaviourStatements } from "../store/behaviour-statements.ts";
import { createCohortStore } from "../store/cohort-store.ts";
import { retentionApart } from "./change/retention-apart.ts";
import { queryRetention, type RetentionAnswer } from "./query-retention.ts";

jest.setTimeout(180_000);
/** After everything the random worlds hold. */
const NOW_MS = Date.UTC(2027, 0, 1);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (events.length > 0) await storeEvents(world.writer, tenantId, events);
  return tenantId;
};
const deps = () => ({
  eventStore: world.resources.eventStore,
  statements: behaviourStatements,
  cohorts: createCohortStore({ ...world.resources, kept: COHORT_KEPT }),
  nowMs: () => NOW_MS,
});
const ask = (tenantId: TenantId, input: Parameters<ReturnType<typeof queryRetention>>[1]): Promise<RetentionAnswer> =>
  queryRetention(deps())(callerWith(tenantId, ["analytics:read"]), input);

const scaled = (texts: readonly string[] | null): readonly number[] =>
  (texts ?? []).map((text) => Math.round(Number(text) * 10_000));

const rowsOf = ({ groups }: RetentionAnswer, valued: boolean): readonly ReferenceRow[] =>
  groups.flatMap(({ dimensions, rows }) =>
    rows.flatMap(({ cells }, row) =>
      cells.size === 0
        ? []
        : [
            {
              ...{ dimensions, row, size: cells.size, eligible: cells.eligible, returned: cells.returned },
              soFar: cells.returnedSoFar,
              value: valued ? scaled(cells.value) : cells.eligible.map(() => 0),
              cumulative: valued ? scaled(cells.cumulativeValue) : cells.eligible.map(() => 0),
            },
          ],
    ),
  );
const sorted = (rows: readonly ReferenceRow[]): readonly string[] =>
  rows.map((row) => JSON.stringify(row, Object.keys(row).toSorted())).toSorted();

describe("retention", () => {
  test("is what its definition says, event by event, for any start, kind, clock, zone, unit, split and value", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...BASES)
          .chain((baseMs) =>
            fc.tuple(peopleAround(baseMs), fc.array(anyRetention(baseMs), { minLength: 8, maxLength: 8 })),
          ),
        async ([events, questions]) => {
          const known = distinct(events);
          const tenantId = await stored(known);
          for (const input of questions) {
            const answer = await ask(tenantId, input);
            const expected = referenceRetention(known, input);
            expect(sorted(rowsOf(answer, input.value !== null))).toEqual(sorted(expected));
            compared += expected.length;
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test("tells of starts with some value, by each of some fields, what its definition says of them", async () => {
    const apart = fc.tuple(fc.constantFrom("web", null), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...BASES)
          .chain((baseMs) =>
            fc.tuple(
              peopleAround(baseMs),
              fc.array(fc.tuple(anyRetention(baseMs), apart), { minLength: 6, maxLength: 6 }),
            ),
          ),
        async ([events, questions]) => {
          const known = distinct(events);
          const tenantId = await stored(known);
          for (const [input, [source, isHeld]] of questions) {
            const fields = ["source", "country", "properties.plan"];
            const period = input.brackets?.[0] ?? 0;
            const asked = { input, cohort: null, fields, held: isHeld ? [[source]] : [], period, signal: undefined };
            const told = await retentionApart(deps())(callerWith(tenantId, ["analytics:read"]), asked);
            const rows = referenceRetention(known, { ...input, splitBy: fields }).filter(
              ({ dimensions }) => !isHeld || dimensions[0] === source,
            );
            const sum = (of: readonly ReferenceRow[]) => ({
              size: of.reduce((all, { size }) => all + size, 0),
              eligible: of.reduce((all, { eligible }) => all + (eligible[0] ?? 0), 0),
              returned: of.reduce((all, { returned }) => all + (returned[0] ?? 0), 0),
            });
            expect({ input, whole: told.whole }).toEqual({ input, whole: sum(rows) });
            fields.forEach((_field, index) => {
              const values = new Set(rows.map(({ dimensions }) => dimensions[index] ?? null));
              const by = [...values].map(
                (value) => [value, sum(rows.filter(({ dimensions }) => dimensions[index] === value))] as const,
              );
              expect(told.fields[index]).toEqual({ values: new Map(by), cut: false });
            });
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});

const folder = fileURLToPath(new URL("../../../../../shared/data/cdnow/", import.meta.url));
const present = existsSync(folder);
const guarded = present ? describe : describe.skip;
const title = present ? "the CDNOW sample" : `the CDNOW sample (skipped: ${folder} is not there)`;
const matrix = z.record(
  z.string(),
  z.object({
    size: z.number(),
    active: z.record(z.string(), z.number()),
    revenue: z.record(z.string(), z.number()).optional(),
  }),
);
const referenceSchema = z.object({
  monthly_calendar: matrix,
  weekly_by_monday_of_first_purchase_7day_windows_from_first_purchase: matrix,
});

/** The purchases of the sample as events at noon of their day. */
const purchasesOf = (): readonly TestEvent[] => {
  const [, ...lines] = gunzipSync(readFileSync(`${folder}cdnow_sample.csv.gz`))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  const events = lines.map((line): TestEvent => {
    const [userId = "", , date = "", , revenue = ""] = line.trim().split(",");
    return {
      id: randomUUID(),
      name: "purchase",
      timeMs: Date.parse(`${date}T12:00:00Z`),
      userId,
      revenue,
      currency: "USD",
    };
  });
  expect(events).toHaveLength(6_919);
  return events;
};

const purchases = { events: ["purchase"] };
const cohorts = { from: "1996-12-30T00:00:00Z", to: "1997-04-01T00:00:00Z" };
const common = {
  start: purchases,
  returning: purchases,
  startAt: "FIRST_EVER",
  asOf: "1998-07-01T00:00:00Z",
} as const;

guarded(title, () => {
  let tenantId: TenantId;
  let reference: z.infer<typeof referenceSchema>;
  beforeAll(async () => {
    reference = referenceSchema.parse(JSON.parse(readFileSync(`${folder}reference_cohorts.json`, "utf8")));
    tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, purchasesOf());
  });

  test("has the published monthly matrix of buyers and of revenue, every cell of it", async () => {
    const answer = await ask(tenantId, {
      ...{ ...common, range: { ...cohorts, from: "1997-01-01T00:00:00Z" }, period: "MONTH", periods: 18 },
      value: { of: "revenue", currency: "USD" },
    });
    const [group] = answer.groups;
    expect(group?.rows.map(({ start }) => start.slice(0, 7))).toEqual(Object.keys(reference.monthly_calendar));
    let cells = 0;
    for (const { start, cells: row } of group?.rows ?? []) {
      const expected = reference.monthly_calendar[start.slice(0, 7)];
      expect(row.size).toBe(expected?.size);
      row.returned.forEach((returned, month) => {
        const active = expected?.active[month];
        expect(row.complete[month]).toBe(active !== undefined);
        if (active === undefined) return;
        expect(returned).toBe(active);
        expect(Number(row.value?.[month])).toBeCloseTo(expected?.revenue?.[month] ?? 0, 2);
        cells += 1;
      });
    }
    expect(cells).toBe(18 + 17 + 16);
    expect(group?.total.size).toBe(2_357);
  });

  test("has the published weekly matrix by 7-day windows from the first purchase", async () => {
    const weeks = reference.weekly_by_monday_of_first_purchase_7day_windows_from_first_purchase;
    const answer = await ask(tenantId, { ...common, range: cohorts, period: "WEEK", clock: "ELAPSED", periods: 27 });
    let cells = 0;
    for (const { start, cells: row } of answer.groups[0]?.rows ?? []) {
      const expected = weeks[start.slice(0, 10)];
      expect(row.size).toBe(expected?.size ?? 0);
      row.returned.forEach((returned, week) => {
        expect({ start, week, returned }).toEqual({ start, week, returned: expected?.active[week] ?? 0 });
        cells += 1;
      });
    }
    expect(cells).toBeGreaterThanOrEqual(13 * 27);
  });

  test("has a lifetime value that never falls and ends where all revenue of the buyers is", async () => {
    const value = { of: "revenue", currency: "USD" };
    const answer = await ask(tenantId, { ...common, range: cohorts, period: "MONTH", periods: 15, value });
    const curve = answer.total.cumulativeValuePerStart ?? [];
    expect(curve.every((now, index) => (now ?? 0) >= (curve[index - 1] ?? 0))).toBe(true);
    const months = Object.values(reference.monthly_calendar);
    const earned = months.reduce(
      (sum, { revenue = {} }) =>
        sum + Object.entries(revenue).reduce((own, [month, one]) => own + (Number(month) < 15 ? one : 0), 0),
      0,
    );
    expect(curve.at(-1)).toBeCloseTo(earned / 2_357, 2);
  });
});
