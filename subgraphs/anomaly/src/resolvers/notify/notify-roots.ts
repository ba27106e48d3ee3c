import type { MutationResolvers, QueryResolvers, SubscriptionResolvers } from "../../generated/resolvers.ts";
import { underField } from "../under-field.ts";
import { toConnection } from "../views.ts";
import {
  toCreateChannelResult,
  toDeleteChannelResult,
  toSetRoutesResult,
  toTestChannelResult,
  toUpdateChannelResult,
} from "./notify-results.ts";

/** Root queries about being told. */
export const notifyQueries = {
  channel: (_root, { id }, { caller, operations }) => operations.findChannel(caller, id),
  channels: (_root, _arguments, { caller, operations }) => operations.listChannels(caller),
  notificationRoutes: (_root, _arguments, { caller, operations }) => operations.notificationRoutes(caller),
  notificationTemplates: (_root, _arguments, { caller, operations }) => operations.notificationTemplates(caller),
  deliveries: (_root, asked, { caller, operations }) => operations.listDeliveries(caller, asked).then(toConnection),
  notificationInbox: (_root, asked, { caller, operations }) =>
    operations.readInbox(caller, asked).then(({ page, unread }) => ({ ...toConnection(page), unread })),
  previewNotification: (_root, { channel, alerts }, { caller, operations }) =>
    operations.previewNotification(caller, channel, alerts),
} satisfies QueryResolvers;

/** Root mutations about being told. */
export const notifyMutations = {
  createChannel: (_root, { input }, { caller, operations }) =>
    operations.createChannel(caller, input).then((outcome) => toCreateChannelResult(input.name, outcome)),
  updateChannel: (_root, asked, { caller, operations }) =>
    operations
      .updateChannel(caller, asked)
      .then((outcome) => toUpdateChannelResult({ id: asked.id, name: asked.input.name }, outcome)),
  deleteChannel: (_root, { id }, { caller, operations }) =>
    operations.deleteChannel(caller, id).then((deleted) => toDeleteChannelResult(id, deleted)),
  testChannel: (_root, { id }, { caller, operations, signal }) =>
    operations.testChannel(caller, id, signal).then((tested) => toTestChannelResult(id, tested)),
  setNotificationRoutes: (_root, { version, root }, { caller, operations }) =>
    operations.setNotificationRoutes(caller, version, root).then(toSetRoutesResult),
  setNotificationTemplate: (_root, asked, { caller, operations }) => operations.setNotificationTemplate(caller, asked),
  markNotificationsRead: (_root, { upTo }, { caller, operations }) => operations.markNotificationsRead(caller, upTo),
} satisfies MutationResolvers;

/** Root subscriptions about being told; none has a `resolve`, so that permissions are asked when it begins. */
export const notifySubscriptions = {
  notifications: {
    subscribe: (_root, { after }, { caller, operations }) =>
      operations.followNotifications(caller, after).then((source) => underField("notifications", source)),
  },
} satisfies SubscriptionResolvers;
