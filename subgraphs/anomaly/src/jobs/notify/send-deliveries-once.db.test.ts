import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { messageOf } from "../../domain/notify/message.ts";
import { KNOWN, openReceivers, type Receivers } from "../../testing/notify/receivers.ts";
import { alertOf, NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let receivers: Receivers;
let room: NotifyRoom;
let tenants: TenantId[] = [];

beforeAll(async () => {
  receivers = await openReceivers();
  const { url } = receivers;
  room = await openNotifyRoom({
    providers: { slack: url, pagerDuty: { US: url, EU: url }, opsgenie: { US: url, EU: url } },
  });
});
afterEach(async () => {
  // What a test left unsent is not met by the next one.
  const text =
    "UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE tenant_id = ANY($1) AND finished_at IS NULL";
  await room.engines.owner.query(text, [tenants]);
  tenants = [];
  receivers.accepted.length = 0;
  receivers.faults.length = 0;
  room.clock.ms = NOTIFY_EPOCH_MS;
});
afterAll(async () => {
  await room.close();
  await receivers.close();
});

const newTenant = (): TenantId => {
  const tenantId = freshTenantId();
  tenants.push(tenantId);
  return tenantId;
};
const pagerDuty = { name: "duty", pagerDuty: { routingKey: KNOWN.routingKey } };
const hook = () => ({ name: "hook", webhook: { url: `${receivers.url}/hook` } });
const record = z.record(z.string(), z.unknown());
const bodies = () => receivers.accepted.map(({ body }) => record.parse(JSON.parse(body)));
const actions = (): unknown[] => bodies().map((body) => body["event_action"]);
const statesOf = async (tenantId: TenantId) => (await room.deliveriesOf(tenantId)).map(({ state }) => state);
const open = async (input: Parameters<NotifyRoom["makeChannel"]>[1], more: Parameters<NotifyRoom["route"]>[2] = {}) => {
  const tenantId = newTenant();
  const channel = await room.makeChannel(tenantId, input);
  await room.route(tenantId, [channel], more);
  return { tenantId, channel };
};
const bounds = (limit: number) => ({ limit, perTenant: 32, perReceiver: 10 });
/** Sends until nothing is due. */
const sendAll = async (): Promise<void> => {
  while ((await room.sendDue()) > 0);
};

describe("a sender that dies between sending and settling", () => {
  test("loses nothing, and what is sent again carries the key by which the receiver knows it", async () => {
    const { tenantId } = await open(pagerDuty);
    const alert = alertOf(tenantId);
    await room.tell(tenantId, [alert]);
    const nowMs = room.clock.ms;
    const { deliveries, send, secrets } = room.sending;
    // As a sender does it, up to the moment it is killed.
    const [claim] = await deliveries.claimDueAcrossTenants(nowMs, nowMs + LEASE_MS, bounds(10));
    if (claim === undefined) throw new Error("The delivery is due.");
    const [begun] = await deliveries.begin(tenantId, [claim]);
    if (begun?.kind !== "BEGUN") throw new Error("The delivery is begun.");
    const { channel, delivery, notices, sealed } = begun.work;
    const secret = await secrets.open(tenantId, channel.id, sealed ?? "");
    const message = messageOf({
      ...{ id: delivery.id, channel, alerts: notices.map((one) => one.alert), unlisted: 0, wait: "NOW", atMs: nowMs },
    });
    const onDone = () => Promise.resolve(true);
    expect(await send({ channel, secret, message, thread: null, done: [], onDone })).toMatchObject({ kind: "SENT" });
    // Until its lease ends nobody else sends it.
    room.clock.ms += LEASE_MS - 1;
    expect(await room.sendDue()).toBe(0);
    room.clock.ms += 1;
    expect(await room.sendDue()).toBe(1);
    expect(bodies().map((body) => [body["event_action"], body["dedup_key"]])).toEqual([
      ["trigger", alert.anomalyId],
      ["trigger", alert.anomalyId],
    ]);
    expect(await room.deliveriesOf(tenantId)).toMatchObject([
      { state: "SENT", attempts: 2, log: [{ outcome: "ABANDONED" }, { outcome: "SENT", code: 202 }] },
    ]);
    // It was only slow: what it settles now is dropped.
    const attempt = { atMs: room.clock.ms, outcome: "GIVEN_UP", code: null, said: "" } as const;
    const none = { thread: null, notifications: [], disables: null, group: null, found: [], isGrouped: false } as const;
    const late = { state: "FAILED", attempt, dueMs: null, ...none } as const;
    expect(await deliveries.settle(tenantId, [{ claim, settling: late }])).toEqual([false]);
    expect(await statesOf(tenantId)).toEqual(["SENT"]);
  });

  test("leaves one and the same webhook-id", async () => {
    const { tenantId } = await open(hook());
    await room.tell(tenantId, [alertOf(tenantId)]);
    receivers.faults.push({ kind: "DISCONNECT" });
    await room.sendDue();
    expect(await statesOf(tenantId)).toEqual(["RETRYING"]);
    room.clock.ms += 5_000;
    await room.sendDue();
    const [delivery] = await room.deliveriesOf(tenantId);
    expect(receivers.accepted.map(({ headers }) => headers["webhook-id"])).toEqual([delivery?.id]);
    expect(delivery).toMatchObject({
      state: "SENT",
      attempts: 2,
      log: [{ outcome: "TRY_AGAIN" }, { outcome: "SENT" }],
    });
  });
});

describe("a transition", () => {
  test("is told once to each channel, however often it is taken and however many send", async () => {
    const { tenantId, channel } = await open(hook());
    const inbox = await room.makeChannel(tenantId, { name: "inbox", inApp: {} });
    await room.route(tenantId, [channel, inbox]);
    const alerts = Array.from({ length: 5 }, () => alertOf(tenantId));
    await Promise.all([room.tell(tenantId, alerts), room.tell(tenantId, alerts), room.tell(tenantId, alerts)]);
    await Promise.all([sendAll(), sendAll(), sendAll()]);
    await sendAll();
    expect(receivers.accepted).toHaveLength(5);
    const { page, unread } = await room.operations.readInbox(room.managerOf(tenantId), {
      first: 50,
      unreadOnly: false,
    });
    expect([page.items.length, unread]).toEqual([5, 5]);
  });

  test("that nobody is to be told of is not told", async () => {
    const { tenantId } = await open(hook());
    await room.tell(tenantId, [alertOf(tenantId, { notify: false, silence: "MAINTENANCE" })]);
    await sendAll();
    expect(await room.deliveriesOf(tenantId)).toEqual([]);
  });

  test("never overtakes an earlier one of its series, though that has to be tried again", async () => {
    const { tenantId } = await open(pagerDuty);
    const trigger = alertOf(tenantId);
    const same = { anomalyId: trigger.anomalyId, fingerprint: trigger.fingerprint };
    const acknowledged = alertOf(tenantId, { ...same, from: "FIRING", to: "ACKNOWLEDGED" });
    const resolved = alertOf(tenantId, { ...same, from: "ACKNOWLEDGED", to: "RESOLVED" });
    await room.tell(tenantId, [trigger]);
    receivers.faults.push({ kind: "ANSWER", status: 503 }, { kind: "ANSWER", status: 429, retryAfter: "30" });
    await room.sendDue();
    await room.tell(tenantId, [acknowledged, resolved]);
    await room.tell(tenantId, [alertOf(tenantId, { ruleName: "Another series" })]);
    await sendAll();
    // The other series took the refusal of the rate; the lane of the first waits for its trigger.
    expect(actions()).toEqual([]);
    room.clock.ms += 5_000;
    await sendAll();
    expect(actions()).toEqual(["trigger", "acknowledge", "resolve"]);
    room.clock.ms += 24_999;
    await sendAll();
    expect(actions()).toHaveLength(3);
    room.clock.ms += 1;
    await sendAll();
    expect(actions()).toEqual(["trigger", "acknowledge", "resolve", "trigger"]);
  });
});

describe("a rate cap", () => {
  test("folds what is beyond into one message when there is room again, and loses none", async () => {
    const { tenantId } = await open({ ...hook(), rateCap: { messages: 2, windowSeconds: 60 } });
    for (let place = 0; place < 7; place += 1) {
      await room.tell(tenantId, [alertOf(tenantId, { ruleName: `Rule ${place}` })]);
      await sendAll();
    }
    expect(bodies()).toHaveLength(2);
    room.clock.ms += 60_000;
    await sendAll();
    expect(bodies().map(({ data }) => data)).toMatchObject([
      { count: 1 },
      { count: 1 },
      { count: 5, wait: "RATE_CAP" },
    ]);
    const told = (await room.deliveriesOf(tenantId)).flatMap(({ notices }) =>
      notices.map(({ alert }) => alert.ruleName),
    );
    expect(told.toSorted()).toEqual(Array.from({ length: 7 }, (_none, place) => `Rule ${place}`));
  });

  test("lets a receiver that keeps incidents have each by itself, later", async () => {
    const { tenantId } = await open({ ...pagerDuty, rateCap: { messages: 1, windowSeconds: 60 } });
    const trigger = alertOf(tenantId);
    const resolved = alertOf(tenantId, {
      anomalyId: trigger.anomalyId,
      fingerprint: trigger.fingerprint,
      to: "RESOLVED",
    });
    await room.tell(tenantId, [trigger, resolved]);
    await sendAll();
    expect(actions()).toEqual(["trigger"]);
    room.clock.ms += 61_000;
    await sendAll();
    expect(actions()).toEqual(["trigger", "resolve"]);
  });
});

describe("quiet hours", () => {
  const quietHours = { from: "11:00", to: "14:00", timeZone: "UTC", except: "CRITICAL" } as const;

  test("hold what is told afterwards in one message, and let the gravest through with what was held of the same alert", async () => {
    const { tenantId } = await open({ ...hook(), quietHours });
    const first = alertOf(tenantId, { ruleName: "First" });
    await room.tell(tenantId, [
      first,
      alertOf(tenantId, { ruleName: "Second" }),
      alertOf(tenantId, { ruleName: "Third" }),
    ]);
    await sendAll();
    expect(bodies()).toEqual([]);
    const worse = {
      anomalyId: first.anomalyId,
      fingerprint: first.fingerprint,
      ruleName: "First",
      severity: "CRITICAL",
    } as const;
    await room.tell(tenantId, [alertOf(tenantId, { ...worse, reason: "SEVERITY_ROSE" })]);
    await sendAll();
    expect(bodies().map(({ data }) => data)).toMatchObject([{ count: 1, severity: "CRITICAL" }]);
    room.clock.ms = Date.parse("1992-02-03T14:00:00Z");
    await sendAll();
    expect(bodies().map(({ data }) => data)).toMatchObject([{ count: 1 }, { count: 2, wait: "QUIET_HOURS" }]);
    const [held, pierced] = await room.deliveriesOf(tenantId);
    expect([held?.notices.length, pierced?.notices.length]).toEqual([2, 2]);
  });
});

describe("groups", () => {
  test("wait for others once, then tell of changes at their interval", async () => {
    const { tenantId } = await open(hook(), { groupBy: ["country"], groupWaitSeconds: 30, groupIntervalSeconds: 300 });
    const french = { labels: { country: "FR" } };
    await room.tell(tenantId, [alertOf(tenantId), alertOf(tenantId, french)]);
    room.clock.ms += 29_999;
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    expect(bodies()).toHaveLength(0);
    room.clock.ms += 1;
    await sendAll();
    const counts = bodies().map(
      ({ data }) => z.object({ count: z.number(), wait: z.literal("GROUP") }).parse(data).count,
    );
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2]);
    await room.tell(tenantId, [alertOf(tenantId)]);
    room.clock.ms += 299_999;
    await sendAll();
    expect(bodies()).toHaveLength(2);
    room.clock.ms += 1;
    await sendAll();
    expect(bodies()).toHaveLength(3);
  });
});

