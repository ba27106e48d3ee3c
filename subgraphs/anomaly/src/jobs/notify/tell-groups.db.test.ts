import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { alertOf, NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { openMailServer, type MailServer } from "../../testing/notify/mail-server.ts";
import { samplePictures } from "../../testing/notify/sample-pictures.ts";
import { openReceivers, type Fault, type Receivers } from "../../testing/notify/receivers.ts";
import { referenceView, type PastMessage } from "../../testing/notify/reference-groups.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let receivers: Receivers;
let relay: MailServer;
let room: NotifyRoom;
beforeAll(async () => {
  receivers = await openReceivers();
  relay = await openMailServer();
  room = await openNotifyRoom({
    mailRelay: { ...relay, from: "alerts@tessera.example", tls: "REQUIRED" },
    ...{ pictures: samplePictures(), publicUrl: () => "https://tessera.example" },
  });
});
afterEach(async () => {
  const text =
    "UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE finished_at IS NULL AND created_at < '1993-01-01'";
  await room.engines.owner.query(text);
  receivers.accepted.length = 0;
  receivers.faults.length = 0;
  room.clock.ms = NOTIFY_EPOCH_MS;
});
afterAll(async () => {
  await room.close();
  await receivers.close();
  await relay.close();
});

const counts = z.object({ NEW: z.number(), CHANGED: z.number(), OVER: z.number(), STILL: z.number() });
const body = z.object({
  data: z.object({
    alerts: z.array(z.object({ anomalyId: z.string() })),
    group: z.object({
      ...{ state: z.string(), episode: z.string(), labels: z.record(z.string(), z.string()), counts },
      changes: z.array(z.string()),
    }),
  }),
});
const picture = z.object({ data: z.object({ picture: z.string().nullable() }) });
const told = () => receivers.accepted.map((one) => body.parse(JSON.parse(one.body)).data);
const open = async (more: object = {}): Promise<{ readonly tenantId: TenantId; readonly channel: string }> => {
  const tenantId = freshTenantId();
  const rateCap = { messages: 1_000, windowSeconds: 10 };
  const channel = await room.makeChannel(tenantId, {
    name: "hook",
    webhook: { url: `${receivers.url}/hook` },
    rateCap,
  });
  await room.route(tenantId, [channel], {
    groupBy: ["country"],
    groupWaitSeconds: 0,
    groupIntervalSeconds: 0,
    ...more,
  });
  return { tenantId, channel };
};
const sendAll = async (): Promise<void> => {
  while ((await room.sendDue()) > 0);
};

/** A sender that is killed before it settles what it sent. */
const sendAndDie = async (): Promise<void> => {
  const { deliveries } = room.sending;
  for (const claim of await deliveries.claimDueAcrossTenants(room.clock.ms, room.clock.ms + LEASE_MS, {
    ...{ limit: 10, perTenant: 32, perReceiver: 10 },
  }))
    await deliveries.begin(claim.tenantId, [claim]);
  room.clock.ms += LEASE_MS;
};

const step = fc.record({
  country: fc.constantFrom("DE", "FR"),
  news: fc.array(fc.record({ of: fc.nat(3), to: fc.constantFrom("FIRING", "ACKNOWLEDGED", "RESOLVED") }), {
    ...{ minLength: 1, maxLength: 4 },
  }),
  fate: fc.constantFrom("SENT", "SENT", "REFUSED", "TRIED_AGAIN", "KILLED"),
});
const FAULTS: Readonly<Record<string, Fault>> = {
  REFUSED: { kind: "ANSWER", status: 400 },
  TRIED_AGAIN: { kind: "ANSWER", status: 503 },
};

test("Messages about groups say what everything ever told of them says, though receivers refuse and senders die", async () => {
  const story = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Promise<void> => {
    const { tenantId } = await open();
    const anomalies = new Map<string, AlertChanged>();
    const past = new Map<string, PastMessage[]>();
    for (const { country, news, fate } of steps) {
      const alerts = news.map(({ of, to }): AlertChanged => {
        const key = `${country} ${of}`;
        const first = anomalies.get(key) ?? alertOf(tenantId, { labels: { country } });
        anomalies.set(key, first);
        return { ...first, transitionId: alertOf(tenantId).transitionId, to };
      });
      receivers.accepted.length = 0;
      const fault = FAULTS[fate];
      if (fault !== undefined) receivers.faults.push(fault);
      await room.tell(tenantId, alerts);
      if (fate === "KILLED") await sendAndDie();
      await sendAll();
      room.clock.ms += 5_000;
      await sendAll();
      const before = past.get(country) ?? [];
      if (fate !== "REFUSED") {
        const [message, ...others] = told();
        const { group, alerts: listed = [] } = message ?? {};
        const changes: Record<string, string | undefined> = {};
        for (const [place, { anomalyId }] of listed.entries()) changes[anomalyId] = group?.changes[place];
        expect({ state: group?.state, changes }).toEqual(referenceView(before, alerts));
        expect([others, group?.labels]).toEqual([[], { country }]);
      }
      past.set(country, [...before, { news: alerts, isSent: fate !== "REFUSED" }]);
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), story), {
    ...{ numRuns: 5, endOnFailure: true },
  });
});

