import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { callerOf, count, olapOf, openSemanticRoom, RANGE, refusal, totalsOf } from "../../../testing/semantic-room.ts";
import type { DefineMetricInput } from "../../domain/semantic/parse-metric.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

describe("definitions", () => {
  test("each change is a version, an equal one is none; a version says what it always said", async () => {
    const caller = await room.shop();
    const first = await room.metric(caller, "m", count("buy"));
    expect((await room.metric(caller, "m", count("buy"))).changed).toBe(false);
    const second = await room.metric(caller, "m", { ...count("view"), expectedVersion: 1 });
    expect([second.definition.version, second.definition.id]).toEqual([2, first.definition.id]);
    expect((await refusal(room.metric(caller, "m", { ...count("x"), expectedVersion: 1 }))).code).toBe("CONFLICT");
    const value = async (version?: number) =>
      totalsOf(
        await room.olap(caller, {
          range: RANGE,
          metrics: [{ name: "m", ...(version === undefined ? {} : { version }) }],
        }),
      );
    expect([await value(1), await value(2), await value()]).toEqual([{ m: 1 }, { m: 3 }, { m: 3 }]);
    await room.operations.restoreDefinition(caller, first.definition.id, 1);
    expect(await value()).toEqual({ m: 1 });
    const versions = await room.operations.definitionVersions(caller, first.definition);
    expect(versions.map(({ version, definedBy }) => [version, definedBy])).toEqual(
      [3, 2, 1].map((version) => [version, "API_KEY:0000000000000000"]),
    );
    expect(versions[0]?.content).toEqual(versions[2]?.content);
  });

  test("metrics that compute with themselves are refused with the path, as are unknown names and what is too deep", async () => {
    const caller = callerOf();
    await room.metric(caller, "a", count("buy"));
    await room.metric(caller, "b", { formula: "a * 2" });
    await room.metric(caller, "c", { formula: "b + 1" });
    const cycle = await refusal(room.metric(caller, "a", { formula: "c / 2" }));
    expect(cycle).toMatchObject({ code: "BAD_INPUT", extras: { field: "input.formula", path: "a -> c -> b -> a" } });
    expect((await refusal(room.metric(caller, "self", { formula: "self" }))).extras.path).toBe("self -> self");
    expect((await refusal(room.metric(caller, "d", { formula: "a / bb" }))).message).toContain(
      "There is no metric `bb`.",
    );
    for (let depth = 3; depth < 8; depth += 1)
      await room.metric(caller, `d${depth}`, { formula: `${depth === 3 ? "c" : `d${depth - 1}`} + 1` });
    expect((await refusal(room.metric(caller, "d8", { formula: "d7 + 1" }))).message).toContain("at most 8 deep");
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
    const error = await refusal(room.operations.defineMetric(callerOf(), input));
    expect([error.code, error.extras.field]).toEqual(["BAD_INPUT", field]);
  });

  test("what others refer to is not archived, and they are named; an archived name is in no question but by its version", async () => {
    const caller = await room.shop();
    const base = await room.metric(caller, "base", count("buy"));
    const derived = await room.metric(caller, "derived", { formula: "base * 2" });
    const id = await room.saved(caller, "kept", { range: RANGE, metrics: [{ name: "base" }] }, true);
    const refused = await room.operations.archiveDefinition(caller, base.definition.id);
    expect(refused.kind === "IN_USE" ? refused.usedBy.map(({ name }) => name) : []).toEqual(["derived", "kept"]);
    for (const one of [derived.definition.id, id, base.definition.id])
      expect((await room.operations.archiveDefinition(caller, one)).kind).toBe("ARCHIVED");
    const ask = (version: number | null) => room.olap(caller, { range: RANGE, metrics: [{ name: "base", version }] });
    expect((await refusal(ask(null))).message).toContain("is archived");
    expect(totalsOf(await ask(1))).toEqual({ base: 1 });
    expect((await refusal(room.metric(caller, "other", { formula: "base" }))).message).toContain("is archived");
    const names = async (archived: boolean) =>
      (await room.operations.listMetrics(caller, { first: 10, archived })).edges.map(({ node }) => node.name);
    expect([await names(false), await names(true)]).toEqual([[], ["base", "derived"]]);
    expect((await room.metric(caller, "base", count("buy"))).definition).toMatchObject({ version: 2, archived: false });
  });

  test("lists go on where a page ended; another tenant's place begins no list but the asker's own", async () => {
    const caller = callerOf();
    for (const name of ["c", "a", "b"])
      await room.operations.defineSegment(caller, { name, filter: { field: "name", eq: "x" } });
    const first = await room.operations.listSegments(caller, { first: 2, archived: false });
    const after = first.edges.at(-1)?.cursor;
    const next = await room.operations.listSegments(caller, { first: 2, after, archived: false });
    expect([first, next].map(({ edges, hasNextPage }) => [edges.map(({ node }) => node.name), hasNextPage])).toEqual([
      [["a", "b"], true],
      [["c"], false],
    ]);
    const other = callerOf();
    await room.operations.defineSegment(other, { name: "z", filter: { field: "name", eq: "x" } });
    const theirs = await room.operations.listSegments(other, { first: 2, after, archived: false });
    expect(theirs.edges.map(({ node }) => node.name)).toEqual(["z"]);
  });

  test("a tenant sees, changes and archives nothing of another's, and the database holds to it", async () => {
    const [caller, other] = [callerOf(), callerOf()];
    const { definition } = await room.metric(caller, "mine", count("buy"));
    const { id } = definition;
    expect(await room.operations.findMetric(other, "mine")).toBeNull();
    expect((await room.operations.archiveDefinition(other, id)).kind).toBe("NOT_FOUND");
    expect((await room.operations.restoreDefinition(other, id, 1)).kind).toBe("NOT_FOUND");
    expect(await room.operations.definitionVersions(other, definition)).toEqual([]);
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
    const caller = await room.shop();
    await room.metric(caller, "base", count("buy"));
    await room.metric(caller, "twice", { formula: "base * 2" });
    const asked = { range: RANGE, metrics: [{ name: "twice" }] };
    const [pinned, latest] = [
      await room.saved(caller, "pinned", asked, true),
      await room.saved(caller, "latest", asked, false),
    ];
    await room.metric(caller, "base", count("view"));
    const run = async (id: string) => {
      const answer = await olapOf(room.operations.runSavedQuery(caller, { id }));
      return [totalsOf(answer), answer.definitions.map(({ name, version }) => `${name} ${version}`)];
    };
    expect(await run(pinned)).toEqual([{ twice: 2 }, ["base 1", "twice 1"]]);
    expect(await run(latest)).toEqual([{ twice: 6 }, ["base 2", "twice 1"]]);
  });

  test("is asked over another range, and in an earlier version; an unknown one is not found", async () => {
    const caller = await room.shop();
    const question = { range: RANGE, measures: [{ function: "COUNT", name: "n" } as const] };
    const id = await room.saved(caller, "q", question, false);
    await room.saved(caller, "q", { ...question, filter: { field: "name", eq: "buy" } }, false);
    const total = async (part: object) =>
      totalsOf(await olapOf(room.operations.runSavedQuery(caller, { id, ...part })));
    const hour = { from: RANGE.from, to: "2026-11-19T02:00:00Z" };
    expect([await total({}), await total({ version: 1 }), await total({ version: 1, range: hour })]).toEqual(
      [1, 4, 2].map((n) => ({ n })),
    );
    for (const [by, part] of [
      [caller, { id, version: 9 }],
      [callerOf(), { id }],
    ] as const)
      expect((await refusal(room.operations.runSavedQuery(by, part))).code).toBe("NOT_FOUND");
  });

  test("what no question could be is not kept", async () => {
    const bad = { range: RANGE, measures: [{ function: "COUNT" } as const], dimensions: ["contry"] };
    const error = await refusal(room.operations.saveQuery(callerOf(), { name: "q", olap: bad }));
    expect([error.code, error.extras.field]).toEqual(["BAD_INPUT", "input.olap.dimensions.0"]);
    expect((await refusal(room.operations.saveQuery(callerOf(), { name: "q" }))).code).toBe("BAD_INPUT");
  });
});
