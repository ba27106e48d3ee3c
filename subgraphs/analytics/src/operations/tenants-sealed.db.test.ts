import { wholeTenant } from "@tessera/platform/store/data-policy";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { plan, planOn } from "../domain/planner.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { windowsRequest } from "../domain/windows.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { eventPageStatement } from "../store/events-sql.ts";
import { olapStatement } from "../store/olap-sql.ts";
import { windowsStatement } from "../store/windows-sql.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { findEvents } from "./find-events.ts";
import { queryEvents } from "./query-events.ts";
import { queryOlap } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const NOW = Date.UTC(2026, 10, 20, 12);
const RANGE = { from: new Date(NOW - 3 * 86_400_000).toISOString(), to: new Date(NOW).toISOString() };

let world: TestResources;
let store: AnalyticsStore;
let own: TenantId;
let other: TenantId;
let theirs: readonly TestEvent[];
beforeAll(async () => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
  [own, other] = [freshTenantId(), freshTenantId()];
  const events = (name: string): readonly TestEvent[] =>
    Array.from({ length: 200 }, (_event, index) => ({
      id: randomUUID(),
      name,
      timeMs: NOW - 1_000 - index * 1_000_000,
      country: "DE",
    }));
  theirs = events("theirs");
  await storeEvents(world.writer, own, events("own"));
  await storeEvents(world.writer, other, theirs);
});
afterAll(() => world.close());

const caller = (): Caller => callerWith(own, ["analytics:read", "analytics:personal-data"]);

describe("a tenant's questions", () => {
  test.each<[string, Partial<OlapInput>]>([
    ["the hourly rollup", {}],
    ["the daily rollup", { dimensions: ["country"] }],
    ["single events", { measures: [{ function: "UNIQUES", of: "id", exact: true }] }],
    [
      "a filter that names the other tenant",
      {
        filter: {
          or: [
            { field: "name", eq: "theirs" },
            { field: "id", in: [randomUUID()] },
          ],
        },
      },
    ],
    ["a filter that tries to leave its condition", { filter: { field: "name", eq: "' OR tenant_id != '" } }],
  ])("see no row of another tenant through %s", async (_path, input) => {
    const asked = { range: RANGE, measures: [{ function: "COUNT" }], dimensions: [], ...input } as const;
    const answer = await queryOlap({ features: everyFeature, store, nowMs: () => NOW })(caller(), {
      ...asked,
      dimensions: [...asked.dimensions, "name"],
    });
    const names = answer.columns.filter(({ name }) => name === "name").flatMap(valuesOf);
    expect(names).not.toContain("theirs");
    expect(names.length).toBe(input.filter === undefined ? 1 : 0);
  });

  test("see no event of another tenant in pages, and another tenant's id finds none", async () => {
    const { edges } = await queryEvents({ store, nowMs: () => NOW })(caller(), { first: 1_000 });
    expect(new Set(edges.map(({ node }) => node.name))).toEqual(new Set(["own"]));
    expect(
      await findEvents({ store })(
        caller(),
        theirs.slice(0, 5).map(({ id }) => id),
      ),
    ).toEqual([null, null, null, null, null]);
  });

  test("see nothing even if a statement named the other tenant: the store itself holds the reader to the tenant of the call", async () => {
    const { query, orderBy, limit } = parseOlap(
      { range: RANGE, measures: [{ function: "COUNT" }] },
      { personalData: true },
    );
    const request = { query, orderBy, limit, having: [], lines: null };
    const windows = {
      layout: { kind: "TUMBLING", sizeMs: 60_000, slideMs: 60_000 },
      timeframeMs: 86_400_000,
      allowedLatenessMs: 0,
      keyBy: null,
      filter: null,
    } as const;
    const foreign = [
      olapStatement({ ...request, plan: plan(query, null) }, other),
      olapStatement({ ...request, plan: planOn(null, [], query) }, other),
      eventPageStatement({ filter: null, range: null, first: 10, after: null }, "NEWEST_HOURS", other),
      windowsStatement(windowsRequest(windows, NOW), other),
    ];
    for (const statement of foreign) {
      const { rows } = await world.resources.eventStore.query(wholeTenant(own), statement, (row) => row);
      expect(JSON.stringify(rows)).not.toContain("theirs");
      expect(
        rows.length === 0 || JSON.stringify(rows).includes('"m0":0') || JSON.stringify(rows).includes('"m0":null'),
      ).toBe(true);
    }
  });
});
