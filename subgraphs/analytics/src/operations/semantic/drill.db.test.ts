import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../../testing/flatten-answer.ts";
import { referenceGroups } from "../../../testing/reference-olap.ts";
import { callerOf, openSemanticRoom, RANGE, refusal } from "../../../testing/semantic-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import type { CellInput } from "../../domain/cell.ts";
import type { OlapInput } from "../../domain/query.ts";
import { drillDown, rollUp, type SteppedAnswer } from "./drill.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

/** Random worlds, each with some questions; few enough for two cores. */
const RUNS = 8;

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

const COUNT = [{ function: "COUNT", name: "events" }] as const;
/** Dimensions in the order of some hierarchies, so that random questions have levels to move. */
const DIMENSIONS = ["url.host", "url.path.1", "country", "device"];

const rowsIn = ({ question, result }: SteppedAnswer) =>
  rowsOf(result.columns, result.rowCount, question.granularity, question.timeZone);

/** What the question tells of itself, as the reference takes it. */
const asPlain = (answer: SteppedAnswer): OlapInput => ({
  ...answer.question.input,
  measures: answer.question.input.measures ?? [],
});

const stored = async (events: readonly TestEvent[]): Promise<Caller> => {
  const caller = callerOf();
  if (events.length > 0) await storeEvents(world.writer, caller.tenantId, events);
  return caller;
};

describe("moving an answer along hierarchies", () => {
  test("answers the question that it tells; a cell's finer rows add up to the cell, everything rolled up to all", async () => {
    let drilled = 0;
    await fc.assert(
      fc.asyncProperty(
        anyWorld,
        fc.subarray(DIMENSIONS, { minLength: 1, maxLength: 2 }),
        async (random, dimensions) => {
          const events = [...new Map(random.events.map((event) => [event.id, event])).values()];
          const caller = await stored(events);
          const [first = { timeMs: 0 }] = events.toSorted((a, b) => a.timeMs - b.timeMs);
          const iso = (ms: number): string => new Date(ms).toISOString();
          const wide = { from: iso(first.timeMs + 3_600_000), to: iso(first.timeMs + 5 * 86_400_000) };
          const [some = null] = random.queries.map((query) => query.filter ?? null);
          for (const [place, { timeZone = "UTC" }] of random.queries.slice(0, 2).entries()) {
            const [range, filter] = [events.length === 0 ? RANGE : wide, place === 0 ? null : some];
            const input = {
              range,
              timeZone,
              filter,
              measures: COUNT,
              dimensions,
              granularity: "DAY",
              limit: 10_000,
            } as const;
            const by = dimensions[0] ?? "";
            const along = { by };
            const whole = await rollUp(room.deps)(caller, { input, along });
            expect(differences(rowsIn(whole), referenceGroups(events, asPlain(whole)))).toEqual([]);
            const answer = await room.olap(caller, input);
            const [times = [], ...columns] = answer.columns.map(valuesOf);
            const counts = columns.pop() ?? [];
            if (answer.rowCount === 0) continue;
            const cell: CellInput = {
              time: String(times[0]),
              dimensions: columns.map(([value = null]) => (value === null ? null : String(value))),
            };
            for (const level of [by, "time"]) {
              const finer = await drillDown(room.deps)(caller, { input, along: { by: level }, cell });
              expect(differences(rowsIn(finer), referenceGroups(events, asPlain(finer)))).toEqual([]);
              expect(finer.result.totals.map(valuesOf)).toEqual([[counts[0]]]);
              expect(finer.from).toBe(level === "time" ? "DAY" : by);
              drilled += 1;
            }
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(drilled).toBeGreaterThan(0);
  });

  test("goes along a tenant's own hierarchies, in any of their versions, and names metrics on", async () => {
    const caller = await room.shop();
    await room.metric(caller, "views", { measure: { function: "COUNT", filter: { field: "name", eq: "view" } } });
    const define = (levels: readonly string[]) => room.operations.defineHierarchy(caller, { name: "shop", levels });
    expect(await define(["properties.plan", "country"])).toMatchObject({ kind: "DEFINED", changed: true });
    expect(await define(["properties.plan", "country"])).toMatchObject({ changed: false });
    expect(await define(["properties.plan", "properties.cart.total"])).toMatchObject({ definition: { version: 2 } });
    const input = { range: RANGE, metrics: [{ name: "views" }], dimensions: ["properties.plan"] };
    const now = await drillDown(room.deps)(caller, { input, along: { by: "properties.plan" } });
    expect(now).toMatchObject({
      ...{ hierarchy: { name: "shop", version: 2 }, from: "properties.plan", to: "properties.cart.total" },
      question: { dimensions: ["properties.cart.total"], input: { metrics: [{ name: "views" }] } },
    });
    const along = { by: "properties.plan", hierarchy: "shop", version: 1 };
    const before = await drillDown(room.deps)(caller, { input, along, cell: { dimensions: ["pro"] } });
    expect(before.result.columns.map(valuesOf)).toEqual([
      ["DE", "US"],
      [2, 1],
    ]);
    expect(before.result).toMatchObject({ definitions: [{ kind: "METRIC", name: "views", version: 1 }] });
    const hierarchies = (await room.operations.dimensions(caller)).hierarchies.map(({ name }) => name);
    expect(hierarchies).toEqual(["time", "geography", "page", "campaign", "technology", "shop"]);
  });

  test("knows no other tenant's hierarchies, none that is archived, and no version that there is not", async () => {
    const caller = await room.shop();
    const made = await room.operations.defineHierarchy(caller, {
      name: "shop",
      levels: ["properties.plan", "country"],
    });
    const input = { range: RANGE, measures: COUNT, dimensions: ["properties.plan"] };
    const along = { by: "properties.plan", hierarchy: "shop" };
    const ask = (by: Caller, version: number | null = null) =>
      drillDown(room.deps)(by, { input, along: { ...along, version } });
    expect(await ask(caller)).toMatchObject({ to: "country" });
    for (const work of [ask(callerOf()), ask(caller, 7)])
      expect(await refusal(work)).toMatchObject({ code: "BAD_INPUT", extras: { field: "along.hierarchy" } });
    if (made.kind === "DEFINED") await room.operations.archiveDefinition(caller, made.definition.id);
    expect((await refusal(ask(caller))).message).toContain("There is no hierarchy `shop`");
    expect(await ask(caller, 1)).toMatchObject({ to: "country" });
    if (made.kind === "DEFINED") await room.operations.restoreDefinition(caller, made.definition.id, 1);
    expect(await ask(caller)).toMatchObject({ hierarchy: { version: 2 } });
  });

  test("a cell that is none of the answer's is refused where it is wrong", async () => {
    const caller = await room.shop();
    const input = { range: RANGE, measures: COUNT, dimensions: ["country"] };
    const ask = (cell: CellInput) => refusal(drillDown(room.deps)(caller, { input, along: { by: "country" }, cell }));
    expect((await ask({ dimensions: [] })).extras.field).toBe("cell.dimensions");
    expect((await ask({ dimensions: ["DE"], time: RANGE.from })).extras.field).toBe("cell.time");
  });
});
