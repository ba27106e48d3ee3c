import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { createCrashing, type Crash } from "../../testing/crashing.ts";
import { openEndpointRoom, type EndpointRoom } from "../../testing/notify/endpoint-room.ts";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { sendDueDeliveries } from "./send-due-deliveries.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let opened: EndpointRoom;
beforeAll(async () => {
  opened = await openEndpointRoom();
});
afterEach(() => opened.rest());
afterAll(() => opened.close());

const HOUR_MS = 3_600_000;

describe("a channel that names an endpoint", () => {
  test("tells by the endpoint's signature and retries; its log is HANDED_OVER until the endpoint's delivery ends, and has that one's attempts; told once in the log", async () => {
    const { tenantId, channel, to } = await opened.openTenant({ titleTemplate: "Ring: {{rule}}" });
    const { room, receiver, sendAll, webhooks, endpointsOwner } = opened;
    receiver.answer(to.path, (_one, before) => (before < 2 ? 503 : 200));
    const alert = alertOf(tenantId);
    await room.tell(tenantId, [alert]);
    await sendAll();
    const [first] = await opened.deliveries(tenantId);
    expect(first).toMatchObject({ state: "HANDED_OVER", finishedAtMs: null, log: [{ outcome: "HANDED_OVER" }] });
    expect(await opened.told(tenantId)).toEqual([]);
    const { items } = await webhooks.listWebhookDeliveries(endpointsOwner(tenantId), { first: 5 });
    expect(items).toMatchObject([{ messageId: first?.id, state: "WAITING", attempts: 1, type: "alert.notification" }]);
    for (const waitMs of [6_000, 6 * 60_000]) {
      room.clock.ms += waitMs;
      await sendAll();
    }
    expect(await opened.deliveries(tenantId)).toMatchObject([
      {
        ...{ id: first?.id, state: "SENT", attempts: 3, responseCode: 200, response: "answered 200" },
        ...{ finishedAtMs: room.clock.ms, log: [{ outcome: "HANDED_OVER" }, { outcome: "SENT", code: 200 }] },
      },
    ]);
    expect(await opened.told(tenantId)).toEqual(["SENT"]);
    expect(receiver.refused.filter((path) => path === to.path)).toEqual([]);
    const ids = new Set(opened.arrived(to.path).map(({ id }) => id));
    expect([...ids]).toEqual([`msg_${first?.id}`]);
    expect(opened.arrived(to.path)[2]?.data).toMatchObject({
      ...{ channelId: channel, deliveryId: first?.id, title: "Ring: Orders", action: "TRIGGER", count: 1 },
      alerts: [{ anomalyId: alert.anomalyId, severity: "WARNING" }],
    });
  });

  test("hands over once, however senders die or stand still at any of their awaits", async () => {
    const { room, sendAll } = opened;
    const met = new Set<string>();
    for (const kind of ["DIES", "STANDS_STILL"] as const)
      for (const when of ["BEFORE", "AFTER"] as const)
        for (const at of [1, 2, 3, 4]) {
          const { tenantId, to } = await opened.openTenant();
          await room.tell(tenantId, [alertOf(tenantId)]);
          const crash: Crash = { at, when, kind };
          const crashing = createCrashing(crash);
          const { deliveries: store, send } = room.sending;
          const sending = sendDueDeliveries({
            ...{ ...room.sending, send: crashing.wrap("send", send) },
            deliveries: {
              ...store,
              claimDueAcrossTenants: crashing.wrap("claim", store.claimDueAcrossTenants),
              begin: crashing.wrap("begin", store.begin),
              settle: crashing.wrap("settle", store.settle),
            },
          })().catch(() => 0);
          await Promise.race([sending, crashing.ended]);
          met.add(crashing.endedAt()?.name ?? "none");
          room.clock.ms += LEASE_MS;
          await sendAll();
          crashing.goOn();
          await sending;
          await sendAll();
          expect([crash, opened.arrived(to.path).length, await opened.statesOf(tenantId)]).toEqual([
            crash,
            1,
            ["SENT"],
          ]);
        }
    expect([...met].toSorted()).toEqual(["begin", "claim", "send", "settle"]);
  });

  test("is told by its own digest, cap and order before anything is the endpoint's", async () => {
    const { room, sendAll } = opened;
    const digest = await opened.openTenant({ digest: { everyMinutes: 60 } });
    const capped = await opened.openTenant({ rateCap: { messages: 1, windowSeconds: 600 } });
    for (const { tenantId } of [digest, capped])
      await room.tell(tenantId, [alertOf(tenantId), alertOf(tenantId), alertOf(tenantId)]);
    await sendAll();
    expect([opened.arrived(digest.to.path).length, opened.arrived(capped.to.path).length]).toEqual([0, 1]);
    room.clock.ms += HOUR_MS;
    await sendAll();
    expect(opened.arrived(digest.to.path).map(({ data }) => data["count"])).toEqual([3]);
    expect(opened.arrived(capped.to.path).map(({ data }) => [data["count"], data["wait"]])).toEqual([
      [1, "NOW"],
      [2, "RATE_CAP"],
    ]);
  });

  test("keeps an alert's steps in order at an endpoint that asks for it, though the first is tried again", async () => {
    const { room, receiver, sendAll } = opened;
    const { tenantId, to } = await opened.openTenant({}, { ordering: "SUBJECT" });
    receiver.answer(to.path, (_one, before) => (before === 0 ? 500 : 200));
    const alert = alertOf(tenantId);
    const { anomalyId, fingerprint, ruleId } = alert;
    const end = { ...{ anomalyId, fingerprint, ruleId }, from: "RESOLVING", to: "RESOLVED" } as const;
    for (const one of [alert, alertOf(tenantId, end)]) {
      await room.tell(tenantId, [one]);
      await sendAll();
    }
    expect(await opened.statesOf(tenantId)).toEqual(["HANDED_OVER", "HANDED_OVER"]);
    for (let turn = 0; turn < 3; turn += 1) {
      room.clock.ms += 10_000;
      await sendAll();
    }
    expect(opened.arrived(to.path).map(({ data }) => data["action"])).toEqual([
      ...["TRIGGER", "TRIGGER", "RESOLVE", "RESOLVE"],
    ]);
    expect(await opened.statesOf(tenantId)).toEqual(["SENT", "SENT"]);
  });

  test("tells a body of less than 20 kB of whatever many alerts it is about", async () => {
    const { room, sendAll } = opened;
    const { tenantId, to } = await opened.openTenant({ digest: { everyMinutes: 5 } });
    const because = "ä".repeat(2_000);
    await room.tell(
      tenantId,
      Array.from({ length: 30 }, () => alertOf(tenantId, { because })),
    );
    room.clock.ms += 5 * 60_000;
    await sendAll();
    const [one] = opened.arrived(to.path);
    expect(Buffer.byteLength(one?.body ?? "")).toBeLessThan(20_000);
    expect(one?.data).toMatchObject({ count: 30, wait: "DIGEST", title: expect.stringMatching(/^30 alerts/u) });
    expect(JSON.parse(one?.body ?? "")).toMatchObject({ thinned: { link: expect.stringMatching(/deliveries/u) } });
  });
});

describe("a test and a preview", () => {
  test("of such a channel are a message of the endpoint, past digests, and what it would be", async () => {
    const { room, sendAll } = opened;
    const { tenantId, channel, to } = await opened.openTenant({ digest: { everyMinutes: 60 } });
    const manager = room.managerOf(tenantId);
    const tested = await room.operations.testChannel(manager, channel, undefined);
    expect(tested).toMatchObject({
      ...{ outcome: { kind: "HANDED_OVER" }, webhook: { endpointId: to.id, state: "WAITING" } },
    });
    await sendAll();
    expect(opened.arrived(to.path)).toMatchObject([{ type: "alert.notification", data: { channelId: channel } }]);
    expect(await opened.deliveries(tenantId)).toEqual([]);
    const preview = await room.operations.previewNotification(
      manager,
      { name: "p", webhook: { endpoint: to.id }, titleTemplate: "So: {{rule}}" },
      1,
    );
    expect(JSON.parse(preview.sent)).toMatchObject({ type: "alert.notification", data: { title: "So: Sample rule" } });
  });
});