test("A group has one message under way: what comes meanwhile is told after it, with the whole group", async () => {
  const { tenantId } = await open();
  const [first, second] = [alertOf(tenantId), alertOf(tenantId)];
  receivers.faults.push({ kind: "ANSWER", status: 503 });
  await room.tell(tenantId, [first]);
  await sendAll();
  await room.tell(tenantId, [second]);
  room.clock.ms += 4_999;
  await sendAll();
  expect(told()).toEqual([]);
  room.clock.ms += 1;
  await sendAll();
  room.clock.ms += 1_000;
  await sendAll();
  expect(told().map(({ group, alerts }) => [group.state, group.changes, alerts[0]?.anomalyId])).toEqual([
    ["BEGAN", ["NEW"], first.anomalyId],
    ["CHANGED", ["NEW", "STILL"], second.anomalyId],
  ]);
  // One episode, named by the delivery that began it, until all are over.
  await room.tell(tenantId, [{ ...first, transitionId: alertOf(tenantId).transitionId, to: "RESOLVED" }]);
  await sendAll();
  await room.tell(tenantId, [{ ...second, transitionId: alertOf(tenantId).transitionId, to: "RESOLVED" }]);
  await sendAll();
  await room.tell(tenantId, [alertOf(tenantId)]);
  await sendAll();
  const deliveries = (await room.deliveriesOf(tenantId)).toReversed();
  expect(deliveries.map(({ group }) => [group?.state, group?.counts.STILL])).toEqual([
    ...[
      ["BEGAN", 0],
      ["CHANGED", 1],
      ["CHANGED", 1],
      ["OVER", 0],
      ["BEGAN", 0],
    ],
  ]);
  const ids = deliveries.map(({ id }) => id);
  expect(told().map(({ group }) => ids.indexOf(group.episode))).toEqual([0, 0, 0, 0, 4]);
  const { rows } = await room.engines.owner.query("SELECT 1 FROM notify_group_member WHERE tenant_id = $1", [tenantId]);
  expect(rows).toHaveLength(1);
});

test("An alert whose labels change goes over to its new group, and another tenant's groups are not there", async () => {
  const [{ tenantId }, other] = [await open(), await open()];
  const alert = alertOf(tenantId, { labels: { country: "DE" } });
  await room.tell(tenantId, [alert, alertOf(tenantId, { labels: { country: "DE" } })]);
  await room.tell(other.tenantId, [alertOf(other.tenantId)]);
  await sendAll();
  const moved = { ...alert, transitionId: alertOf(tenantId).transitionId, labels: { country: "FR" } };
  await room.tell(tenantId, [moved]);
  await sendAll();
  await room.tell(tenantId, [alertOf(tenantId, { labels: { country: "DE" } })]);
  await sendAll();
  const deliveries = (await room.deliveriesOf(tenantId)).toReversed();
  expect(deliveries.map(({ group }) => [group?.labels["country"], group?.state, group?.counts])).toEqual([
    ["DE", "BEGAN", { NEW: 2, CHANGED: 0, OVER: 0, STILL: 0 }],
    ["FR", "BEGAN", { NEW: 1, CHANGED: 0, OVER: 0, STILL: 0 }],
    ["DE", "CHANGED", { NEW: 1, CHANGED: 0, OVER: 0, STILL: 1 }],
  ]);
});

test("Mails of a group show its alerts, and another channel that is told of one alert links to its picture", async () => {
  const { tenantId, channel } = await open();
  const mails = await room.makeChannel(tenantId, { name: "mail", email: { recipients: ["ada@example.com"] } });
  await room.route(tenantId, [channel, mails], { groupBy: ["country"], groupWaitSeconds: 0 });
  const [first, second] = [alertOf(tenantId), alertOf(tenantId)];
  await room.tell(tenantId, [first]);
  await sendAll();
  room.clock.ms += 300_000;
  await room.tell(tenantId, [second]);
  await sendAll();
  const shown = relay.taken.map(({ text }) => [...text.matchAll(/^Content-ID:\s+<([^.>]+)\./gim)].map(([, id]) => id));
  expect(shown).toEqual([[first.anomalyId], [second.anomalyId, first.anomalyId]]);
  const links = receivers.accepted.map((one) => picture.parse(JSON.parse(one.body)).data.picture);
  expect(links).toEqual([`https://tessera.example/api/v2/anomalies/${first.anomalyId ?? ""}/picture/png`, null]);
  // Both are of one conversation: the group's.
  const references = relay.taken.map(({ text }) => /^References:\s+<(group\.[^>]+)>/im.exec(text)?.[1]);
  expect(new Set(references).size).toBe(1);
  expect(references[0]).toMatch(/^group\./);
});
