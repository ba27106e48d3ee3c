import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import type { OlapInput } from "../../domain/query.ts";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import { queryOlap } from "../query-olap.ts";
import { rollupProposals } from "./propose.ts";

jest.setTimeout(180_000);
const FROM = Date.UTC(2026, 8, 1);
const DAY_MS = 86_400_000;
const RANGE = { from: new Date(FROM).toISOString(), to: new Date(FROM + 2 * DAY_MS).toISOString() };

let room: RollupRoom;
beforeAll(() => {
  room = openRollupRoom();
});
afterAll(() => room.close());

const caller = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);
const ask = (tenantId: TenantId, part: Partial<OlapInput>) =>
  queryOlap({ features: everyFeature, store: room.store, nowMs: Date.now })(caller(tenantId), {
    ...{ range: RANGE, measures: [{ function: "COUNT" }], ...part },
  });
const propose = (tenantId: TenantId, asked = { days: 7, first: 5 }) => rollupProposals(room)(caller(tenantId), asked);

const shop = async (): Promise<TenantId> => {
  const tenantId = freshTenantId();
  const events = Array.from({ length: 20_000 }, (_event, index) => ({
    ...{ id: randomUUID(), name: index % 2 === 0 ? "view" : "buy", userId: `u${index % 50}` },
    ...{ timeMs: FROM + Math.floor((index * 2 * DAY_MS) / 20_000), country: index % 3 === 0 ? "DE" : "FR" },
    properties: { plan: `p${index % 4}`, key: `k${index}` },
  }));
  await room.ingest(tenantId, events);
  await room.count(tenantId);
  return tenantId;
};

describe("proposals of rollups", () => {
  test("come from what was asked, and what is defined by one answers the same questions with fewer rows", async () => {
    const tenantId = await shop();
    const byPlan: Partial<OlapInput> = {
      ...{ dimensions: ["properties.plan"], granularity: "DAY", timeZone: "Europe/Berlin" },
      filter: { field: "country", eq: "DE" },
    };
    for (let times = 0; times < 3; times += 1) await ask(tenantId, byPlan);
    await ask(tenantId, { dimensions: ["properties.plan"], measures: [{ function: "UNIQUES", of: "persons" }] });
    // None of these is of a rollup: too many rows, its own filter, exact, and what is answered by a rollup already.
    await ask(tenantId, { dimensions: ["properties.key"] });
    await ask(tenantId, { measures: [{ function: "COUNT", filter: { field: "device", eq: "x" } }] });
    await ask(tenantId, { measures: [{ function: "UNIQUES", of: "persons", exact: true }] });
    const before = await ask(tenantId, byPlan);
    const [best, ...others] = await propose(tenantId);
    expect(best).toMatchObject({
      ...{ name: "by_country_plan_hour", dimensions: ["country", "properties.plan"], grain: "HOUR" },
      ...{ questions: 5, eventsPerDay: expect.any(Number) },
      measures: [{ function: "UNIQUES", of: "persons" }],
    });
    expect(best?.rowsPerDay).toBeLessThan(24 * 8 * 1.1);
    expect(best?.rowsSaved).toBeGreaterThan((best?.rowsRead ?? 0) * 0.9);
    expect(others.every(({ rowsSaved }) => rowsSaved <= (best?.rowsSaved ?? 0))).toBe(true);
    if (best === undefined) throw new Error("Nothing was proposed.");
    const { dimensions, measures, grain, name } = best;
    const { id } = await room.define(tenantId, name, { dimensions, measures, grain });
    await room.built(tenantId, id);
    room.clock.aheadMs += 1_001;
    const after = await ask(tenantId, byPlan);
    expect(after.provenance.tables.map(({ table }) => table)).toContain(`rollups.${name}`);
    expect(after.provenance.rowsRead).toBeLessThan(before.provenance.rowsRead / 4);
    expect([after.columns, after.totals]).toEqual([before.columns, before.totals]);
  });

  test("are of one tenant's questions, keep no value that was asked for, and none of who is under a data policy", async () => {
    const [alpha, beta] = [await shop(), freshTenantId()];
    const filter = { field: "properties.plan", eq: "a secret" };
    await ask(alpha, { dimensions: ["country"], filter });
    const dataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {} },
      ...{ synthetic: null, masks: {}, salt: "0".repeat(32) },
    };
    const store = { features: everyFeature, store: room.store, nowMs: Date.now };
    const hidden = {
      range: RANGE,
      measures: [{ function: "COUNT" }],
      dimensions: ["device", "properties.plan"],
    } as const;
    await queryOlap(store)({ ...caller(alpha), dataPolicy }, hidden);
    const proposals = await propose(alpha);
    expect(proposals.map(({ dimensions }) => dimensions)).toEqual([["country", "properties.plan"]]);
    expect(await propose(beta)).toEqual([]);
    const { rows } = await room.world.owner.query("SELECT shape::text AS shape FROM asked_shape WHERE tenant_id = $1", [
      alpha,
    ]);
    expect(JSON.stringify(rows)).not.toContain("secret");
    for (const [asked, field] of [
      [{ days: 15, first: 5 }, "days"],
      [{ days: 7, first: 0 }, "first"],
    ] as const)
      await expect(propose(alpha, asked)).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });
});
