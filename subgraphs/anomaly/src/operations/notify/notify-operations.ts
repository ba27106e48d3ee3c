import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import { channelsIn, checkRoutes, escalationsIn, type RouteInput } from "../../domain/notify/check-routes.ts";
import {
  NOTIFY_LIMITS,
  type Delivery,
  type DeliveryState,
  type Notice,
  type Notification,
} from "../../domain/notify/delivery.ts";
import { checkPage, pageOf, type Page, type PageArguments } from "../../domain/page.ts";
import type { SavedRoutes } from "../../domain/notify/route.ts";
import type { DeliveryStore } from "../../store/notify/delivery-store.ts";
import type { InboxStore } from "../../store/notify/inbox-store.ts";
import { createChannel, deleteChannel, updateChannel, type DefineChannelDeps } from "./define-channel.ts";
import { followNotifications, readerOf } from "./follow-notifications.ts";
import { setTenantTemplates, type TenantTemplatesDeps } from "./tenant-templates.ts";
import { previewNotification, testChannel, type TryChannelDeps } from "./try-channel.ts";

/** What is done on request about channels, routes, deliveries and inboxes needs. */
export interface NotifyDeps
  extends DefineChannelDeps, TenantTemplatesDeps, Omit<TryChannelDeps, "channels" | "secrets" | "templates"> {
  readonly deliveries: Pick<DeliveryStore, "list" | "noticesOf">;
  readonly inbox: InboxStore;
  readonly eventLog: EventLog;
}

/** A delivery with what it tells of. */
export interface ListedDelivery extends Delivery {
  readonly notices: readonly Notice[];
}

/** Which deliveries somebody asks for. */
export interface DeliveriesAsked extends PageArguments {
  readonly filter?:
    | {
        readonly channel?: string | null | undefined;
        readonly states?: readonly DeliveryState[] | null | undefined;
        readonly anomaly?: string | null | undefined;
      }
    | null
    | undefined;
}

const parseId = (text: string): string | null => (isUuid(text) ? text.toLowerCase() : null);
const idOf = (text: string | null | undefined, field: string): string | null => {
  if (text === null || text === undefined) return null;
  const id = parseId(text);
  if (id === null) throw refuse("BAD_INPUT", "An id is a UUID.", { field });
  return id;
};

const checkBoundedPage = (asked: PageArguments) => {
  if (asked.first > NOTIFY_LIMITS.onPage)
    throw refuse("BAD_INPUT", `\`first\` is at most ${NOTIFY_LIMITS.onPage}.`, { field: "first" });
  return checkPage(asked, parseId);
};

const listDeliveries =
  ({ deliveries }: NotifyDeps) =>
  async ({ tenantId }: Caller, asked: DeliveriesAsked): Promise<Page<ListedDelivery>> => {
    const page = checkBoundedPage(asked);
    const { channel, states, anomaly } = asked.filter ?? {};
    const filter = {
      ...{ channelId: idOf(channel, "filter.channel"), anomalyId: idOf(anomaly, "filter.anomaly") },
      states: states ?? null,
    };
    const found = pageOf(await deliveries.list(tenantId, filter, page), page);
    const notices = await deliveries.noticesOf(
      tenantId,
      found.items.map(({ id }) => id),
    );
    const items = found.items.map((one) => ({
      ...one,
      notices: notices.filter(({ deliveryId }) => deliveryId === one.id),
    }));
    return { ...found, items };
  };

/** An inbox as its reader sees it. */
export interface InboxPage {
  readonly page: Page<Notification>;
  readonly unread: number;
}

const readInbox =
  ({ inbox }: NotifyDeps) =>
  async (caller: Caller, asked: PageArguments & { readonly unreadOnly: boolean }): Promise<InboxPage> => {
    const page = checkBoundedPage(asked);
    const reader = readerOf(caller);
    const found = await inbox.list(caller.tenantId, reader, { ...page, unreadOnly: asked.unreadOnly });
    return { page: pageOf(found, page), unread: await inbox.countUnread(caller.tenantId, reader) };
  };

const markRead =
  ({ inbox }: NotifyDeps) =>
  async (caller: Caller, upTo: string): Promise<{ readonly marked: number; readonly unread: number }> => {
    const id = idOf(upTo, "upTo") ?? "";
    const reader = readerOf(caller);
    const marked = await inbox.markRead(caller.tenantId, reader, id);
    return { marked, unread: await inbox.countUnread(caller.tenantId, reader) };
  };

const setRoutes =
  ({ channels }: NotifyDeps) =>
  async (caller: Caller, version: number, input: RouteInput): Promise<SavedRoutes> => {
    const root = checkRoutes(input);
    const named = { channels: channelsIn(root), escalations: escalationsIn(root) };
    const outcome = await channels.setRoutes(caller.tenantId, { version, root, ...named });
    if (outcome.kind === "UNKNOWN_CHANNEL")
      throw refuse("BAD_INPUT", `The tenant has no channel ${outcome.id}.`, { field: "root" });
    if (outcome.kind === "UNKNOWN_ESCALATION")
      throw refuse("BAD_INPUT", `The tenant has no escalation policy ${outcome.id}.`, { field: "root" });
    return outcome;
  };

/** Everything that is done on request about being told, ready to be called. */
export const createNotifyOperations = (deps: NotifyDeps) => ({
  ...{ createChannel: createChannel(deps), updateChannel: updateChannel(deps), deleteChannel: deleteChannel(deps) },
  ...{ testChannel: testChannel(deps), previewNotification: previewNotification(deps) },
  findChannel: async ({ tenantId }: Caller, id: string) =>
    isUuid(id) ? deps.channels.find(tenantId, id.toLowerCase()) : null,
  listChannels: ({ tenantId }: Caller) => deps.channels.list(tenantId),
  notificationRoutes: ({ tenantId }: Caller) => deps.channels.routes(tenantId),
  setNotificationRoutes: setRoutes(deps),
  notificationTemplates: ({ tenantId }: Caller) => deps.templates.list(tenantId),
  setNotificationTemplate: setTenantTemplates(deps),
  ...{ listDeliveries: listDeliveries(deps), readInbox: readInbox(deps), markNotificationsRead: markRead(deps) },
  followNotifications: followNotifications(deps),
});

/** See {@link createNotifyOperations}. */
export type NotifyOperations = ReturnType<typeof createNotifyOperations>;
