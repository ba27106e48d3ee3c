import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { SECURITY_EVENT_RAISED, THROTTLE_LIFTED } from "@tessera/contracts/events/security-event";
import { INSTALLATION } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { WINDOW_MS } from "./domain/abuse/detect.ts";
import { FIRST_THROTTLE_MS, LIFTED_GRACE_MS } from "./domain/abuse/throttle.ts";
import { createAbuseStore } from "./store/abuse-store.ts";
import { abuseIn, EFFECTIVE, LIFT, spend } from "./testing/abuse-room.ts";
import { NOW, openAdministrationRoom, type AdministrationRoom } from "./testing/administration-room.ts";
import type { ExecutionParts } from "./testing/executions.ts";

// Many operations wait for few processors; the bound is on the test, not on the product.
jest.setTimeout(120_000);

let room: AdministrationRoom;
let abuse: ReturnType<typeof abuseIn>;

beforeAll(() => {
  room = openAdministrationRoom();
  abuse = abuseIn(room);
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

describe("a cost spike", () => {
  it("is told once, throttles the key and nobody else, and says so to whoever enforces limits", async () => {
    await abuse.use([spend(600), spend(500), spend(10, "other")]);
    const { nodes } = await abuse.events(room.manager);
    expect(nodes).toMatchObject([
      {
        ...{ kind: "COST_SPIKE", source: { kind: "API_KEY", id: "spender" }, measured: 1_100, bound: 1_000, usual: 0 },
        throttle: { level: "REDUCED", percent: 25, strikes: 1, active: true },
      },
    ]);
    expect(await room.told(SECURITY_EVENT_RAISED)).toMatchObject([
      { securityEventId: nodes[0]?.id, kind: "COST_SPIKE", throttle: { id: nodes[0]?.throttle?.id } },
    ]);
    const service = callerWith(INSTALLATION, ["platform:authenticate"]);
    const heldBack = async (id: string) =>
      (await room.ask(service, EFFECTIVE, { tenantId: room.tenantId, id }))["effectiveLimits"];
    const until = new Date(NOW + FIRST_THROTTLE_MS).toISOString();
    expect(await heldBack("spender")).toEqual({
      throttle: { kind: "COST_SPIKE", level: "REDUCED", percent: 25, until },
    });
    expect(await heldBack("other")).toEqual({ throttle: null });
    await abuse.use([spend(5_000)]);
    expect((await abuse.events(room.manager)).nodes).toHaveLength(1);
    room.nowMs += FIRST_THROTTLE_MS;
    expect(await heldBack("spender")).toEqual({ throttle: null });
    expect(await abuse.throttles(room.manager)).toEqual([]);
    expect(await abuse.throttles(room.manager, { activeOnly: false })).toMatchObject([
      { active: false, liftedAt: null },
    ]);
  });

  it("is measured against what is usual for the key", async () => {
    for (let window = 0; window < 4; window += 1) {
      await abuse.use([spend(900)]);
      room.nowMs += WINDOW_MS;
    }
    await abuse.use([spend(4_400)]);
    expect((await abuse.events(room.manager)).nodes).toEqual([]);
    await abuse.use([spend(200)]);
    expect((await abuse.events(room.manager)).nodes).toMatchObject([{ measured: 4_600, bound: 4_500, usual: 900 }]);
  });

  it("lasts four times as long when it comes again, and the third time blocks", async () => {
    const seen: unknown[] = [];
    let cost = 1_000;
    for (let time = 1; time <= 3; time += 1) {
      await abuse.use([spend(cost)]);
      const [throttle] = await abuse.throttles(room.manager);
      seen.push([throttle?.["level"], throttle?.["strikes"], Date.parse(String(throttle?.["until"])) - room.nowMs]);
      room.nowMs = Date.parse(String(throttle?.["until"]));
      cost *= 100;
    }
    expect(seen).toEqual([
      ["REDUCED", 1, FIRST_THROTTLE_MS],
      ["REDUCED", 2, 4 * FIRST_THROTTLE_MS],
      ["BLOCKED", 3, 16 * FIRST_THROTTLE_MS],
    ]);
  });

  it("that is noticed an hour late is told and throttles nobody", async () => {
    await abuse.use([{ ...spend(2_000), startedAtMs: NOW - 3_600_000 }]);
    expect((await abuse.events(room.manager)).nodes).toMatchObject([{ kind: "COST_SPIKE", throttle: null }]);
  });
});

describe("scraping", () => {
  it("is different pages and things, not the same one again", async () => {
    const page = (name: string): ExecutionParts => ({ subject: { kind: "USER", id: "reader" }, page: name });
    await abuse.use(Array.from({ length: 50 }, () => page("one")));
    await abuse.use(["two", "three"].map(page));
    expect((await abuse.events(room.manager)).nodes).toEqual([]);
    await abuse.use([{ ...page("four"), objects: ["x"] }]);
    expect((await abuse.events(room.manager)).nodes).toMatchObject([
      { kind: "SCRAPING", source: { kind: "USER", id: "reader" }, measured: 4, throttle: { level: "REDUCED" } },
    ]);
  });
});

describe("the watch", () => {
  it("makes the same of entries that come again, in any cut: one event, one throttle, the same count", async () => {
    await abuse.use([spend(300), spend(300)]);
    // What the consumer does when its place was lost after the effects: it begins again.
    await room.test.owner.query("UPDATE event_log_consumer SET transaction_id = '0', sequence = 0 WHERE name = $1", [
      "tenant.abuse-executions",
    ]);
    await abuse.watch().executions.drain();
    const state = async () =>
      (
        await room.test.owner.query<{ state: unknown }>("SELECT state FROM abuse_source WHERE tenant_id = $1", [
          room.tenantId,
        ])
      ).rows;
    expect(await state()).toMatchObject([{ state: { tallies: { COST: { value: 600 } } } }]);
    await abuse.use([spend(600)]);
    await room.test.owner.query("UPDATE event_log_consumer SET transaction_id = '0', sequence = 0 WHERE name = $1", [
      "tenant.abuse-executions",
    ]);
    await abuse.watch().executions.drain();
    expect((await abuse.events(room.manager)).nodes).toHaveLength(1);
    expect(await abuse.throttles(room.manager)).toHaveLength(1);
    expect(await room.told(SECURITY_EVENT_RAISED)).toHaveLength(1);
  });

  it("knows a bounded number of sources: the least recently seen are forgotten first", async () => {
    await abuse.use(["a", "b", "c"].map((id) => spend(1, id)));
    room.nowMs += 1_000;
    await abuse.use([spend(1, "d"), spend(1, "a")]);
    const store = createAbuseStore(room.test.resources);
    await room.test.resources.sql.transaction(room.tenantId, (own) => store.forget(own, room.tenantId, room.nowMs, 2));
    const { rows } = await room.test.owner.query("SELECT source_id FROM abuse_source WHERE tenant_id = $1 ORDER BY 1", [
      room.tenantId,
    ]);
    expect(rows).toEqual([{ source_id: "a" }, { source_id: "d" }]);
  });

  it("goes on when a tenant is gone", async () => {
    await abuse.use([spend(5_000)], freshTenantId());
    await abuse.use([spend(5_000)]);
    expect((await abuse.events(room.manager)).nodes).toHaveLength(1);
  });
});

describe("lifting a throttle", () => {
  const held = async (): Promise<string> => {
    await abuse.use([spend(2_000)]);
    const [throttle] = await abuse.throttles(room.manager);
    if (throttle === undefined) throw new Error("Nothing is held back.");
    return throttle.id;
  };

  it("keeps who did it and why, in the throttle, in the history and in the log; doing it again changes nothing", async () => {
    const id = await held();
    const lift = (reason: string) => room.ask(room.manager, LIFT, { input: { id, reason } });
    const lifted = {
      __typename: "ThrottleLifted",
      throttle: { id, active: false, liftReason: "The month's report.", liftedBy: { id: room.manager.subject.id } },
    };
    expect((await lift("The month's report."))["liftThrottle"]).toMatchObject(lifted);
    room.nowMs += 5_000;
    expect((await lift("Again."))["liftThrottle"]).toMatchObject({
      ...lifted,
      throttle: { ...lifted.throttle, liftedAt: new Date(NOW).toISOString() },
    });
    expect(await room.told(THROTTLE_LIFTED)).toMatchObject([{ throttleId: id, reason: "The month's report." }]);
    const history = await room.ask(room.manager, "{ tenantHistory { change detail } }");
    expect(history["tenantHistory"]).toEqual([
      { change: "THROTTLE_LIFTED", detail: "COST_SPIKE API_KEY:spender: The month's report." },
    ]);
    expect(await abuse.throttles(room.manager)).toEqual([]);
  });

  it("gives an hour in which the source is told of and not throttled", async () => {
    const id = await held();
    await room.ask(room.manager, LIFT, { input: { id, reason: "r" } });
    room.nowMs += WINDOW_MS;
    await abuse.use([spend(50_000)]);
    expect((await abuse.events(room.manager)).nodes).toMatchObject([{ throttle: null }, { throttle: { id } }]);
    room.nowMs += LIFTED_GRACE_MS;
    await abuse.use([spend(5_000_000)]);
    expect(await abuse.throttles(room.manager)).toMatchObject([{ strikes: 1 }]);
  });

  it("is not for who is held back, nor for another tenant, nor without a reason", async () => {
    const id = await held();
    const spender: Caller = {
      ...callerWith(room.tenantId, ["security:manage"]),
      ...PLAIN_ACCESS,
      subject: { kind: "API_KEY", id: "spender" },
    };
    expect((await room.ask(spender, LIFT, { input: { id, reason: "r" } }))["liftThrottle"]).toEqual({
      __typename: "OwnThrottle",
      id,
    });
    const stranger = callerWith(freshTenantId(), ["security:manage", "security:read"]);
    expect((await room.ask(stranger, LIFT, { input: { id, reason: "r" } }))["liftThrottle"]).toEqual({
      __typename: "ThrottleNotFound",
      id,
    });
    expect(await room.refusalOf(stranger, LIFT, { input: { id, reason: "r", tenantId: room.tenantId } })).toBe(
      "NOT_FOUND",
    );
    expect(await room.refusalOf(room.manager, LIFT, { input: { id, reason: " " } })).toBe("BAD_INPUT");
    expect(await abuse.throttles(room.manager)).toHaveLength(1);
    expect((await abuse.events(stranger)).nodes).toEqual([]);
    const input = { id, reason: "By the platform.", tenantId: room.tenantId };
    expect((await room.ask(room.operator, LIFT, { input }))["liftThrottle"]).toMatchObject({
      __typename: "ThrottleLifted",
    });
  });
});

describe("the list of events", () => {
  it("comes in pages, newest first, and by kind, source and time", async () => {
    for (const id of ["k1", "k2", "k3"]) {
      room.nowMs += 1_000;
      await abuse.use([spend(2_000, id)]);
    }
    const first = await abuse.events(room.manager, { first: 2 });
    expect(first).toMatchObject({
      nodes: [{ source: { id: "k3" } }, { source: { id: "k2" } }],
      pageInfo: { hasNextPage: true },
    });
    const rest = await abuse.events(room.manager, { first: 2, after: first.pageInfo.endCursor });
    expect(rest).toMatchObject({ nodes: [{ source: { id: "k1" } }], pageInfo: { hasNextPage: false } });
    const stranger = callerWith(freshTenantId(), ["security:read"]);
    expect((await abuse.events(stranger, { after: first.pageInfo.endCursor })).nodes).toEqual([]);
    const some = async (filter: object) => (await abuse.events(room.manager, { filter })).nodes.length;
    expect(await some({ kinds: ["SCRAPING"] })).toBe(0);
    expect(await some({ kinds: ["COST_SPIKE"], sourceKind: "API_KEY", sourceId: "k2" })).toBe(1);
    expect(await some({ since: new Date(NOW + 2_000).toISOString() })).toBe(2);
  });
});
