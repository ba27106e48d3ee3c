import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { Refusal } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { valuesOf } from "../../../testing/flatten-answer.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import type { MeasureInput } from "../../domain/measures.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import type { DefineMetricInput } from "../../domain/semantic/parse-metric.ts";
import type { OlapInput } from "../../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../../store/analytics-store.ts";
import { createDefinitionStore, type DefinitionStore } from "../../store/semantic/definition-store.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "../query-time-series.ts";
import { createSemanticOperations } from "./semantic-operations.ts";
import { withDefinitions } from "./resolve-question.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

/** Random worlds, each with several questions; enough to meet every kind of measure, few enough for two cores. */
const RUNS = 6;
const NOW = Date.UTC(2026, 10, 20, 12);
const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
const ALL: readonly Permission[] = ["analytics:read", "analytics:define", "analytics:personal-data"];

let world: TestResources;
let store: AnalyticsStore;
let definitions: DefinitionStore;
beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
  definitions = createDefinitionStore({ sql: world.resources.sql, nowMs: () => NOW });
});
afterAll(() => world.close());

const deps = () => ({
  ...{ store, definitions, features: everyFeature, nowMs: () => NOW, newId: randomUUID },
  eventStore: world.resources.eventStore,
});
const operations = () => createSemanticOperations(deps());
const olap = (caller: Caller, input: AskedOlap) =>
  withDefinitions<AskedOlap, OlapAnswer>(deps(), queryOlap(deps()))(caller, input);
const callerOf = (tenantId: TenantId = freshTenantId(), permissions = ALL): Caller => callerWith(tenantId, permissions);

const EVENTS: readonly TestEvent[] = [
  ["view", "u1", "DE"],
  ["view", "u2", "US"],
  ["view", "u3", "DE"],
  ["buy", "u1", "DE"],
].map(([name = "", userId = "", country = ""], index) => ({
  ...{ id: randomUUID(), name, userId, country },
  timeMs: Date.parse(RANGE.from) + index * 3_600_000,
  properties: { plan: "pro", cart: { total: index }, ok: true },
}));
const shop = async (): Promise<Caller> => {
  const caller = callerOf();
  await storeEvents(
    world.writer,
    caller.tenantId,
    EVENTS.map((event) => ({ ...event, id: randomUUID() })),
  );
  return caller;
};

