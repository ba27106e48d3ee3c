import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { anomaliesOf, makeRule, raise } from "../../testing/anomaly-room.ts";
import { CONTACTS, openEscalationRoom, SAVE, type EscalationRoom } from "../../testing/escalation-room.ts";
import { openMailServer, type MailServer } from "../../testing/notify/mail-server.ts";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { KNOWN, openReceivers, type Receivers } from "../../testing/notify/receivers.ts";
import { tellDuePages } from "./tell-pages.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let relay: MailServer;
let gateway: Receivers;
let world: EscalationRoom;
beforeAll(async () => {
  relay = await openMailServer();
  gateway = await openReceivers();
  world = await openEscalationRoom({ mailRelay: { ...relay, from: "alerts@tessera.example", tls: "REQUIRED" } });
});
beforeEach(() => {
  relay.taken.length = 0;
  gateway.accepted.length = 0;
});
afterAll(async () => {
  await world.close();
  await gateway.close();
  await relay.close();
});

const MINUTE_MS = 60_000;
const [MAILBOX, NUMBER] = ["ada@example.com", "+493012345678"] as const;

/** Ada, who is mailed at once and sent a short message two minutes later, and an alert that an escalation tells her of. */
const openStory = async () => {
  const tenantId: TenantId = freshTenantId();
  const ada = randomUUID();
  const mail = await world.notify.makeChannel(tenantId, { name: "mail", email: { recipients: ["team@example.com"] } });
  const sms = await world.notify.makeChannel(tenantId, {
    name: "sms",
    sms: {
      ...{ url: `${gateway.url}/sms`, headers: [{ name: "X-Token", value: "{{secret}}" }], secret: KNOWN.smsToken },
      ...{ body: '{"to":"{{to}}","text":"{{text}}","id":"{{id}}"}', numbers: ["+493087654321"] },
    },
  });
  const contacts = [
    { channel: mail, address: MAILBOX },
    { channel: sms, address: NUMBER, after: "PT2M" },
  ];
  await world.ask(tenantId, CONTACTS, { person: ada, contacts });
  const steps = [{ after: "PT0S", targets: [{ kind: "PERSON", id: ada }] }];
  await world.ask(tenantId, SAVE, { input: { name: "duty", steps } });
  await raise(world.room, tenantId, await makeRule(world.room, tenantId, { name: randomUUID(), enabled: false }));
  const id = (await anomaliesOf(world.room, tenantId)).at(-1)?.id ?? "";
  await world.take(tenantId, [alertOf(tenantId, { anomalyId: parseAnomalyId(id), escalationStep: 0 })]);
  return { tenantId, anomaly: id };
};
const tellAndSend = async (): Promise<void> => {
  await tellDuePages(world.escalation.telling)();
  while ((await world.notify.sendDue()) > 0);
};
const numbers = () => gateway.accepted.map(({ body }) => z.object({ to: z.string() }).parse(JSON.parse(body)).to);

describe("An escalation to a person's mailbox and number", () => {
  test("reaches the relay and the gateway, each when its time has come, for that person alone and once", async () => {
    const { tenantId } = await openStory();
    // The relay has no time at first: the same mail is sent again.
    relay.faults.push({ at: "DATA", status: 451, said: "Try again later" });
    await tellAndSend();
    expect([relay.taken.length, numbers()]).toEqual([0, []]);
    world.passTime(5_000);
    await tellAndSend();
    expect(relay.taken.map(({ to }) => to)).toEqual([[MAILBOX]]);
    const [delivery] = await world.notify.deliveriesOf(tenantId);
    expect(relay.taken[0]?.text).toContain(`Message-ID: <${delivery?.id}@tessera.example>`);
    expect(delivery).toMatchObject({ state: "SENT", log: [{ outcome: "TRY_AGAIN", code: 451 }, { outcome: "SENT" }] });
    world.passTime(2 * MINUTE_MS);
    await tellAndSend();
    await tellAndSend();
    expect([relay.taken.length, numbers()]).toEqual([1, [NUMBER]]);
  });

  test("goes no further once somebody looks at it", async () => {
    const { tenantId, anomaly } = await openStory();
    await tellAndSend();
    expect(relay.taken.map(({ to }) => to)).toEqual([[MAILBOX]]);
    await world.ask(tenantId, "mutation ($id: ID!) { acknowledgeAnomaly(id: $id) { __typename } }", { id: anomaly });
    world.passTime(10 * MINUTE_MS);
    await tellAndSend();
    expect(numbers()).toEqual([]);
  });
});
