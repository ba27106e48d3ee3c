import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { createSender, type SenderDeps } from "../../jobs/webhooks/send-deliveries.ts";
import type { NewEndpointInput } from "../../operations/webhooks/change-endpoints.ts";
import { LOCK_SENDERS, openWebhookParts, REST_ENDPOINTS } from "../webhook-room.ts";
import { openReceiver } from "../webhook-receiver.ts";
import { NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "./notify-room.ts";

const settledRow = z.object({ payload: z.looseObject({ state: z.string() }) });

/** How channels of a room and what they were told stand. */
const standingOf = (room: NotifyRoom) => {
  const managed = (tenantId: TenantId) => room.managerOf(tenantId);
  const channelOf = async (tenantId: TenantId) => (await room.operations.listChannels(managed(tenantId)))[0];
  return {
    channelOf,
    deliveries: (tenantId: TenantId) => room.deliveriesOf(tenantId),
    statesOf: async (tenantId: TenantId) => (await room.deliveriesOf(tenantId)).map(({ state }) => state),
    /** What the log told of deliveries that are over. */
    told: async (tenantId: TenantId) => {
      const text =
        "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'notification.settled' ORDER BY sequence";
      const { rows } = await room.engines.owner.query(text, [tenantId]);
      return rows.map((row) => settledRow.parse(row).payload.state);
    },
    /** Has the channel name another endpoint. */
    rename: async (tenantId: TenantId, endpoint: string, version: number) => {
      const asked = { id: (await channelOf(tenantId))?.id ?? "", version };
      const input = { name: "hook", webhook: { endpoint } };
      return room.operations.updateChannel(managed(tenantId), { ...asked, input });
    },
  };
};

/** Channels and webhooks over the same engines and clock, alone there, with a receiver that verifies signatures by a stranger's library. */
export const openEndpointRoom = async () => {
  const room = await openNotifyRoom();
  await room.lockToo(LOCK_SENDERS);
  await room.engines.owner.query(REST_ENDPOINTS);
  const nowMs = () => room.clock.ms;
  const webhooks = openWebhookParts(room.engines, nowMs);
  const receiver = await openReceiver(nowMs);
  const sender = (parts: Partial<SenderDeps> = {}) => createSender({ ...webhooks.senderDeps, ...parts });
  const endpointsOwner = (tenantId: TenantId) => callerWith(tenantId, TENANT_PERMISSIONS);
  let made = 0;
  /** Makes an endpoint whose secrets the receiver trusts; it asks for no type that the stories' log tells. */
  const makeEndpoint = async (tenantId: TenantId, more: Partial<NewEndpointInput> = {}) => {
    made += 1;
    const path = `/${made}`;
    const outcome = await webhooks.operations.createWebhookEndpoint(endpointsOwner(tenantId), {
      ...{ url: `${receiver.url}${path}`, eventTypes: ["job.finished"], labels: [], headers: [], ordering: "NONE" },
      ...{ ratePerMinute: 6_000, signing: ["HMAC_SHA256"], ...more },
    });
    if (outcome.kind !== "SAVED") throw new Error(`No endpoint was made: ${JSON.stringify(outcome)}`);
    receiver.trust(
      path,
      outcome.shown.map(({ secret }) => secret),
    );
    return { id: outcome.endpoint.id, path };
  };
  const standing = standingOf(room);
  return {
    ...{ room, receiver, sender, endpointsOwner, webhooks: webhooks.operations },
    makeEndpoint,
    /** A tenant whose alerts are told by a channel that names an endpoint of its own. */
    openTenant: async (more: Partial<ChannelInput> = {}, endpoint: Partial<NewEndpointInput> = {}) => {
      const tenantId = freshTenantId();
      const to = await makeEndpoint(tenantId, endpoint);
      const channel = await room.makeChannel(tenantId, { name: "hook", webhook: { endpoint: to.id }, ...more });
      await room.route(tenantId, [channel]);
      return { tenantId, channel, to };
    },
    ...standing,
    arrived: (path: string) => receiver.received.filter((one) => one.path === path),
    /** What a test left unsent is not met by the next one. */
    rest: async (): Promise<void> => {
      await room.engines.owner.query(
        "UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE finished_at IS NULL",
      );
      await room.engines.owner.query(REST_ENDPOINTS);
      receiver.received.length = 0;
      room.clock.ms = NOTIFY_EPOCH_MS;
    },
    /** Lets channels and endpoints send until nothing is due. */
    sendAll: async (parts: Partial<SenderDeps> = {}): Promise<void> => {
      while ((await room.sendDue()) > 0);
      const sending = sender(parts);
      for (let more = true; more;) {
        more = await sending.look();
        await sending.settled();
      }
    },
    close: async () => {
      await receiver.close();
      await room.close();
    },
  };
};

/** See {@link openEndpointRoom}. */
export type EndpointRoom = Awaited<ReturnType<typeof openEndpointRoom>>;