const metric = async (caller: Caller, name: string, input: Omit<DefineMetricInput, "name">) => {
  const outcome = await operations().defineMetric(caller, { name, ...input });
  if (outcome.kind !== "DEFINED") throw new Error(`The metric was not kept: ${outcome.kind}.`);
  return outcome;
};
const count = (...names: readonly string[]): Omit<DefineMetricInput, "name"> => ({
  measure: { function: "COUNT", filter: { field: "name", in: names } },
});
const saved = async (caller: Caller, name: string, input: AskedOlap, pinned: boolean): Promise<string> => {
  const outcome = await operations().saveQuery(caller, { name, olap: input, pinned });
  if (outcome.kind !== "DEFINED") throw new Error(`The query was not kept: ${outcome.kind}.`);
  return outcome.definition.id;
};
const refusal = async (work: Promise<unknown>): Promise<Refusal> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Refusal) return error;
  throw new Error("It was not refused.", { cause: error });
};
const totalsOf = ({ totals }: Pick<OlapAnswer, "totals">) =>
  Object.fromEntries(totals.map((column) => [column.name, valuesOf(column)[0] ?? null]));
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
            await metric(caller, name, measure.function === "FORMULA" ? { formula: formula ?? "" } : { measure });
          const { filter = null, ...rest } = plain;
          if (filter !== null) await operations().defineSegment(caller, { name: "some", filter });
          const segments = filter === null ? [] : [{ name: "some" }];
          const last = given.at(-1)?.name ?? "";
          const named = { ...rest, measures: [], segments, filter: null };
          const all = await olap(caller, { ...named, metrics: given.map(({ name }) => ({ name })) });
          const inlined = await queryOlap(deps())(caller, plain);
          expect(shape(all)).toEqual(shape(inlined));
          // What a derived metric is made of does not show when it alone is asked for.
          const alone = await olap(caller, { ...named, metrics: [{ name: last }] });
          expect(shape(alone).measures).toEqual(shape(inlined).measures.filter(([name]) => name === last));
          expect(totalsOf(alone)).toEqual({ [last]: totalsOf(inlined)[last] });
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("a derived metric alone: its parts show in no column of rows, totals, periods, subtotals and others", async () => {
    const caller = await shop();
    await metric(caller, "buys", count("buy"));
    await metric(caller, "views", count("view"));
    await metric(caller, "conversion", { formula: "buys / views", format: { kind: "PERCENT" } });
    const answer = await olap(caller, {
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
    const caller = await shop();
    await metric(caller, "views", count("view"));
    await metric(caller, "less", { formula: "0 - views" });
    const ask = withDefinitions<AskedTimeSeries, TimeSeriesAnswer>(deps(), queryTimeSeries(deps()));
    const answer: TimeSeriesAnswer = await ask(caller, {
      ...{ range: RANGE, granularity: "DAY", splitBy: ["country"], maxLines: 1, measures: [] },
      metrics: [{ name: "less" }],
    });
    expect(answer.lines.map(({ values, columns }) => [values, columns.map(({ name }) => name)])).toEqual([
      [["US"], ["less"]],
    ]);
  });

  test("unknown names and versions are refused where they stand, with the nearest known name; another tenant's are unknown", async () => {
    const caller = await shop();
    await metric(caller, "revenue_total", count("buy"));
    const ask = (part: Partial<AskedOlap>, by = caller) => refusal(olap(by, { range: RANGE, ...part }));
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
    const caller = await shop();
    await operations().defineSegment(caller, { name: "one", filter: { field: "userId", eq: "u1" } });
    const asked = { range: RANGE, measures: [{ function: "COUNT", name: "n" }], segments: [{ name: "one" }] } as const;
    expect(totalsOf(await olap(caller, asked))).toEqual({ n: 2 });
    const error = await refusal(olap(callerOf(caller.tenantId, ["analytics:read"]), asked));
    expect([error.code, error.extras.field]).toEqual(["FORBIDDEN", "input.segments.0.field"]);
  });
});

