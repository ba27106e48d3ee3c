import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { CellInput } from "../domain/cell.ts";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { anyWorld } from "../../testing/arbitraries.ts";
import { rowsOf } from "../../testing/flatten-answer.ts";
import { passes } from "../../testing/reference-filter.ts";
import { referenceGroups } from "../../testing/reference-olap.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";
import { rowsBehind } from "./rows-behind.ts";

jest.setTimeout(120_000);

let world: TestResources;
let store: AnalyticsStore;
beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
});
afterAll(() => world.close());

const QUESTION: OlapInput = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" },
  measures: [{ function: "COUNT", name: "n" }],
  dimensions: ["country"],
};

describe("the rows behind a cell", () => {
  test("are the events of its group that its measure counts, each once, over all pages", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async ({ events, queries }, choice) => {
        const known = [...new Map(events.map((event) => [event.id, event])).values()];
        const tenantId = freshTenantId();
        if (known.length > 0) await storeEvents(world.writer, tenantId, known);
        const caller = callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
        const nowMs = Date.now;
        for (const query of queries.slice(0, 2)) {
          const dimensions = (query.dimensions ?? []).filter((name) => name !== "qualityFlags" && name !== "time");
          const filter = query.measures[0]?.filter ?? null;
          const counted = [{ function: "COUNT", name: "n", filter } as const];
          const input = { ...query, dimensions, measures: counted, limit: 10_000 };
          const answer = await queryOlap({ features: everyFeature, store, nowMs })(caller, input);
          if (answer.rowCount === 0) continue;
          const at = choice % answer.rowCount;
          const row = rowsOf(answer.columns, answer.rowCount, input.granularity ?? "NONE", input.timeZone ?? "UTC")[at];
          const shown = answer.columns.find(({ role }) => role === "TIME");
          const cell: CellInput = {
            dimensions: row?.dimensions ?? [],
            time: shown?.kind === "TIME" ? (shown.times[at] ?? null) : null,
            measure: "n",
          };
          const ids: string[] = [];
          for (let after: string | null = null, more = true; more;) {
            const page = await rowsBehind({ store, nowMs })(caller, { input, cell, first: 7, after });
            ids.push(...page.edges.map(({ node }) => node.id));
            ({ hasNextPage: more, endCursor: after } = page.pageInfo);
          }
          const expected = known.filter(
            (event) =>
              passes(event, filter, input.timeZone ?? "UTC") &&
              // Without dimensions there is a group of no events, too.
              referenceGroups([event], input).some(
                (group) =>
                  Number(group.measures[0]) === 1 &&
                  group.label === row?.label &&
                  JSON.stringify(group.dimensions) === JSON.stringify(row?.dimensions),
              ),
          );
          expect(ids.toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
          expect(ids).toHaveLength(Number(row?.measures[0]));
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test.each<[string, Partial<OlapInput>, CellInput, string]>([
    ["too few values", {}, {}, "a value for each"],
    ["a value of another type", { dimensions: ["synthetic"] }, { dimensions: ["maybe"] }, "can't have a value"],
    ["a list", { dimensions: ["qualityFlags"] }, { dimensions: ["LATE"] }, "holds lists"],
    ["a time without buckets", {}, { dimensions: ["DE"], time: "2026-11-01T00:00:00Z" }, "no buckets"],
    [
      "a time inside a bucket",
      { granularity: "DAY" },
      { dimensions: ["DE"], time: "2026-11-01T01:00:00Z" },
      "start of a bucket",
    ],
    ["an unknown measure", {}, { dimensions: ["DE"], measure: "m" }, "no such measure"],
  ])("%s is refused", async (_what, part, cell, words) => {
    const caller = callerWith(freshTenantId(), ["analytics:read"]);
    await expect(
      rowsBehind({ store, nowMs: Date.now })(caller, { input: { ...QUESTION, ...part }, cell }),
    ).rejects.toThrow(words);
  });

  test("of a sum are the events that carry what is summed, in its currency", async () => {
    const tenantId = freshTenantId();
    const timeMs = Date.parse("2026-11-01T12:00:00Z");
    const ids = Array.from({ length: 3 }, () => crypto.randomUUID());
    const [paid = "", other = "", free = ""] = ids;
    await storeEvents(world.writer, tenantId, [
      { id: paid, name: "buy", timeMs, revenue: "5", currency: "EUR", country: "DE" },
      { id: other, name: "buy", timeMs, revenue: "5", currency: "USD", country: "DE" },
      { id: free, name: "view", timeMs, country: "DE" },
    ]);
    const input = {
      ...QUESTION,
      measures: [{ function: "SUM", of: "revenue", currency: "EUR", name: "sum" } as const],
    };
    const caller = callerWith(tenantId, ["analytics:read"]);
    const page = await rowsBehind({ store, nowMs: Date.now })(caller, {
      input,
      cell: { dimensions: ["DE"], measure: "sum" },
    });
    expect(page.edges.map(({ node }) => node.id)).toEqual([paid]);
    const all = await rowsBehind({ store, nowMs: Date.now })(caller, { input, cell: { dimensions: ["DE"] } });
    expect(all.edges.map(({ node }) => node.id).toSorted()).toEqual(ids.toSorted());
  });
});
