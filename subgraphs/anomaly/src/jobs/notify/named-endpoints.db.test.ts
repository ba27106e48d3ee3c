import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
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

describe("an endpoint that a channel names", () => {
  test("that is another tenant's, deleted or nobody's can't be named, and all look alike; nor one that is disabled, nor one beside an address or a secret", async () => {
    const { room, makeEndpoint, webhooks, endpointsOwner } = opened;
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const foreign = await makeEndpoint(other);
    const gone = await makeEndpoint(tenantId);
    await webhooks.deleteWebhookEndpoint(endpointsOwner(tenantId), gone.id);
    const make = (webhook: ChannelInput["webhook"]) => room.makeChannel(tenantId, { name: "hook", webhook });
    for (const id of [foreign.id, gone.id, randomUUID(), "no id at all"])
      await expect(make({ endpoint: id })).rejects.toMatchObject({
        message: `The tenant has no webhook endpoint ${id}.`,
        ...{ code: "BAD_INPUT", extras: { field: "input.webhook.endpoint" } },
      });
    const own = await makeEndpoint(tenantId);
    await expect(make({ endpoint: own.id, url: "https://example.com/" })).rejects.toThrow("not both");
    await expect(make({ endpoint: own.id, secret: "whsec_x" })).rejects.toThrow(/Standard Webhooks|own secrets/u);
    await expect(make({})).rejects.toThrow("Give an address");
    await room.engines.owner.query(
      "UPDATE webhook_endpoint SET state = 'DISABLED', disabled_because = 'GONE' WHERE id = $1",
      [own.id],
    );
    await expect(make({ endpoint: own.id })).rejects.toThrow("is disabled, for it answered 410 Gone: resume it");
  });

  test("that is paused keeps what was handed over until it is resumed, and the log says so", async () => {
    const { room, sendAll, webhooks, endpointsOwner } = opened;
    const { tenantId, to } = await opened.openTenant();
    await webhooks.pauseWebhookEndpoint(endpointsOwner(tenantId), to.id);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    expect(await opened.deliveries(tenantId)).toMatchObject([
      { state: "HANDED_OVER", log: [{ said: expect.stringContaining("paused: it waits there") }] },
    ]);
    await webhooks.resumeWebhookEndpoint(endpointsOwner(tenantId), to.id);
    await sendAll();
    expect([await opened.statesOf(tenantId), opened.arrived(to.path).length]).toEqual([["SENT"], 1]);
  });

  test("that answers 410 fails what it answered so, disables the channel at the next message, which waits; resumed, both are told, and a replay makes the first SENT", async () => {
    const { room, receiver, sendAll, webhooks, endpointsOwner } = opened;
    const { tenantId, to } = await opened.openTenant();
    receiver.answer(to.path, () => 410);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    const [first] = await opened.deliveries(tenantId);
    expect(first).toMatchObject({
      ...{ state: "FAILED", responseCode: 410 },
      log: [{ outcome: "HANDED_OVER" }, { outcome: "GIVEN_UP", code: 410, said: expect.stringContaining("410 Gone") }],
    });
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    expect(await opened.statesOf(tenantId)).toEqual(["RETRYING", "FAILED"]);
    expect(await opened.channelOf(tenantId)).toMatchObject({
      ...{ state: "DISABLED", disabledBecause: expect.stringContaining("disabled, for it answered 410 Gone") },
    });
    const inbox = await room.operations.readInbox(room.managerOf(tenantId), { first: 10, unreadOnly: false });
    expect(inbox.page.items).toMatchObject([{ kind: "CHANNEL_DISABLED", title: "Channel hook was disabled" }]);
    receiver.answer(to.path, () => 200);
    await webhooks.resumeWebhookEndpoint(endpointsOwner(tenantId), to.id);
    expect(await opened.channelOf(tenantId)).toMatchObject({ state: "ACTIVE", disabledBecause: null });
    await sendAll();
    const again = { endpointId: to.id, messageIds: [`msg_${first?.id}`] };
    expect(await webhooks.replayWebhooks(endpointsOwner(tenantId), again)).toMatchObject({ deliveries: 1 });
    await sendAll();
    expect(await opened.statesOf(tenantId)).toEqual(["SENT", "SENT"]);
    expect((await opened.told(tenantId)).toSorted()).toEqual(["FAILED", "SENT"]);
  });

  test("that is deleted fails what waits there, and what comes waits until another is named", async () => {
    const { room, sendAll, webhooks, makeEndpoint, endpointsOwner } = opened;
    const { tenantId, to } = await opened.openTenant();
    await webhooks.pauseWebhookEndpoint(endpointsOwner(tenantId), to.id);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    await webhooks.deleteWebhookEndpoint(endpointsOwner(tenantId), to.id);
    expect(await opened.deliveries(tenantId)).toMatchObject([
      { state: "FAILED", log: [{ outcome: "HANDED_OVER" }, { said: "The endpoint was deleted." }] },
    ]);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    const channel = await opened.channelOf(tenantId);
    expect(channel).toMatchObject({ state: "DISABLED", disabledBecause: expect.stringContaining("was deleted") });
    const next = await makeEndpoint(tenantId);
    expect(await opened.rename(tenantId, next.id, channel?.version ?? 0)).toMatchObject({ kind: "SAVED" });
    await sendAll();
    expect([await opened.statesOf(tenantId), opened.arrived(next.path).length]).toEqual([["SENT", "FAILED"], 1]);
  });

  test("that is deleted between a message's making and its settling takes nothing, and the message finds the next one", async () => {
    const { room, sendAll, webhooks, makeEndpoint, endpointsOwner } = opened;
    const { tenantId, to } = await opened.openTenant();
    await room.tell(tenantId, [alertOf(tenantId)]);
    const { send } = room.sending;
    await sendDueDeliveries({
      ...room.sending,
      send: async (sending) => {
        const outcome = await send(sending);
        await webhooks.deleteWebhookEndpoint(endpointsOwner(tenantId), to.id);
        return outcome;
      },
    })();
    expect(await opened.deliveries(tenantId)).toMatchObject([
      { state: "RETRYING", log: [{ outcome: "TRY_AGAIN", said: "The endpoint was deleted meanwhile." }] },
    ]);
    await sendAll();
    const channel = await opened.channelOf(tenantId);
    expect(channel?.state).toBe("DISABLED");
    const next = await makeEndpoint(tenantId);
    await opened.rename(tenantId, next.id, channel?.version ?? 0);
    await sendAll();
    expect([await opened.statesOf(tenantId), opened.arrived(next.path).length]).toEqual([["SENT"], 1]);
  });

  test("whose owner may not read of alerts is not told, and the log says why", async () => {
    const { room, sendAll } = opened;
    const { tenantId, to } = await opened.openTenant();
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll({
      accessNow: (of, subject) =>
        Promise.resolve({ tenantId: of, subject, permissions: new Set(), expiresAtMs: null, ...PLAIN_ACCESS }),
    });
    expect(await opened.deliveries(tenantId)).toMatchObject([
      { state: "FAILED", log: [{}, { said: "Whoever saved the endpoint last may not read of alerts." }] },
    ]);
    expect(opened.arrived(to.path)).toEqual([]);
  });

  test("that drops what waits with age ends the channel's delivery, too", async () => {
    const { room, sendAll, webhooks, endpointsOwner } = opened;
    const { tenantId, to } = await opened.openTenant();
    await webhooks.pauseWebhookEndpoint(endpointsOwner(tenantId), to.id);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    await room.engines.owner.query("DELETE FROM webhook_message WHERE tenant_id = $1", [tenantId]);
    expect(await opened.deliveries(tenantId)).toMatchObject([
      { state: "FAILED", log: [{}, { said: expect.stringContaining("longer than messages are kept") }] },
    ]);
  });
});