describe("definitions", () => {
  test("each change is a version, an equal one is none; a version says what it always said", async () => {
    const caller = await shop();
    const first = await metric(caller, "m", count("buy"));
    expect((await metric(caller, "m", count("buy"))).changed).toBe(false);
    const second = await metric(caller, "m", { ...count("view"), expectedVersion: 1 });
    expect([second.definition.version, second.definition.id]).toEqual([2, first.definition.id]);
    expect((await refusal(metric(caller, "m", { ...count("x"), expectedVersion: 1 }))).code).toBe("CONFLICT");
    const value = async (version?: number) =>
      totalsOf(
        await olap(caller, { range: RANGE, metrics: [{ name: "m", ...(version === undefined ? {} : { version }) }] }),
      );
    expect([await value(1), await value(2), await value()]).toEqual([{ m: 1 }, { m: 3 }, { m: 3 }]);
    await operations().restoreDefinition(caller, first.definition.id, 1);
    expect(await value()).toEqual({ m: 1 });
    const versions = await operations().definitionVersions(caller, first.definition);
    expect(versions.map(({ version, definedBy }) => [version, definedBy])).toEqual(
      [3, 2, 1].map((version) => [version, "API_KEY:0000000000000000"]),
    );
    expect(versions[0]?.content).toEqual(versions[2]?.content);
  });

  test("metrics that compute with themselves are refused with the path, as are unknown names and what is too deep", async () => {
    const caller = callerOf();
    await metric(caller, "a", count("buy"));
    await metric(caller, "b", { formula: "a * 2" });
    await metric(caller, "c", { formula: "b + 1" });
    const cycle = await refusal(metric(caller, "a", { formula: "c / 2" }));
    expect(cycle).toMatchObject({ code: "BAD_INPUT", extras: { field: "input.formula", path: "a -> c -> b -> a" } });
    expect((await refusal(metric(caller, "self", { formula: "self" }))).extras.path).toBe("self -> self");
    expect((await refusal(metric(caller, "d", { formula: "a / bb" }))).message).toContain("There is no metric `bb`.");
    for (let depth = 3; depth < 8; depth += 1)
      await metric(caller, `d${depth}`, { formula: `${depth === 3 ? "c" : `d${depth - 1}`} + 1` });
    expect((await refusal(metric(caller, "d8", { formula: "d7 + 1" }))).message).toContain("at most 8 deep");
  });

  test.each<[string, DefineMetricInput, string]>([
    ["a name that is none", { name: "1a", measure: { function: "COUNT" } }, "input.name"],
    ["a name that formulas need", { name: "time", measure: { function: "COUNT" } }, "input.name"],
    ["neither measure nor formula", { name: "a" }, "input"],
    ["a measure without what it is of", { name: "a", measure: { function: "SUM" } }, "input.measure.of"],
    [
      "an unknown field in a measure's filter",
      { name: "a", measure: { function: "COUNT", filter: { field: "contry", eq: "DE" } } },
      "input.measure.filter.field",
    ],
    ["two quantiles", { name: "a", measure: { function: "QUANTILES", levels: [0.1, 0.9] } }, "input.measure.levels"],
    ["a formula that can't be read", { name: "a", formula: "1 +" }, "input.formula"],
    ["a currency without its kind", { name: "a", formula: "1", format: { currency: "EUR" } }, "input.format.currency"],
    ["an owner that is no id", { name: "a", formula: "1", owner: "me" }, "input.owner"],
  ])("%s is refused where it stands", async (_what, input, field) => {
    const error = await refusal(operations().defineMetric(callerOf(), input));
    expect([error.code, error.extras.field]).toEqual(["BAD_INPUT", field]);
  });

  test("what others refer to is not archived, and they are named; an archived name is in no question but by its version", async () => {
    const caller = await shop();
    const base = await metric(caller, "base", count("buy"));
    const derived = await metric(caller, "derived", { formula: "base * 2" });
    const id = await saved(caller, "kept", { range: RANGE, metrics: [{ name: "base" }] }, true);
    const refused = await operations().archiveDefinition(caller, base.definition.id);
    expect(refused.kind === "IN_USE" ? refused.usedBy.map(({ name }) => name) : []).toEqual(["derived", "kept"]);
    for (const one of [derived.definition.id, id, base.definition.id])
      expect((await operations().archiveDefinition(caller, one)).kind).toBe("ARCHIVED");
    const ask = (version: number | null) => olap(caller, { range: RANGE, metrics: [{ name: "base", version }] });
    expect((await refusal(ask(null))).message).toContain("is archived");
    expect(totalsOf(await ask(1))).toEqual({ base: 1 });
    expect((await refusal(metric(caller, "other", { formula: "base" }))).message).toContain("is archived");
    const names = async (archived: boolean) =>
      (await operations().listMetrics(caller, { first: 10, archived })).edges.map(({ node }) => node.name);
    expect([await names(false), await names(true)]).toEqual([[], ["base", "derived"]]);
    expect((await metric(caller, "base", count("buy"))).definition).toMatchObject({ version: 2, archived: false });
  });

  test("lists go on where a page ended", async () => {
    const caller = callerOf();
    for (const name of ["c", "a", "b"])
      await operations().defineSegment(caller, { name, filter: { field: "name", eq: "x" } });
    const first = await operations().listSegments(caller, { first: 2, archived: false });
    const after = first.edges.at(-1)?.cursor;
    const next = await operations().listSegments(caller, { first: 2, after, archived: false });
    expect([first, next].map(({ edges, hasNextPage }) => [edges.map(({ node }) => node.name), hasNextPage])).toEqual([
      [["a", "b"], true],
      [["c"], false],
    ]);
  });

  test("a tenant sees, changes and archives nothing of another's, and the database holds to it", async () => {
    const [caller, other] = [callerOf(), callerOf()];
    const { definition } = await metric(caller, "mine", count("buy"));
    const { id } = definition;
    expect(await operations().findMetric(other, "mine")).toBeNull();
    expect((await operations().archiveDefinition(other, id)).kind).toBe("NOT_FOUND");
    expect((await operations().restoreDefinition(other, id, 1)).kind).toBe("NOT_FOUND");
    expect(await operations().definitionVersions(other, definition)).toEqual([]);
    const seen = async (tenantId: TenantId) => {
      const counted = [];
      for (const table of ["semantic_definition", "semantic_definition_version", "semantic_reference"]) {
        // Without any condition of the statement's own.
        const statement = { name: `count-${table}`, text: `SELECT count(*)::integer AS n FROM ${table}`, params: [] };
        const parse = (row: unknown) => z.object({ n: z.number() }).parse(row).n;
        counted.push((await world.resources.sql.run(tenantId, statement, parse))[0]);
      }
      return counted;
    };
    expect([await seen(caller.tenantId), await seen(other.tenantId)]).toEqual([
      [1, 1, 0],
      [0, 0, 0],
    ]);
  });
});

