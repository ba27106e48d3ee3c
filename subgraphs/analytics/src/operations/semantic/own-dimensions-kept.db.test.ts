import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyEvents } from "../../../testing/arbitraries.ts";
import { anyMade, withHand } from "../../../testing/reference-dimension.ts";
import { eventOf, managerOf, openCohortRoom } from "../../../testing/cohort-room.ts";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import { storeAndTell, storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { cellsOf } from "../../domain/columns.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { WindowsInput } from "../../domain/windows.ts";
import type { DimensionExpression } from "../../domain/semantic/dimension-expression.ts";
import type { Uses } from "../../domain/uses.ts";
import { peopleOf } from "../cohort-people.ts";
import { queryLiveWindows } from "../query-live-windows.ts";
import { queryOlap } from "../query-olap.ts";
import { defineRollup } from "../rollups/change-rollups.ts";
import { defineDimension } from "./define.ts";
import { resolveDimensions } from "./own-dimensions.ts";
import { watchNamedEvents } from "../watch-events.ts";
import { watchLiveWindows } from "../watch-live-windows.ts";
import type { OlapAnswer } from "../query-olap.ts";
import { behaviourStatements } from "../../store/behaviour-statements.ts";
import { createAnalyticsStore } from "../../store/analytics-store.ts";
import { createDefinitionStore } from "../../store/semantic/definition-store.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const HOUR_MS = 3_600_000;

let world: TestResources;
let rollups: RollupRoom;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  rollups = openRollupRoom();
});
afterAll(async () => {
  await rollups.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const defined = async (caller: Caller, name: string, expression: DimensionExpression): Promise<void> => {
  const definitions = createDefinitionStore({ sql: world.resources.sql, nowMs: Date.now });
  const outcome = await defineDimension({ definitions, newId: randomUUID })(caller, { name, expression });
  if (outcome.kind !== "DEFINED") throw new Error(`The dimension was not kept: ${outcome.kind}.`);
};
const nextOf = async <T>(stream: LiveIterator<T>): Promise<T> => {
  const result = await stream.next();
  if (result.done === true) throw new Error("The stream has ended.");
  return result.value;
};
const distinct = (events: readonly TestEvent[]): readonly TestEvent[] =>
  [...new Map(events.map((event) => [event.id, event])).values()].map((event) => ({ ...event, id: randomUUID() }));

describe("what runs by a dimension of the tenant's own", () => {
  test("a rollup by it answers as values written by hand say, and not what means another version", async () => {
    const baseMs = Date.UTC(2026, 9, 21, 12);
    const worlds = fc.tuple(anyEvents(baseMs, { min: 10, max: 60 }), anyMade);
    await fc.assert(
      fc.asyncProperty(worlds, async ([all, expression]) => {
        const caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define", "analytics:personal-data"]);
        const events = distinct(all).map((event) => withHand(event, expression));
        await rollups.ingest(caller.tenantId, events);
        await rollups.count(caller.tenantId);
        await defined(caller, "d", expression);
        const definitions = createDefinitionStore({ sql: world.resources.sql, nowMs: Date.now });
        // The room builds for tenants for which it has kept a rollup itself.
        const define = defineRollup({ rollups: rollups.rollups, definitions, newId: randomUUID });
        const asked = { name: "own", dimensions: ["dimensions.d"], grain: "HOUR" } as const;
        const kept = await rollups.define(caller.tenantId, "first", { dimensions: ["os"] });
        const outcome = await define(caller, asked);
        if (outcome.kind !== "DEFINED") throw new Error(`The rollup was not kept: ${outcome.kind}.`);
        for (const id of [kept.id, outcome.rollup.id]) await rollups.built(caller.tenantId, id);
        // It would hold what is made of the time, too.
        await rollups.rollups.archive(caller.tenantId, kept.id);
        expect(await define(caller, asked)).toMatchObject({ changed: false });
        const deps = { features: everyFeature, store: rollups.eager, nowMs: Date.now };
        const ask = async (name: string): Promise<readonly [OlapAnswer, readonly string[]]> => {
          const input: OlapInput = {
            range: { from: "2026-10-18T00:00:00Z", to: "2026-10-25T00:00:00Z" },
            ...{ measures: [{ function: "COUNT", name: "n" }], dimensions: [name], limit: 1_000 },
          };
          const answer = await queryOlap(deps)(caller, await resolveDimensions({ definitions }, caller, input));
          const [values = [], numbers = []] = answer.columns.map(cellsOf);
          return [answer, values.map((value, row) => `${String(value)} ${String(numbers[row])}`).toSorted()];
        };
        const [byOwn, own] = await ask("dimensions.d");
        const [, hand] = await ask("properties.hand");
        expect([expression, own]).toEqual([expression, hand]);
        expect(byOwn.provenance.tables.map(({ table }) => table)).toContain("rollups.own");
        await defined(caller, "d", { text: { of: "url.path", extract: "(.)$", otherwise: "new" } });
        const [later] = await ask("dimensions.d");
        expect(later.provenance.tables.map(({ table }) => table)).not.toContain("rollups.own");
        expect(later.provenance.rejectedTables).toContainEqual({
          table: "rollups.own",
          reason: "It does not hold dimensions.d as it is in the version asked for, which is grouped by.",
        });
        const [before, again] = await ask("dimensions.d@1");
        expect([before.provenance.tables.some(({ table }) => table === "rollups.own"), again]).toEqual([true, own]);
        expect(await define(caller, asked)).toMatchObject({ changed: true, rollup: { version: 2 } });
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("live windows by it are those of values written by hand, and a stream keeps what it meant when it began", async () => {
    const nowMs = Date.UTC(2026, 9, 21, 12, 7, 30);
    const definitions = createDefinitionStore({ sql: world.resources.sql, nowMs: Date.now });
    const { eventLog, eventStore } = world.resources;
    const deps = { store: createAnalyticsStore(eventStore), eventLog, definitions, nowMs: () => nowMs };
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(anyEvents(nowMs - 12 * HOUR_MS, { min: 10, max: 60 }), anyMade),
        async ([all, expression]) => {
          const caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define", "analytics:personal-data"]);
          await storeEvents(
            world.writer,
            caller.tenantId,
            distinct(all).map((event) => withHand(event, expression)),
          );
          await defined(caller, "d", expression);
          const by = (field: string): WindowsInput => ({
            ...{ kind: "TUMBLING", size: "PT1H", timeframe: "PT24H", keyBy: field },
            filter: {
              or: [
                { field, exists: true },
                { field: "country", eq: "DE" },
              ],
            },
          });
          const windowsOf = async (field: string) => (await queryLiveWindows(deps)(caller, by(field))).windows;
          const own = await windowsOf("dimensions.d");
          expect([expression, own]).toEqual([expression, await windowsOf("properties.hand")]);
          const stream = await watchLiveWindows(deps)(caller, by("dimensions.d"), null);
          await defined(caller, "d", { text: { of: "name", letters: "UPPER" } });
          const value = await nextOf(stream);
          await stream.return();
          expect([value.windows, value.provenance.definitions]).toEqual([
            own,
            [{ kind: "DIMENSION", name: "d", version: 1 }],
          ]);
        },
      ),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("the stream of events lets through what the dimension meant when it began", async () => {
    const { eventLog, eventStore } = world.resources;
    const definitions = createDefinitionStore({ sql: world.resources.sql, nowMs: Date.now });
    const caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
    const tier = (country: string): DimensionExpression => ({
      cases: { cases: [{ when: { field: "country", eq: country }, label: "near" }], otherwise: "far" },
    });
    await defined(caller, "tier", tier("DE"));
    const watch = watchNamedEvents({ store: createAnalyticsStore(eventStore), eventLog, definitions });
    const stream = await watch(caller, { filter: { field: "dimensions.tier", eq: "near" } }, null);
    await defined(caller, "tier", tier("US"));
    const events = ["US", "DE", "FR", "DE"].map((country, index): TestEvent => ({
      id: randomUUID(),
      name: "view",
      country,
      timeMs: Date.UTC(2026, 2, 1, 12) + index,
    }));
    await storeAndTell({ writer: world.writer, eventLog }, caller.tenantId, events);
    const taken = [await nextOf(stream), await nextOf(stream)];
    await stream.return();
    expect(taken.map(({ event }) => event.id)).toEqual([events[1]?.id, events[3]?.id]);
    const none = watch(caller, { filter: { field: "dimensions.teir", eq: "near" } }, null);
    await expect(none).rejects.toMatchObject({
      extensions: expect.objectContaining({ code: "BAD_INPUT", field: "filter.field" }),
    });
  });

  test("people of a cohort that a computation recorded are told with the versions of the dimensions it was made of, those of cohorts within it too", async () => {
    const cohorts = openCohortRoom(Date.UTC(2018, 2, 1));
    const caller = managerOf(freshTenantId());
    const definer = callerWith(caller.tenantId, ["analytics:read", "analytics:define", "analytics:personal-data"]);
    await storeEvents(world.writer, caller.tenantId, [eventOf("u1", "view", Date.UTC(2018, 1, 1), { country: "DE" })]);
    const land = (label: string): DimensionExpression => ({
      cases: { cases: [{ when: { field: "country", eq: "DE" }, label }] },
    });
    await defined(definer, "land", land("near"));
    const german = await cohorts.created(caller, "german", { latest: { field: "dimensions.land", eq: "near" } });
    await defined(definer, "land", land("far"));
    const both = await cohorts.created(caller, "both", {
      union: [{ cohort: german.id }, { latest: { field: "dimensions.land", eq: "far" } }],
    });
    await cohorts.computed(both);
    const told: Partial<Uses>[] = [];
    const deps = { ...cohorts, statements: behaviourStatements, nowMs: () => cohorts.clock.nowMs };
    const now = await cohorts.now(caller, both);
    const { basis } = await peopleOf({ ...deps, noteUses: (uses) => told.push(uses) }, caller, now);
    await cohorts.close();
    const dimension = { kind: "DIMENSION", name: "land" };
    const of = ({ id, name }: typeof both, named: boolean) => expect.objectContaining({ id, name, version: 1, named });
    expect([basis, now.size, told]).toEqual([
      ...["RECORDED", 1],
      [
        {
          cohorts: [of(both, true), of(german, false)],
          definitions: [
            { ...dimension, version: 2 },
            { ...dimension, version: 1 },
          ],
        },
      ],
    ]);
  });
});
