import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import {
  limitOf,
  LIMITS,
  openAdministrationRoom,
  SET_LIMITS,
  type AdministrationRoom,
} from "./testing/administration-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

const EFFECTIVE = `query ($tenantId: ID!, $kind: CallerKind!, $id: ID!) { effectiveLimits(tenantId: $tenantId, subjectKind: $kind, subjectId: $id) {
  tenantId tier features limits { metric hard standing levels { scope scopeId hard used } } } }`;

describe("limits", () => {
  it("are the tier's until set; set for the tenant by an operator, for keys by the tenant; unset again", async () => {
    const tierHard = (await room.ask(room.manager, LIMITS))["limits"];
    expect(limitOf(tierHard, "JOBS")).toMatchObject({ hard: 4 });
    const jobs = { metric: "JOBS", scope: "TENANT", hard: 9 };
    expect(await room.refusalOf(room.manager, SET_LIMITS, { input: { limits: [jobs] } })).toBe("FORBIDDEN");
    const set = await room.ask(room.operator, SET_LIMITS, { input: { tenantId: room.tenantId, limits: [jobs] } });
    expect(limitOf(set["setLimits"], "JOBS")).toMatchObject({ hard: 9, levels: [{ fromTier: false }] });
    const ofKey = { metric: "JOBS", scope: "API_KEY", scopeId: "k1", hard: 2 };
    await room.ask(room.manager, SET_LIMITS, { input: { limits: [ofKey] } });
    const service = callerWith(freshTenantId(), ["platform:authenticate"]);
    const effective = async (id: string) =>
      limitOf(
        (await room.ask(service, EFFECTIVE, { tenantId: room.tenantId, kind: "API_KEY", id }))["effectiveLimits"],
        "JOBS",
      );
    expect(await effective("k1")).toMatchObject({
      hard: 2,
      levels: [
        { scope: "TENANT", hard: 9 },
        { scope: "API_KEY", scopeId: "k1" },
      ],
    });
    expect(await effective("k2")).toMatchObject({ hard: 9 });
    const unset = { metric: "JOBS", scope: "TENANT" };
    const after = await room.ask(room.operator, SET_LIMITS, {
      input: { tenantId: room.tenantId, limits: [unset, { ...ofKey, hard: null }] },
    });
    expect(limitOf(after["setLimits"], "JOBS")).toMatchObject({ hard: 4 });
    expect(after["setLimits"]).toMatchObject({ overrides: [] });
  });

  it("of an organisation count all its tenants together", async () => {
    const organisationId = randomUUID();
    const sibling = freshTenantId();
    await room.test.owner.query("INSERT INTO organisation (id, name) VALUES ($1, 'Group')", [organisationId]);
    await room.test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Sibling', $1::text)", [
      sibling,
    ]);
    await room.test.owner.query("UPDATE tenant SET organisation_id = $1 WHERE id = ANY ($2)", [
      organisationId,
      [room.tenantId, sibling],
    ]);
    const limit = { metric: "EVENTS_PER_MONTH", scope: "ORGANISATION", hard: 100 };
    await room.ask(room.operator, SET_LIMITS, { input: { tenantId: room.tenantId, limits: [limit] } });
    await room.use([{ kind: "INGEST", startedAtMs: room.nowMs, usage: { events: 60 } }], sibling);
    expect(await room.told("tenant.limit-passed", sibling)).toEqual([]);
    await room.use([{ kind: "INGEST", startedAtMs: room.nowMs, usage: { events: 60 } }]);
    expect(await room.told("tenant.limit-passed")).toMatchObject([
      { scope: "ORGANISATION", scopeId: organisationId, used: 120, limit: 100 },
    ]);
    const { limits } = await room.ask(room.manager, LIMITS);
    expect(limitOf(limits, "EVENTS_PER_MONTH")).toMatchObject({ hard: 100, standing: "BLOCKED" });
  });

  it("a soft limit warns once a period, a hard one gives its grace and then blocks, and a new month begins anew", async () => {
    const limit = { metric: "EVENTS_PER_MONTH", scope: "TENANT", soft: 80, hard: 100, graceSeconds: 3_600 };
    await room.ask(room.operator, SET_LIMITS, { input: { tenantId: room.tenantId, limits: [limit] } });
    const ingest = (events: number) => room.use([{ kind: "INGEST", startedAtMs: room.nowMs, usage: { events } }]);
    const standing = async () =>
      limitOf((await room.ask(room.manager, LIMITS))["limits"], "EVENTS_PER_MONTH")?.standing;
    await ingest(80);
    expect([await standing(), await room.told("tenant.limit-passed")]).toEqual(["WITHIN", []]);
    await ingest(1);
    await ingest(1);
    expect(await standing()).toBe("WARNED");
    expect(await room.told("tenant.limit-passed")).toMatchObject([
      { level: "SOFT", limit: 80, used: 81, blockedFromMs: null, period: "2026-11-01" },
    ]);
    await ingest(30);
    expect(await room.told("tenant.limit-passed")).toMatchObject([
      { level: "SOFT" },
      { level: "HARD", used: 112, blockedFromMs: room.nowMs + HOUR_MS },
    ]);
    expect(await standing()).toBe("GRACE");
    room.nowMs += HOUR_MS;
    expect(await standing()).toBe("BLOCKED");
    room.nowMs = Date.parse("2026-12-01T00:00:00Z");
    expect(await standing()).toBe("WITHIN");
    await ingest(81);
    expect(await room.told("tenant.limit-passed")).toHaveLength(3);
  });

  it("of a tenant nobody knows are null to the processes that ask", async () => {
    const service = callerWith(freshTenantId(), ["platform:authenticate"]);
    expect(await room.ask(service, EFFECTIVE, { tenantId: randomUUID(), kind: "USER", id: "u" })).toEqual({
      effectiveLimits: null,
    });
  });
});

describe("settings", () => {
  const SET = `mutation ($input: SetTenantSettingsInput!) { setTenantSettings(input: $input) { key value initial } }`;
  it("are set together or not at all, and answered with those nobody set", async () => {
    const settings = [
      { key: "timeZone", value: "Europe/Berlin" },
      { key: "eventRetentionDays", value: 30 },
    ];
    const { setTenantSettings } = await room.ask(room.manager, SET, { input: { settings } });
    expect(setTenantSettings).toEqual(
      expect.arrayContaining([
        { key: "timeZone", value: "Europe/Berlin", initial: false },
        { key: "weekStartsOn", value: "MONDAY", initial: true },
      ]),
    );
    const wrong = [
      { key: "timeZone", value: "UTC" },
      { key: "nothing", value: 1 },
    ];
    expect(await room.refusalOf(room.manager, SET, { input: { settings: wrong } })).toBe("BAD_INPUT");
    const { tenantSettings } = await room.ask(room.manager, "{ tenantSettings { key value } }");
    expect(tenantSettings).toEqual(expect.arrayContaining([{ key: "timeZone", value: "Europe/Berlin" }]));
  });
});
