import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import fc from "fast-check";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { valuesOf } from "../../../testing/flatten-answer.ts";
import { callerOf, count, openSemanticRoom, RANGE, refusal, totalsOf } from "../../../testing/semantic-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import type { MeasureInput } from "../../domain/measures.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "../query-time-series.ts";
import { withDefinitions } from "./resolve-question.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

/** Random worlds, each with several questions; enough to meet every kind of measure, few enough for two cores. */
const RUNS = 6;

const shape = (answer: OlapAnswer) => ({
  columns: answer.columns.filter(({ role }) => role !== "MEASURE"),
  measures: answer.columns.filter(({ role }) => role === "MEASURE").map((column) => [column.name, valuesOf(column)]),
  totals: totalsOf(answer),
});

describe("metrics and segments in questions", () => {
  test("answer as the measures and filters that they stand for do, for any events and any question", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async ({ events, queries }) => {
        const caller = callerOf();
        const known = [...new Map(events.map((event) => [event.id, event])).values()];
        if (known.length > 0) await storeEvents(world.writer, caller.tenantId, known);
        for (const query of queries) {
          const orderBy = (query.dimensions ?? []).map((column) => ({ column, direction: "ASC" }) as const);
          const plain: OlapInput = {
            ...{ ...query, orderBy },
            // A metric is one number: its one level's column is called as the metric is.
            measures: query.measures.filter((one) => one.function !== "QUANTILES"),
          };
          if (plain.measures.length === 0) continue;
          const given = plain.measures.map((one: MeasureInput) => ({ ...one, name: one.name ?? "" }));
          for (const { name, formula, ...measure } of given)
            await room.metric(caller, name, measure.function === "FORMULA" ? { formula: formula ?? "" } : { measure });
          const { filter = null, ...rest } = plain;
          if (filter !== null) await room.operations.defineSegment(caller, { name: "some", filter });
          const segments = filter === null ? [] : [{ name: "some" }];
          const last = given.at(-1)?.name ?? "";
          const named = { ...rest, measures: [], segments, filter: null };
          const all = await room.olap(caller, { ...named, metrics: given.map(({ name }) => ({ name })) });
          const inlined = await queryOlap(room.deps)(caller, plain);
          expect(shape(all)).toEqual(shape(inlined));
          // What a derived metric is made of does not show when it alone is asked for.
          const alone = await room.olap(caller, { ...named, metrics: [{ name: last }] });
          expect(shape(alone).measures).toEqual(shape(inlined).measures.filter(([name]) => name === last));
          expect(totalsOf(alone)).toEqual({ [last]: totalsOf(inlined)[last] });
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("a derived metric alone: its parts show in no column of rows, totals, periods, subtotals and others", async () => {
    const caller = await room.shop();
    await room.metric(caller, "buys", count("buy"));
    await room.metric(caller, "views", count("view"));
    await room.metric(caller, "conversion", { formula: "buys / views", format: { kind: "PERCENT" } });
    const answer = await room.olap(caller, {
      ...{ range: RANGE, metrics: [{ name: "conversion" }], dimensions: ["country", "device"], limit: 1 },
      ...{ others: true, subtotals: [["country"]], compare: [{ period: "PREVIOUS_PERIOD" }] },
      measures: [{ function: "FORMULA", name: "percent", formula: "conversion * 100" }],
    });
    const shown = (columns: OlapAnswer["columns"]) =>
      columns.filter(({ role }) => role === "MEASURE").map((c) => c.name);
    const [subtotal, comparison] = [answer.subtotals[0], answer.comparisons[0]];
    for (const columns of [
      ...[answer.columns, answer.totals, answer.others, subtotal?.columns],
      ...[comparison?.columns, comparison?.changes, comparison?.totals, comparison?.totalChanges],
    ])
      expect(shown(columns ?? [])).toEqual(["conversion", "percent"]);
    expect(totalsOf(answer)).toEqual({ conversion: 1 / 3, percent: (1 / 3) * 100 });
    // Ordered by the first measure that shows.
    expect(answer.columns[0]).toMatchObject({ texts: ["DE"] });
    expect(answer.definitions).toEqual(
      ["buys", "conversion", "views"].map((name) => ({ kind: "METRIC", name, version: 1 })),
    );
  });

  test("timeSeries names them too, with the greatest lines by the first metric that shows", async () => {
    const caller = await room.shop();
    await room.metric(caller, "views", count("view"));
    await room.metric(caller, "less", { formula: "0 - views" });
    const ask = withDefinitions<AskedTimeSeries, TimeSeriesAnswer>(room.deps, queryTimeSeries(room.deps));
    const answer: TimeSeriesAnswer = await ask(caller, {
      ...{ range: RANGE, granularity: "DAY", splitBy: ["country"], maxLines: 1, measures: [] },
      metrics: [{ name: "less" }],
    });
    expect(answer.lines.map(({ values, columns }) => [values, columns.map(({ name }) => name)])).toEqual([
      [["US"], ["less"]],
    ]);
  });

  test("unknown names and versions are refused where they stand, with the nearest known name; another tenant's are unknown", async () => {
    const caller = await room.shop();
    await room.metric(caller, "revenue_total", count("buy"));
    const ask = (part: Partial<AskedOlap>, by = caller) => refusal(room.olap(by, { range: RANGE, ...part }));
    const unknown = await ask({ metrics: [{ name: "revenu_total" }] });
    expect(unknown).toMatchObject({ code: "BAD_INPUT", extras: { field: "input.metrics.0" } });
    expect(unknown.message).toContain("Did you mean `revenue_total`?");
    const version = await ask({ metrics: [{ name: "revenue_total", version: 7 }] });
    expect(version.message).toBe("The metric `revenue_total` has no version 7: its versions are 1 to 1.");
    expect((await ask({ segments: [{ name: "x" }] })).extras.field).toBe("input.segments.0");
    expect((await ask({ metrics: [{ name: "revenue_total" }] }, callerOf())).message).toBe(
      "There is no metric `revenue_total`.",
    );
    expect((await ask({})).extras.field).toBe("input.measures");
  });

  test("a segment of personal data asks for the permission of whoever uses it", async () => {
    const caller = await room.shop();
    await room.operations.defineSegment(caller, { name: "one", filter: { field: "userId", eq: "u1" } });
    const asked = { range: RANGE, measures: [{ function: "COUNT", name: "n" }], segments: [{ name: "one" }] } as const;
    expect(totalsOf(await room.olap(caller, asked))).toEqual({ n: 2 });
    const error = await refusal(room.olap(callerOf(caller.tenantId, ["analytics:read"]), asked));
    expect([error.code, error.extras.field]).toEqual(["FORBIDDEN", "input.segments.0.field"]);
  });
});

describe("dimensions", () => {
  test("are every field, and the properties seen with their types; a tenant without events has none", async () => {
    const caller = await room.shop();
    const { fields, properties, hasMoreProperties } = await room.operations.dimensions(caller);
    expect(fields.find(({ name }) => name === "userId")).toEqual({ name: "userId", type: "TEXT", personal: true });
    expect(properties).toEqual([
      { name: "properties.cart.total", types: ["NUMBER"] },
      { name: "properties.ok", types: ["BOOLEAN"] },
      { name: "properties.plan", types: ["TEXT"] },
    ]);
    expect(hasMoreProperties).toBe(false);
    expect((await room.operations.dimensions(callerOf())).properties).toEqual([]);
  });

  test("are of what the caller's data policy shows", async () => {
    const caller = await room.shop();
    const nothing: DataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {} },
      salt: "0".repeat(32),
    };
    const hidden: DataPolicy = { ...nothing, allow: {}, masks: { properties: { kind: "NULL" } } };
    for (const dataPolicy of [nothing, hidden])
      expect((await room.operations.dimensions({ ...caller, dataPolicy })).properties).toEqual([]);
  });
});
