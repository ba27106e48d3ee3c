import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openMailServer, RELAY, type MailServer } from "../../testing/notify/mail-server.ts";
import { alertOf, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { openReceivers, type Receivers } from "../../testing/notify/receivers.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let receivers: Receivers;
let relay: MailServer;
let room: NotifyRoom;
beforeAll(async () => {
  receivers = await openReceivers();
  relay = await openMailServer();
  room = await openNotifyRoom({ mailRelay: { ...relay, from: "alerts@tessera.example", tls: "REQUIRED" } });
});
afterAll(async () => {
  await room.close();
  await relay.close();
  await receivers.close();
});

test("An answer of whatever text ends its try: one that is cut within a symbol keeps open neither it nor what is settled with it", async () => {
  const tenantId = freshTenantId();
  const hook = { name: "hook", webhook: { url: `${receivers.url}/hook` } };
  await room.route(tenantId, [await room.makeChannel(tenantId, hook)], { groupBy: [] });
  await room.tell(tenantId, [alertOf(tenantId), alertOf(tenantId)]);
  for (const offset of [0, 1])
    receivers.faults.push({ kind: "ANSWER", status: 503, body: "x".repeat(offset) + "\u{1F525}".repeat(400) });
  await room.sendDue();
  const refused = await room.deliveriesOf(tenantId);
  expect(refused.map(({ state, log }) => [state, log.map(({ outcome }) => outcome)])).toEqual([
    ...[1, 2].map(() => ["RETRYING", ["TRY_AGAIN"]]),
  ]);
  expect(new Set(refused.flatMap(({ log }) => log.map(({ said }) => said.length)))).toEqual(new Set([499, 500]));
  room.clock.ms += 60_000;
  while ((await room.sendDue()) > 0);
  expect((await room.deliveriesOf(tenantId)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ...[1, 2].map(() => ["SENT", 2]),
  ]);
  expect(receivers.accepted).toHaveLength(2);
});

test("Who has a mail is kept: where a relay puts one mailbox off, the mail goes to that alone when it is tried again", async () => {
  const tenantId = freshTenantId();
  const mail = { name: "mail", email: { recipients: [RELAY.later, "ada@example.com"] } };
  await room.route(tenantId, [await room.makeChannel(tenantId, mail)], { groupBy: [] });
  await room.tell(tenantId, [alertOf(tenantId)]);
  for (const taken of [1, 1, 2]) {
    relay.knowsLater = taken === 2;
    await room.sendDue();
    expect(relay.taken).toHaveLength(taken);
    room.clock.ms += 3_600_000;
  }
  expect(relay.taken.map(({ to }) => to)).toEqual([["ada@example.com"], [RELAY.later]]);
  const [delivery] = await room.deliveriesOf(tenantId);
  expect(delivery).toMatchObject({ state: "SENT", attempts: 3 });
  const ids = relay.taken.map(({ text }) => /^Message-ID: <([^@>]+)@/im.exec(text)?.[1]);
  expect(ids).toEqual([delivery?.id, delivery?.id]);
});