describe("saved queries", () => {
  test("a pinned one is answered by what its names stood for, another by what they stand for now", async () => {
    const caller = await shop();
    await metric(caller, "base", count("buy"));
    await metric(caller, "twice", { formula: "base * 2" });
    const asked = { range: RANGE, metrics: [{ name: "twice" }] };
    const [pinned, latest] = [await saved(caller, "pinned", asked, true), await saved(caller, "latest", asked, false)];
    await metric(caller, "base", count("view"));
    const run = async (id: string) => {
      const answer = await operations().runSavedQuery(caller, { id });
      return [totalsOf(answer), answer.definitions.map(({ name, version }) => `${name} ${version}`)];
    };
    expect(await run(pinned)).toEqual([{ twice: 2 }, ["base 1", "twice 1"]]);
    expect(await run(latest)).toEqual([{ twice: 6 }, ["base 2", "twice 1"]]);
  });

  test("is asked over another range, and in an earlier version; an unknown one is not found", async () => {
    const caller = await shop();
    const question = { range: RANGE, measures: [{ function: "COUNT", name: "n" } as const] };
    const id = await saved(caller, "q", question, false);
    await saved(caller, "q", { ...question, filter: { field: "name", eq: "buy" } }, false);
    const total = async (part: object) => totalsOf(await operations().runSavedQuery(caller, { id, ...part }));
    const hour = { from: RANGE.from, to: "2026-11-19T02:00:00Z" };
    expect([await total({}), await total({ version: 1 }), await total({ version: 1, range: hour })]).toEqual(
      [1, 4, 2].map((n) => ({ n })),
    );
    for (const [by, part] of [
      [caller, { id, version: 9 }],
      [callerOf(), { id }],
    ] as const)
      expect((await refusal(operations().runSavedQuery(by, part))).code).toBe("NOT_FOUND");
  });

  test("what no question could be is not kept", async () => {
    const bad = { range: RANGE, measures: [{ function: "COUNT" } as const], dimensions: ["contry"] };
    const error = await refusal(operations().saveQuery(callerOf(), { name: "q", olap: bad }));
    expect([error.code, error.extras.field]).toEqual(["BAD_INPUT", "input.dimensions.0"]);
    expect((await refusal(operations().saveQuery(callerOf(), { name: "q" }))).code).toBe("BAD_INPUT");
  });
});

describe("dimensions", () => {
  test("are every field, and the properties seen with their types; a tenant without events has none", async () => {
    const caller = await shop();
    const { fields, properties, hasMoreProperties } = await operations().dimensions(caller);
    expect(fields.find(({ name }) => name === "userId")).toEqual({ name: "userId", type: "TEXT", personal: true });
    expect(properties).toEqual([
      { name: "properties.cart.total", types: ["NUMBER"] },
      { name: "properties.ok", types: ["BOOLEAN"] },
      { name: "properties.plan", types: ["TEXT"] },
    ]);
    expect(hasMoreProperties).toBe(false);
    expect((await operations().dimensions(callerOf())).properties).toEqual([]);
  });

  test("are of what the caller's data policy shows", async () => {
    const caller = await shop();
    const nothing: DataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {} },
      salt: "0".repeat(32),
    };
    const hidden: DataPolicy = { ...nothing, allow: {}, masks: { properties: { kind: "NULL" } } };
    for (const dataPolicy of [nothing, hidden])
      expect((await operations().dimensions({ ...caller, dataPolicy })).properties).toEqual([]);
  });
});
