import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { openReceivers, type Receivers } from "../../testing/notify/receivers.ts";
import { alertOf, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let receivers: Receivers;
let room: NotifyRoom;
beforeAll(async () => {
  receivers = await openReceivers();
  room = await openNotifyRoom();
});
afterAll(async () => {
  await room.close();
  await receivers.close();
});

const counted = z.object({ data: z.object({ count: z.number() }) });

test("A rate cap is kept to however many send at a time, each channel by its own, and nothing is dropped", async () => {
  const tenants = await Promise.all(
    [1, 3].map(async (messages) => {
      const tenantId = freshTenantId();
      const webhook = { url: `${receivers.url}/hook` };
      const rateCap = { messages, windowSeconds: 60 };
      await room.route(tenantId, [await room.makeChannel(tenantId, { name: "hook", webhook, rateCap })]);
      for (let place = 0; place < 12; place += 1) await room.tell(tenantId, [alertOf(tenantId)]);
      return tenantId;
    }),
  );
  const sent = () =>
    Promise.all(
      tenants.map(async (of) => (await room.deliveriesOf(of)).filter(({ state }) => state === "SENT").length),
    );
  const drain = async (): Promise<void> => {
    while ((await room.sendDue()) > 0);
  };
  for (let turn = 0; turn < 3; turn += 1) await Promise.all(Array.from({ length: 6 }, drain));
  expect(await sent()).toEqual([1, 3]);
  room.clock.ms += 60_000;
  await Promise.all(Array.from({ length: 6 }, drain));
  expect(await sent()).toEqual([2, 4]);
  const counts = receivers.accepted.map(({ body }) => counted.parse(JSON.parse(body)).data.count);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(24);
});

test("Steps of a series that come while others of it wait for a cap, or for a summary that is due, are told in their order, and nothing waits for itself", async () => {
  const move = fc.oneof(
    fc.record({ kind: fc.constant("TELL" as const), series: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("SEND" as const) }),
    fc.record({ kind: fc.constant("WAIT" as const), ms: fc.constantFrom(1_000, 61_000) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 14 }), async (moves) => {
      const tenantId = freshTenantId();
      const webhook = { url: `${receivers.url}/hook` };
      const rateCap = { messages: 1, windowSeconds: 60 };
      await room.route(tenantId, [await room.makeChannel(tenantId, { name: "hook", webhook, rateCap })], {
        groupBy: [],
      });
      const lanes = [alertOf(tenantId), alertOf(tenantId)];
      const told: AlertChanged[] = [];
      for (const one of moves) {
        if (one.kind === "WAIT") room.clock.ms += one.ms;
        if (one.kind === "SEND") await room.sendDue();
        if (one.kind !== "TELL") continue;
        const alerts = one.series.map((place) => {
          const { anomalyId = null, fingerprint = "" } = lanes[place] ?? {};
          return alertOf(tenantId, { anomalyId, fingerprint });
        });
        told.push(...alerts);
        await room.tell(tenantId, alerts);
      }
      for (let minute = 0; minute < 12; minute += 1) {
        while ((await room.sendDue()) > 0);
        room.clock.ms += 61_000;
      }
      // Deliveries by when they were begun, with what each told: the newest are listed first.
      const deliveries = (await room.deliveriesOf(tenantId)).toSorted(
        (a, b) => (a.begunAtMs ?? 0) - (b.begunAtMs ?? 0),
      );
      expect(deliveries.map(({ state }) => state)).toEqual(deliveries.map(() => "SENT"));
      const sent = deliveries.flatMap(({ notices }) => notices.map(({ alert }) => alert.transitionId));
      for (const { fingerprint } of lanes) {
        const own = told.filter((alert) => alert.fingerprint === fingerprint).map(({ transitionId }) => transitionId);
        expect(sent.filter((id) => own.includes(id))).toEqual(own);
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
