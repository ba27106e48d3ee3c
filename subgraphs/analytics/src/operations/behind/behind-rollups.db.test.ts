import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import { callerOf, openSemanticRoom } from "../../../testing/semantic-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { cellsOf } from "../../domain/columns.ts";
import type { OlapInput } from "../../domain/query.ts";
import { queryOlap } from "../query-olap.ts";
import { rowsBehind } from "../rows-behind.ts";

jest.setTimeout(180_000);

const FROM = Date.UTC(2026, 8, 1);
let rollups: RollupRoom;
let room: BehindRoom;
let world: TestResources;
beforeAll(() => {
  rollups = openRollupRoom();
  room = openBehindRoom(FROM + 10 * 86_400_000);
  world = openTestResources();
});
afterAll(() => Promise.all([room.close(), rollups.close(), world.close()]));

const QUESTION: OlapInput = {
  range: { from: new Date(FROM).toISOString(), to: new Date(FROM + 2 * 86_400_000).toISOString() },
  measures: [{ function: "COUNT", name: "n" }],
  limit: 100,
};
/** The first letter of the country, as a tenant would define it. */
const REGION = {
  found: [{ written: "dimensions.region", version: 1, expression: { text: { of: "country", extract: "^(.)" } } }],
  unknown: [],
} satisfies NonNullable<OlapInput["meanings"]>;

describe("what is behind a number that a rollup of the tenant's own answered", () => {
  test.each<[string, Partial<OlapInput>, (event: TestEvent) => string]>([
    ["by a field it holds", { dimensions: ["country"] }, ({ country = "" }) => country],
    [
      "by an own dimension over a field it holds",
      { dimensions: ["dimensions.region"], meanings: REGION },
      ({ country = "" }) => country.slice(0, 1),
    ],
  ])(
    "%s are the single events it counted, of every group, in `behind` and in rowsBehind",
    async (_what, by, groupOf) => {
      const tenantId = freshTenantId();
      const countries = ["DE", "DK", "FR", "US"];
      const events = Array.from({ length: 60 }, (_event, index): TestEvent => ({
        ...{ id: randomUUID(), name: index % 3 === 0 ? "buy" : "view", userId: `u${index % 7}` },
        ...{ timeMs: FROM + index * 1_800_000, country: countries[index % 4] ?? "" },
      }));
      await rollups.ingest(tenantId, events);
      await rollups.count(tenantId);
      const { id } = await rollups.define(tenantId, "own", { dimensions: ["country", "name"] });
      await rollups.built(tenantId, id);
      const caller = callerOf(tenantId);
      const expression = { text: { of: "country", extract: "^(.)" } };
      await openSemanticRoom(world).operations.defineDimension(caller, { name: "region", expression });
      const input: OlapInput = { ...QUESTION, ...by };
      const asked = { features: everyFeature, store: rollups.eager, nowMs: Date.now };
      const answer = await queryOlap(asked)(caller, input);
      expect(answer.provenance.tables).toMatchObject([{ table: "rollups.own" }]);
      const [groups = [], numbers = []] = answer.columns.map(cellsOf);
      expect(groups.length).toBe(new Set(events.map(groupOf)).size);
      for (const [place, group] of groups.entries()) {
        const cell = { dimensions: [String(group)], measure: "n" };
        const meant = events.filter((event) => groupOf(event) === group).map((event) => event.id);
        const { counts, ids } = await room.readBehind(caller, { olap: { input, cell } });
        const page = await rowsBehind(room.deps)(caller, { input, cell, first: 1_000 });
        expect({ group, number: Number(numbers[place]), events: counts.events, ids: ids.toSorted() }).toEqual({
          ...{ group, number: meant.length, events: meant.length, ids: meant.toSorted() },
        });
        expect(page.edges.map(({ node }) => node.id).toSorted()).toEqual(meant.toSorted());
      }
    },
  );
});
