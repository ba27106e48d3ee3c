import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { explainOlap } from "./explain-olap.ts";
import { queryOlap } from "./query-olap.ts";

jest.setTimeout(120_000);

const HOURS = 48;
const EVENTS = 4_800;
const FROM = Date.parse("2026-11-01T00:00:00Z");
const QUESTION: OlapInput = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" },
  measures: [{ function: "COUNT" }],
  dimensions: ["name"],
};

let world: TestResources;
let store: AnalyticsStore;
let tenantId: TenantId;
beforeAll(async () => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
  tenantId = freshTenantId();
  await storeEvents(
    world.writer,
    tenantId,
    Array.from({ length: EVENTS }, (_event, index) => ({
      id: crypto.randomUUID(),
      name: `step_${index % 3}`,
      userId: `u${index % 100}`,
      country: index % 2 === 0 ? "DE" : "FR",
      timeMs: FROM + Math.floor((index * HOURS * 3_600_000) / EVENTS),
    })),
  );
});
afterAll(() => world.close());

const explain = (part: Partial<OlapInput>, run = false) =>
  explainOlap({ store })(callerWith(tenantId, ["analytics:read"]), { ...QUESTION, ...part }, run);

describe("an explanation", () => {
  test("tells every way there is, what each would read, the one taken and why no other", async () => {
    const { candidates, actual } = await explain({}, true);
    expect(candidates.map(({ table, chosen }) => [table, chosen])).toEqual([
      ["rollup_hour_name", true],
      ["rollup_day_dimensions", false],
      ["events", false],
    ]);
    const [hourly, daily, events] = candidates;
    expect(hourly).toMatchObject({ reason: null, reads: [{ table: "rollup_hour_name" }] });
    expect(daily?.reason).toMatch(/holds the answer too, .* \d+ rows/);
    expect(events?.reason).toContain(`it would read ${events?.estimate?.rows} rows`);
    // The engine reads whole blocks: at least the tenant's rows, and what else lies in them.
    expect(events?.estimate?.rows).toBeGreaterThanOrEqual(EVENTS);
    expect(hourly?.estimate?.rows).toBeLessThan(EVENTS);
    expect(actual?.rows).toBeLessThanOrEqual(hourly?.estimate?.rows ?? 0);
  });

  test("says of a rollup that can't answer what it lacks, and that the events are read", async () => {
    const { candidates, actual, approximations } = await explain({
      dimensions: ["country"],
      measures: [{ function: "UNIQUES", of: "sessions", name: "visits" }],
    });
    expect(candidates.map(({ reason }) => reason)).toEqual([
      "It does not hold country, which is grouped by.",
      "visits counts values the rollup holds no sketch of.",
      null,
    ]);
    expect(candidates.map(({ estimate, reads }) => [estimate === null, reads.length])).toEqual([
      [true, 0],
      [true, 0],
      [false, 1],
    ]);
    expect(approximations.map(({ column }) => column)).toEqual(["visits"]);
    expect(actual).toBeNull();
  });

  test("names what the engine reads in place of a table's own rows: whole days of the hourly rollup, but not hours of them", async () => {
    const own = freshTenantId();
    const hourly = Array.from({ length: 2_000 }, (_event, index) => ({
      ...{ id: crypto.randomUUID(), name: `step_${index % 7}`, userId: `u${index % 100}` },
      timeMs: FROM + index * 600_000,
    }));
    await storeEvents(world.writer, own, hourly);
    const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-12T00:00:00Z" };
    const people = { ...QUESTION, range, measures: [{ function: "UNIQUES", of: "persons" } as const] };
    const taken = async (part: Partial<OlapInput>) =>
      (await explainOlap({ store })(callerWith(own, ["analytics:read"]), { ...people, ...part }, false)).candidates.map(
        ({ table, projections }) => [table, projections],
      );
    const byDay = [{ table: "rollup_hour_name", name: "by_day" }];
    expect(await taken({})).toEqual([
      ["rollup_hour_name", byDay],
      ["rollup_day_dimensions", []],
      ["events", []],
    ]);
    // A caller's text can't pass for the engine's words.
    const eq = "x\nReadFromMergeTree (by_week)\n└──ReadFromMergeTree (by_name)";
    expect((await taken({ filter: { not: { field: "name", eq } } }))[0]).toEqual(["rollup_hour_name", byDay]);
    const hours = { from: "2026-11-01T02:00:00Z", to: "2026-11-01T07:00:00Z" };
    expect((await taken({ range: hours }))[0]).toEqual(["rollup_hour_name", []]);
    // Answers tell the same.
    const told = async (part: Partial<OlapInput>) => {
      const ask = queryOlap({ features: everyFeature, store, nowMs: Date.now });
      const answer = await ask(callerWith(own, ["analytics:read"]), { ...people, ...part });
      return [answer.provenance, ...answer.subtotals.map(({ provenance }) => provenance)].map(
        ({ projections }) => projections,
      );
    };
    expect(await told({})).toEqual([byDay]);
    expect(await told({ range: hours })).toEqual([[]]);
    expect(await told({ dimensions: ["name", "country"] })).toEqual([[]]);
  });

  test("predicts bytes and time by what reads took: after some reads, near to what the next one takes", async () => {
    const raw = { dimensions: ["userId"], measures: [{ function: "COUNT" } as const] };
    const caller = callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
    const ask = () => explainOlap({ store })(caller, { ...QUESTION, ...raw }, true);
    for (let reads = 0; reads < 40; reads += 1) await ask();
    const { candidates, actual } = await ask();
    const estimate = candidates.find(({ chosen }) => chosen)?.estimate;
    const perRow = (bytes: number, rows: number): number => bytes / Math.max(1, rows);
    const [predicted, taken] = [
      perRow(estimate?.bytes ?? 0, estimate?.rows ?? 0),
      perRow(actual?.bytes ?? 0, actual?.rows ?? 0),
    ];
    expect(predicted).toBeGreaterThan(taken * 0.9);
    expect(predicted).toBeLessThan(taken * 1.1);
    expect(estimate?.milliseconds).toBeGreaterThan(0);
  });
});
