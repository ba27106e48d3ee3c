import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyEvents } from "../../../testing/arbitraries.ts";
import { anyExpression, dimensionOf, heldExpression } from "../../../testing/reference-dimension.ts";
import { callerOf, olapOf, openSemanticRoom, RANGE, refusal, totalsOf } from "../../../testing/semantic-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { cellsOf } from "../../domain/columns.ts";
import { parseJobInput } from "../../domain/job-input.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DimensionExpression } from "../../domain/semantic/dimension-expression.ts";
import { isoTime } from "../../domain/zone.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { drillDown } from "./drill.ts";
import { explainNamed } from "./named-questions.ts";
import { resolveQuestion } from "./resolve-question.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

const DAY_MS = 86_400_000;
const BASE_MS = Date.UTC(2026, 9, 25);
const WHOLE_DAYS = { from: isoTime(BASE_MS - 3 * DAY_MS), to: isoTime(BASE_MS + 4 * DAY_MS) };
const N = { function: "COUNT", name: "n" } as const;

const defined = async (caller: Caller, name: string, expression: DimensionExpression): Promise<string> => {
  const outcome = await room.operations.defineDimension(caller, { name, expression });
  if (outcome.kind !== "DEFINED") throw new Error(`The dimension was not kept: ${outcome.kind}.`);
  return outcome.definition.id;
};

/** Numbers by the values of the first column, in order of these. */
const byValue = ({ columns }: Pick<OlapAnswer, "columns">): readonly (readonly [unknown, unknown])[] => {
  const [values, numbers] = columns.map(cellsOf);
  return (values ?? [])
    .map((value, row) => [value === null ? null : String(value), numbers?.[row]] as const)
    .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
};

const counted = (events: readonly TestEvent[], of: (event: TestEvent) => string | null) => {
  const counts = new Map<string | null, number>();
  for (const event of events) counts.set(of(event), (counts.get(of(event)) ?? 0) + 1);
  return [...counts].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
};

const meaning = (expression: DimensionExpression): OlapInput["meanings"] => ({
  found: [{ written: "dimensions.d", version: 1, expression }],
  unknown: [],
});

const stored = async (events: readonly TestEvent[]): Promise<Caller> => {
  const caller = callerOf();
  if (events.length > 0) await storeEvents(world.writer, caller.tenantId, events);
  return caller;
};

