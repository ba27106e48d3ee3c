import { createHash, randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import {
  INDICATOR_START_MS,
  newCard,
  openIndicatorRoom,
  sharerOf,
  WRITTEN,
  type IndicatorRoom,
} from "../../../testing/indicator-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { oldestPeriod } from "../../domain/shared-indicators/indicator.ts";
import { keptIndicators } from "./indicator-operations.ts";
import { plainForm } from "./plain-form.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let room: IndicatorRoom;
beforeAll(() => {
  room = openIndicatorRoom();
});
afterAll(() => room.close());

describe("threats", () => {
  test("poisoning: a tenant that says it often, and tenants of one organisation, are one party; one that is suspended is none", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const [card, organisationId, asking] = [newCard(), await room.addOrganisation(), await room.addTenant()];
    const liars = [
      await room.addTenant(organisationId),
      await room.addTenant(organisationId),
      await room.addTenant(organisationId),
    ];
    await room.join(asking);
    await room.reportedBy([...liars, ...liars, await room.addTenant(), await room.addTenant(null, "SUSPENDED")], card);
    room.clock.nowMs += 3 * DAY_MS;
    expect(await room.ask(asking, [card])).toEqual([null]);
    room.clock.nowMs = INDICATOR_START_MS;
    await room.reportedBy([await room.addTenant()], card);
    room.clock.nowMs += 3 * DAY_MS;
    expect(await room.ask(asking, [card])).toEqual(["FEW"]);
  });

  test("poisoning: a tenant contributes so many identifiers and no more, and what it had counts on", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const tenantId = await room.addTenant();
    await room.join(tenantId);
    const { indicators, indicatorKeys } = room.open();
    const add = async (cards: readonly string[]) => {
      const forms = cards.map((card) => plainForm("CARD", card) ?? "");
      const given = {
        indicators: await keptIndicators({ indicatorKeys }, "CARD", forms, room.clock.nowMs),
        atMs: room.clock.nowMs,
      };
      return indicators.contribute(tenantId, {
        source: "REPORT",
        ...given,
        oldest: oldestPeriod(room.clock.nowMs),
        most: 3,
      });
    };
    expect(await add([newCard(), newCard()])).toEqual({ kind: "KEPT", added: 2 });
    expect(await add([newCard(), newCard()])).toEqual({ kind: "FULL", contributed: 2 });
    expect(await add([newCard()])).toEqual({ kind: "KEPT", added: 1 });
  });

  test("guessing: so many different identifiers a day, each charged once, nothing of what goes beyond; leaving and coming back gives no second day", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const tenantId = await room.addTenant();
    const { indicators, operations } = room.open();
    const hashes = Array.from({ length: 3 }, (_, place) => ({ place, period: 1, hash: randomBytes(32) }));
    const asked = (count: number, dayMs = INDICATOR_START_MS) =>
      indicators.bandsAcrossTenants(tenantId, {
        hashes: hashes.slice(0, count),
        releasedBeforeMs: INDICATOR_START_MS,
        dayMs,
        most: 2,
      });
    expect(await asked(1)).toEqual({ kind: "NOT_A_MEMBER" });
    await room.join(tenantId);
    const nothing = { kind: "ANSWERED", bands: new Map() };
    expect([await asked(1), await asked(3), await asked(1), await asked(2), await asked(2), await asked(3)]).toEqual([
      ...[nothing, { kind: "SPENT" }, nothing, nothing, nothing, { kind: "SPENT" }],
    ]);
    expect(await operations.leaveSharedIndicators(sharerOf(tenantId))).toEqual({ deleted: 0 });
    await room.join(tenantId);
    expect([await asked(3), await asked(2, INDICATOR_START_MS + DAY_MS)]).toEqual([{ kind: "SPENT" }, nothing]);
  });

  test("guessing: what is not in the tenant's own events can neither be reported nor asked about", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const [tenantId, foreign, card, other] = [await room.addTenant(), await room.addTenant(), newCard(), newCard()];
    await storeEvents(room.world.writer, tenantId, [
      { id: randomUUID(), name: "pay", timeMs: INDICATOR_START_MS - 1_000, properties: { card, ip: "10.0.0.1" } },
    ]);
    await storeEvents(room.world.writer, foreign, [
      { id: randomUUID(), name: "pay", timeMs: INDICATOR_START_MS - 1_000, properties: { card: other } },
    ]);
    const { operations } = room.open();
    const report = (field: string, values: readonly string[]) =>
      operations.reportSharedIndicators(sharerOf(tenantId), { field, values });
    await expect(report("properties.card", [card])).rejects.toMatchObject({ code: "CONFLICT" });
    await room.join(tenantId);
    expect(await report("properties.card", [card, other, "1111"])).toEqual({
      ...{ reported: 1, unseen: [other], unusable: ["1111"] },
    });
    expect(await report("properties.ip", ["10.0.0.1"])).toEqual({ reported: 0, unseen: [], unusable: ["10.0.0.1"] });
    await expect(report("properties.email", ["a@b.c"])).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", message: expect.stringContaining("properties.card"), extras: { field: "input.field" } },
    });
    await expect(report("properties.card", [])).rejects.toMatchObject({ extras: { field: "input.values" } });
    await expect(report("userId", ["ann"])).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await operations.sharedIndicatorMembership(sharerOf(tenantId))).toMatchObject({ contributed: 1 });
  });

  test("differencing: what is new shows at the start of a day, for all at once; who leaves or takes it back counts no more from then on", async () => {
    room.clock.nowMs = Date.parse("2031-05-05T00:00:00Z");
    const [card, asking] = [newCard(), await room.addTenant()];
    const others = [await room.addTenant(), await room.addTenant(), await room.addTenant()];
    await room.join(asking);
    for (const [hours, tenantId] of [
      [0, others[0]],
      [11, others[1]],
      [23.9, others[2]],
    ] as const) {
      room.clock.nowMs = Date.parse("2031-05-05T00:00:00Z") + hours * 3_600_000;
      if (tenantId !== undefined) await room.reportedBy([tenantId], card);
    }
    const at = async (moment: string) => {
      room.clock.nowMs = Date.parse(moment);
      return (await room.ask(asking, [card]))[0];
    };
    expect(await at("2031-05-06T23:59:59.999Z")).toBeNull();
    expect(await at("2031-05-07T00:00:00Z")).toBe("FEW");
    const { operations } = room.open();
    if (others[0] === undefined) throw new Error("There is a tenant.");
    expect(await operations.leaveSharedIndicators(sharerOf(others[0]))).toEqual({ deleted: 1 });
    expect(await at("2031-05-07T00:00:01Z")).toBeNull();
    expect(await operations.sharedIndicatorMembership(sharerOf(others[0]))).toBeNull();
  });

  test("a dump tells nothing: no table holds an identifier, and without the key ring no key", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const [card, tenantId] = [newCard(), await room.addTenant()];
    await room.reportedBy([tenantId], card);
    await room.ask(tenantId, [card]);
    const forms = [...WRITTEN.map((write) => write(card)), createHash("sha256").update(card).digest("base64")];
    for (const table of [
      "shared_indicator",
      "shared_indicator_member",
      "shared_indicator_lookup",
      "shared_indicator_key",
    ]) {
      const { rows } = await room.world.owner.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      expect(rows.length).toBeGreaterThan(0);
      for (const { row } of rows) for (const form of forms) expect(row.includes(form)).toBe(false);
    }
    const sha = createHash("sha256").update(card).digest();
    const { rows } = await room.world.owner.query("SELECT 1 FROM shared_indicator WHERE hash = $1", [sha]);
    expect(rows).toEqual([]);
    const stranger = readKeyRing(`other:${Buffer.alloc(32, 8).toString("base64url")}`);
    await expect(room.open(stranger).indicatorKeys.at(room.clock.nowMs)).rejects.toThrow("not in the key ring");
  });

  test("row-level security: a tenant sees, adds and removes its own rows alone, and reads no key", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const [card, own, foreign] = [newCard(), await room.addTenant(), await room.addTenant()];
    await room.reportedBy([foreign], card);
    await room.join(own);
    const run = (text: string, ...params: readonly unknown[]) =>
      room.world.resources.sql.run(own, { name: `seal-${randomUUID().slice(0, 8)}`, text, params }, (row) => row);
    for (const table of ["shared_indicator", "shared_indicator_member", "shared_indicator_lookup"])
      expect(await run(`SELECT 1 FROM ${table} WHERE tenant_id <> $1`, own)).toEqual([]);
    await run("DELETE FROM shared_indicator");
    await run("DELETE FROM shared_indicator_member WHERE tenant_id = $1", foreign);
    expect(await room.open().operations.sharedIndicatorMembership(sharerOf(foreign))).toMatchObject({ contributed: 1 });
    const row = [foreign, 1, randomBytes(32), "REPORT", "CARD", new Date(room.clock.nowMs)];
    const insert =
      "INSERT INTO shared_indicator (tenant_id, period, hash, source, kind, at) VALUES ($1, $2, $3, $4, $5, $6)";
    await expect(run(insert, ...row)).rejects.toThrow(/row-level security/);
    await expect(run("SELECT 1 FROM shared_indicator_key")).rejects.toThrow(/permission denied/);
    await expect(run("DELETE FROM shared_indicator_lookup")).rejects.toThrow(/permission denied/);
  });

  test("erasing a tenant removes all it contributed", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const [card, gone, asking] = [newCard(), await room.addTenant(), await room.addTenant()];
    await room.join(asking);
    await room.reportedBy([gone, await room.addTenant(), await room.addTenant()], card);
    room.clock.nowMs += 3 * DAY_MS;
    expect(await room.ask(asking, [card])).toEqual(["FEW"]);
    await room.world.owner.query("UPDATE tenant SET state = 'DELETING', delete_at = $2 WHERE id = $1", [
      gone,
      new Date(0),
    ]);
    expect(await room.ask(asking, [card])).toEqual([null]);
    const erase = { name: "erase", text: "SELECT erase_tenant($1) AS gone", params: [new Date(room.clock.nowMs)] };
    await room.world.resources.sql.run(gone, erase, (row) => row);
    for (const table of ["shared_indicator", "shared_indicator_member", "shared_indicator_lookup"])
      expect((await room.world.owner.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [gone])).rows).toEqual([]);
  });
});