describe("what is claimed", () => {
  test("is of every tenant before the second of any, and nothing of a paused channel", async () => {
    const [many, few, paused] = [await open(hook()), await open(hook()), await open(hook())];
    await room.tell(
      many.tenantId,
      Array.from({ length: 6 }, () => alertOf(many.tenantId)),
    );
    await room.tell(few.tenantId, [alertOf(few.tenantId)]);
    await room.tell(paused.tenantId, [alertOf(paused.tenantId)]);
    const caller = room.managerOf(paused.tenantId);
    await room.operations.updateChannel(caller, { id: paused.channel, version: 1, input: hook(), paused: true });
    const nowMs = room.clock.ms;
    const claims = await room.sending.deliveries.claimDueAcrossTenants(nowMs, nowMs + LEASE_MS, bounds(2));
    expect(claims.map(({ tenantId }) => tenantId).toSorted()).toEqual([many.tenantId, few.tenantId].toSorted());
    // A tenant that has one under way comes after those that have none.
    await room.tell(few.tenantId, [alertOf(few.tenantId)]);
    const more = await room.sending.deliveries.claimDueAcrossTenants(nowMs, nowMs + LEASE_MS, bounds(10));
    expect(more).toHaveLength(6);
    expect(more.map(({ tenantId }) => tenantId)).not.toContain(paused.tenantId);
    // Resumed, it is told what waited.
    await room.operations.updateChannel(caller, { id: paused.channel, version: 2, input: hook() });
    await sendAll();
    expect(await statesOf(paused.tenantId)).toEqual(["SENT"]);
  });
});

