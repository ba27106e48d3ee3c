import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
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