describe("a dimension of the tenant's own", () => {
  test("groups, filters and counts events as the plain reading of its expression does, whatever it is", async () => {
    const worlds = fc.tuple(
      anyEvents(BASE_MS, { min: 5, max: 40 }),
      fc.array(anyExpression, { minLength: 4, maxLength: 4 }),
      fc.constantFrom("UTC", "Europe/Berlin"),
    );
    await fc.assert(
      fc.asyncProperty(worlds, async ([all, expressions, timeZone]) => {
        const events = [...new Map(all.map((event) => [event.id, event])).values()];
        const caller = await stored(events);
        const base = { range: WHOLE_DAYS, timeZone, measures: [N], orderBy: [{ column: "n" }] };
        for (const expression of expressions) {
          const of = (event: TestEvent) => dimensionOf(event, expression, timeZone);
          const meanings = meaning(expression);
          const expected = counted(events, of);
          const groups = await queryOlap(room.deps)(caller, { ...base, meanings, dimensions: ["dimensions.d"] });
          expect([expression, byValue(groups)]).toEqual([expression, expected]);
          const label = expected.find(([value]) => value !== null)?.[0] ?? "nothing";
          const filter = {
            or: [
              { field: "dimensions.d", eq: label },
              { field: "dimensions.d", exists: false },
            ],
          };
          const measures = [N, { function: "UNIQUES", of: "dimensions.d", name: "values", exact: true } as const];
          const held = await queryOlap(room.deps)(caller, { ...base, measures, meanings, filter });
          const kept = events.filter((event) => of(event) === label || of(event) === null);
          const values = new Set(kept.map(of).filter((value) => value !== null)).size;
          expect([expression, totalsOf(held)]).toEqual([expression, { n: kept.length, values }]);
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("is read from a rollup where that holds all it is made of, with the same numbers, and else says why not", async () => {
    const worlds = fc.tuple(
      anyEvents(BASE_MS, { min: 5, max: 40 }),
      fc.array(heldExpression, { minLength: 3, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(worlds, async ([all, expressions]) => {
        const events = [...new Map(all.map((event) => [event.id, event])).values()];
        const caller = await stored(events);
        for (const expression of expressions) {
          const asked = {
            range: WHOLE_DAYS,
            measures: [N],
            dimensions: ["dimensions.d"],
            meanings: meaning(expression),
          };
          const answer = await queryOlap(room.deps)(caller, asked);
          expect(answer.provenance.tables.map(({ table }) => table)).toEqual([expect.stringMatching(/^rollup_/)]);
          const expected = counted(events, (event) => dimensionOf(event, expression));
          expect([expression, byValue(answer)]).toEqual([expression, expected]);
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
    const caller = await room.shop();
    await defined(caller, "plan", { text: { of: "properties.plan", letters: "UPPER" } });
    const asked: AskedOlap = { range: RANGE, measures: [N], dimensions: ["dimensions.plan"] };
    const { candidates } = await explainNamed(room.deps)(caller, asked, false);
    expect(candidates.map(({ table, reason }) => [table, reason])).toContainEqual([
      "rollup_day_dimensions",
      "It does not hold dimensions.plan, which is grouped by.",
    ]);
  });

  test("is named wherever a field is, in the version now or the one asked for, and told with the answer", async () => {
    const caller = await room.shop();
    const tier = (label: string): DimensionExpression => ({
      cases: { cases: [{ when: { field: "properties.cart.total", gte: 2 }, label }], otherwise: "small" },
    });
    await defined(caller, "tier", tier("large"));
    await defined(caller, "tier", tier("huge"));
    const question = (name: string): AskedOlap => ({
      ...{ range: RANGE, measures: [N], dimensions: [name], orderBy: [{ column: name, direction: "ASC" }] },
    });
    const now = await room.olap(caller, question("dimensions.tier"));
    expect(byValue(now)).toEqual([
      ["huge", 2],
      ["small", 2],
    ]);
    expect(now.columns[0]?.name).toBe("dimensions.tier");
    expect(now.definitions).toEqual([{ kind: "DIMENSION", name: "tier", version: 2 }]);
    const first = await room.olap(caller, question("dimensions.tier@1"));
    expect([byValue(first)[0], first.definitions]).toEqual([
      ["large", 2],
      [{ kind: "DIMENSION", name: "tier", version: 1 }],
    ]);
    // In metrics and segments, with which it is told too; and in a hierarchy, along which answers are drilled into.
    const big = { field: "dimensions.tier", eq: "huge" };
    await room.metric(caller, "big", { measure: { function: "COUNT", filter: big } });
    await room.operations.defineSegment(caller, { name: "big", filter: big });
    const named = await room.olap(caller, {
      ...{ range: RANGE, metrics: [{ name: "big" }], measures: [N], segments: [{ name: "big" }] },
    });
    expect([totalsOf(named), named.definitions.map(({ kind }) => kind)]).toEqual([
      { big: 2, n: 2 },
      ["METRIC", "SEGMENT", "DIMENSION"],
    ]);
    await room.operations.defineHierarchy(caller, { name: "size", levels: ["dimensions.tier", "name"] });
    const step = await drillDown(room.deps)(caller, {
      ...{ input: question("dimensions.tier"), along: { by: "dimensions.tier" }, cell: { dimensions: ["huge"] } },
    });
    expect([step.hierarchy.name, byValue(step.result)]).toEqual([
      "size",
      [
        ["buy", 1],
        ["view", 1],
      ],
    ]);
    expect(step.result.definitions).toEqual([{ kind: "DIMENSION", name: "tier", version: 2 }]);
  });

  test("a saved query with pins and a long query keep what it meant; what refers to it keeps it from being archived", async () => {
    const caller = await room.shop();
    const id = await defined(caller, "place", { field: "country" });
    const asked: AskedOlap = { range: RANGE, measures: [N], dimensions: ["dimensions.place"] };
    const pinned = await room.saved(caller, "by_place", asked, true);
    const { input } = await resolveQuestion(room.deps, caller, asked);
    const kept = parseJobInput({
      olap: {
        ...input,
        granularity: "NONE",
        timeZone: "UTC",
        orderBy: [],
        limit: 10,
        measures: [{ ...N, exact: false }],
      },
      maxRows: 10,
    });
    await defined(caller, "place", { text: { of: "country", letters: "LOWER" } });
    const places = async (answer: Promise<Pick<OlapAnswer, "columns">>) =>
      byValue(await answer).map(([value]) => value);
    expect(await places(room.olap(caller, asked))).toEqual(["de", "us"]);
    const saved = await olapOf(room.operations.runSavedQuery(caller, { id: pinned }));
    expect(await places(Promise.resolve(saved))).toEqual(["DE", "US"]);
    expect(saved.definitions).toEqual([{ kind: "DIMENSION", name: "place", version: 1 }]);
    expect(await places(queryOlap(room.deps)(caller, kept.olap))).toEqual(["DE", "US"]);
    expect(await room.operations.archiveDefinition(caller, id)).toMatchObject({
      ...{ kind: "IN_USE", usedBy: [{ kind: "SAVED_QUERY", name: "by_place" }] },
    });
    const free = await defined(caller, "free", { field: "device" });
    expect(await room.operations.archiveDefinition(caller, free)).toMatchObject({ kind: "ARCHIVED" });
    const archived = await refusal(room.olap(caller, { ...asked, dimensions: ["dimensions.free"] }));
    expect(archived.message).toContain("is archived: name one of its versions");
    const [old] = (await room.olap(caller, { ...asked, dimensions: ["dimensions.free@1"] })).definitions;
    expect(old).toMatchObject({ name: "free", version: 1 });
    expect(await room.operations.restoreDefinition(caller, free, 1)).toMatchObject({ kind: "DEFINED", changed: true });
  });

  test("`channel` is there for every tenant, by the rules of attribution, until the tenant gives the name to its own", async () => {
    const event = { name: "view", timeMs: Date.parse(RANGE.from) + 1 };
    const caller = await stored([
      { ...event, id: randomUUID(), utmMedium: "cpc", utmSource: "google" },
      { ...event, id: randomUUID(), referrer: "https://www.bing.com/" },
      { ...event, id: randomUUID() },
    ]);
    const asked: AskedOlap = { range: RANGE, measures: [N], dimensions: ["dimensions.channel"] };
    const found = async () => byValue(await room.olap(caller, asked)).map(([value]) => value);
    expect(await found()).toEqual(["Direct", "Organic Search", "Paid Search"]);
    await defined(caller, "channel", { field: "utmMedium" });
    expect(await found()).toEqual(["cpc", null]);
    const { own, builtIn } = await room.operations.dimensions(caller);
    expect([own.map(({ name }) => name), builtIn.map(({ name }) => name)]).toEqual([["channel"], ["channel"]]);
  });

  test("of personal data asks for the permission of whoever names it, and of what a data policy masks is of the mask", async () => {
    const caller = await room.shop();
    await defined(caller, "who", { field: "userId" });
    await defined(caller, "known", { cases: { cases: [{ when: { field: "userId", eq: "u1" }, label: "yes" }] } });
    const asked = (name: string): AskedOlap => ({ range: RANGE, measures: [N], dimensions: [name] });
    const reader = callerOf(caller.tenantId, ["analytics:read", "analytics:define"]);
    for (const name of ["dimensions.who", "dimensions.known"]) {
      const inFilter = { range: RANGE, measures: [N], filter: { field: name, exists: true } };
      const refused = await Promise.all([asked(name), inFilter].map((one) => refusal(room.olap(reader, one))));
      expect(refused.map(({ code, extras }) => [code, extras.field])).toEqual([
        ["FORBIDDEN", "input.dimensions.0"],
        ["FORBIDDEN", "input.filter.field"],
      ]);
    }
    const expression = { field: "userId" };
    expect((await refusal(room.operations.defineDimension(reader, { name: "too", expression }))).code).toBe(
      "FORBIDDEN",
    );
    const masks: DataPolicy["masks"] = { country: { kind: "CONSTANT", value: "hidden" }, properties: { kind: "NULL" } };
    const dataPolicy: DataPolicy = {
      ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks },
      salt: "0".repeat(32),
    };
    await defined(caller, "land", { text: { of: "country", letters: "UPPER" } });
    await defined(caller, "german", {
      cases: { cases: [{ when: { field: "country", eq: "DE" }, label: "yes" }], otherwise: "no" },
    });
    await defined(caller, "plan", {
      cases: { cases: [{ when: { field: "properties.plan", exists: true }, label: "any" }], otherwise: "none" },
    });
    const seen = async (name: string) => byValue(await room.olap({ ...caller, dataPolicy }, asked(name)));
    expect(await seen("dimensions.land")).toEqual([["HIDDEN", 4]]);
    expect(await seen("dimensions.german")).toEqual([["no", 4]]);
    expect(await seen("dimensions.plan")).toEqual([["none", 4]]);
  });

  test("unknown names, versions and those of other tenants are refused where they stand, with the nearest known name", async () => {
    const caller = await room.shop();
    await defined(caller, "plan_tier", { field: "properties.plan" });
    const ask = (name: string, by = caller) =>
      refusal(room.olap(by, { range: RANGE, measures: [N], dimensions: [name] }));
    const unknown = await ask("dimensions.plan_teir");
    expect([unknown.code, unknown.extras.field, unknown.message]).toEqual([
      ...["BAD_INPUT", "input.dimensions.0"],
      "There is no dimension `plan_teir`. Did you mean `plan_tier`?",
    ]);
    expect((await ask("dimensions.plan_tier@9")).message).toBe(
      "The dimension `plan_tier` has no version 9: its versions are 1 to 1.",
    );
    expect((await ask("dimensions.plan_tier", callerOf())).message).toBe("There is no dimension `plan_tier`.");
    expect((await ask("dimensions.")).extras.field).toBe("input.dimensions.0");
    // A text that only looks like a name is a value as any other.
    const value = { range: RANGE, measures: [N], filter: { field: "country", eq: "dimensions.nothing" } };
    expect(totalsOf(await room.olap(caller, value))).toEqual({ n: 0 });
  });
});