test("A channel that is deleted keeps no credential, drops what it was to be told, and stays in the log", async () => {
  const { tenantId, channel } = await open(pagerDuty);
  await room.tell(tenantId, [alertOf(tenantId)]);
  expect(await room.operations.deleteChannel(room.managerOf(tenantId), channel)).toBe(true);
  await sendAll();
  expect(await room.deliveriesOf(tenantId)).toMatchObject([{ state: "DROPPED", channelName: "duty" }]);
  const { rows } = await room.engines.owner.query("SELECT sealed_secret FROM notify_channel WHERE tenant_id = $1", [
    tenantId,
  ]);
  expect(rows).toEqual([{ sealed_secret: null }]);
});

test("What is kept of a credential opens for its own channel alone", async () => {
  const { tenantId, channel } = await open(pagerDuty);
  const found = await room.engines.owner.query<{ sealed_secret: string; secret_hint: string }>(
    "SELECT sealed_secret, secret_hint FROM notify_channel WHERE tenant_id = $1",
    [tenantId],
  );
  const [row] = found.rows;
  expect(row?.secret_hint).toBe(KNOWN.routingKey.slice(-4));
  expect(row?.sealed_secret).not.toContain(KNOWN.routingKey);
  const { secrets } = room.sending;
  expect(await secrets.open(tenantId, channel, row?.sealed_secret ?? "")).toBe(KNOWN.routingKey);
  await expect(secrets.open(tenantId, randomUUID(), row?.sealed_secret ?? "")).rejects.toThrow(/another purpose/);
});
