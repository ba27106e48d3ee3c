import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** How people of a tenant are told. */
export interface OwnChannels {
  readonly mark: string;
  /** A channel that no route leads to. */
  readonly channelId: string;
}

const channel = (mark: string) => ({ name: `${mark} ${randomUUID()}`, inApp: {} });
const NOBODYS_ID = "00000000-0000-4000-8000-000000000002";

/** Variables of the root fields about channels, routes, deliveries and inboxes. */
export const notifyExamples = {
  "Query.channel": ({ channelId }: OwnChannels) => ({ id: channelId }),
  "Query.channels": () => ({}),
  "Query.notificationRoutes": () => ({}),
  "Query.deliveries": () => ({}),
  "Query.notificationInbox": () => ({}),
  "Query.notificationTemplates": () => ({}),
  "Query.previewNotification": ({ mark }: OwnChannels) => ({ channel: channel(mark) }),
  "Mutation.createChannel": ({ mark }: OwnChannels) => ({ input: channel(mark) }),
  "Mutation.updateChannel": ({ channelId, mark }: OwnChannels) => ({
    ...{ id: channelId, version: 1, input: channel(mark) },
  }),
  "Mutation.deleteChannel": ({ channelId }: OwnChannels) => ({ id: channelId }),
  "Mutation.testChannel": ({ channelId }: OwnChannels) => ({ id: channelId }),
  // Of a version that is over: the routes by which streams of others are told stay.
  "Mutation.setNotificationRoutes": ({ mark }: OwnChannels) => ({ version: 0, root: { name: mark } }),
  // Of a kind nothing of these tests is told by.
  "Mutation.setNotificationTemplate": ({ mark }: OwnChannels) => ({ kind: "OPSGENIE", title: `${mark} {{rule}}` }),
  "Mutation.markNotificationsRead": () => ({ upTo: NOBODYS_ID }),
  "Subscription.notifications": () => ({}),
};

/** Makes a channel; answers its id. */
export const makeChannel = async (
  client: TesseraClient,
  { mark }: Pick<OwnChannels, "mark">,
  more: object = {},
): Promise<string> => {
  const shape = z.object({ createChannel: z.object({ channel: z.object({ id: z.string() }) }) });
  const text =
    "mutation ($input: ChannelInput!) { createChannel(input: $input) { ... on ChannelSaved { channel { id } } } }";
  return (await client.ask(shape, text, { input: { ...channel(mark), ...more } })).createChannel.channel.id;
};

/** Makes a channel, and another one by which everybody is told of every alert at once. */
export const makeChannels = async (
  client: TesseraClient,
  own: Pick<OwnChannels, "mark">,
): Promise<Omit<OwnChannels, "mark">> => {
  const inbox = await makeChannel(client, own, { rateCap: { messages: 1_000, windowSeconds: 10 } });
  const shape = z.object({ setNotificationRoutes: z.object({ routes: z.object({ version: z.number() }) }) });
  const text = `mutation ($version: Int!, $root: NotificationRouteInput!) { setNotificationRoutes(version: $version, root: $root) {
    ... on NotificationRoutesSaved { routes { version } } } }`;
  // A tenant whose things are made again has routes by then.
  const standing = z.object({ notificationRoutes: z.object({ version: z.number() }) });
  const { version } = (await client.ask(standing, "{ notificationRoutes { version } }")).notificationRoutes;
  await client.ask(shape, text, { version, root: { name: own.mark, channels: [inbox] } });
  return { channelId: await makeChannel(client, own) };
};
