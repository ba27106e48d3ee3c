import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { createAnomalySubgraph } from "../../subgraph.ts";
import { alertOf, openNotifyRoom, testPorts, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { KNOWN, openReceivers, type Receivers } from "../../testing/notify/receivers.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let receivers: Receivers;
let room: NotifyRoom;
let subgraph: Subgraph;
beforeAll(async () => {
  receivers = await openReceivers();
  const ports = testPorts();
  room = await openNotifyRoom(ports);
  const rules = {
    askAnalytics: {
      watchedSeries: () => Promise.reject(new Error("Nothing is asked here.")),
      impactOf: () => Promise.reject(new Error("Nothing is asked here.")),
    },
    accessOfSubject: () => Promise.resolve(null),
    tierOf: () => Promise.resolve("FREE" as const),
  };
  subgraph = createAnomalySubgraph(room.engines.resources, { ...ports, ...rules });
  await room.engines.resources.eventLog.start();
});
afterAll(async () => {
  await room.engines.resources.eventLog.stop();
  await room.close();
  await receivers.close();
});

const ALL: readonly Permission[] = ["notifications:manage", "anomaly:read"];
const ask = async (
  tenantId: TenantId,
  document: string,
  variables: Record<string, unknown> = {},
  permissions = ALL,
) => {
  const { data, errors } = await askSubgraph(subgraph, callerWith(tenantId, permissions), document, variables);
  return { data: data ?? {}, errors: errors ?? [] };
};
const CREATE = `mutation ($input: ChannelInput!) { result: createChannel(input: $input) { __typename
  ... on ChannelSaved { channel { id kind state version secretHint settings { __typename ... on SlackChannel { conversation } } } } } }`;
const saved = z.object({ result: z.object({ channel: z.object({ id: z.string() }) }) });
const create = async (tenantId: TenantId, input: object): Promise<string> =>
  saved.parse((await ask(tenantId, CREATE, { input })).data).result.channel.id;
const DELIVERIES = `query ($filter: DeliveryFilterInput, $after: Cursor) { deliveries(filter: $filter, after: $after) {
  edges { cursor node { state responseCode response log { outcome } notices { ruleName route } } } } }`;
const INBOX =
  "query ($after: Cursor) { notificationInbox(after: $after) { unread edges { node { kind title body readAt } } } }";

test("A channel's credential is taken, and told nobody again", async () => {
  const tenantId = freshTenantId();
  const input = { name: "team", slack: { botToken: KNOWN.slackToken, conversation: "#alerts" } };
  const made = await ask(tenantId, CREATE, { input });
  expect(made.data).toMatchObject({
    result: {
      __typename: "ChannelSaved",
      channel: {
        kind: "SLACK",
        state: "ACTIVE",
        version: 1,
        secretHint: KNOWN.slackToken.slice(-4),
        settings: { conversation: "#alerts" },
      },
    },
  });
  expect(JSON.stringify(made)).not.toContain(KNOWN.slackToken);
  expect((await ask(tenantId, CREATE, { input })).data).toEqual({ result: { __typename: "ChannelNameTaken" } });
});

const bySms = (body: string, number = "+4930123456") => ({
  ...{ name: "x", sms: { url: "https://example.com", body, numbers: [number] } },
});

test.each([
  ["nothing", { name: "x" }, "input"],
  ["two kinds", { name: "x", inApp: {}, email: { recipients: ["a@example.com"] } }, "input"],
  [
    "a mailbox with a line end in it",
    { name: "x", email: { recipients: ["a@example.com\r\nBcc: b@example.com"] } },
    "input.email.recipients.0",
  ],
  ["mails without a relay", { name: "x", email: { recipients: ["a@example.com"] } }, "input.email"],
  ["an address within", { name: "x", webhook: { url: "https://10.0.0.1/hook" } }, "input.webhook.url"],
  ["a Slack webhook within", { name: "x", slack: { webhookUrl: "https://10.0.0.1/x" } }, "input.slack.webhookUrl"],
  ["an unknown variable", { name: "x", inApp: {}, titleTemplate: "{{severty}}" }, "input.titleTemplate"],
  [
    "a digest of incidents",
    { name: "x", pagerDuty: { routingKey: KNOWN.routingKey }, digest: { everyMinutes: 60 } },
    "input.digest",
  ],
  ["a gateway's body that is not JSON", bySms("{{to}} {{text}}"), "input.sms.body"],
  ["a gateway's body that is JSON until words are put in", bySms('{"to":"{{to}}","t":{{text}}}'), "input.sms.body"],
  ["a number that is none", bySms('{"t":"{{to}}{{text}}"}', "030/123"), "input.sms.numbers.0"],
  ["no credential", { name: "x", teams: {} }, "input"],
])("A channel of %s is refused, and the place is named", async (_what, input, field) => {
  const { errors } = await ask(freshTenantId(), CREATE, { input });
  expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
});

test("A change keeps the credential it leaves out, and is of the version that was read", async () => {
  const tenantId = freshTenantId();
  const id = await create(tenantId, { name: "duty", pagerDuty: { routingKey: KNOWN.routingKey } });
  const text = `mutation ($id: ID!, $version: Int!, $input: ChannelInput!) { result: updateChannel(id: $id, version: $version, input: $input) {
    __typename ... on ChannelSaved { channel { version secretHint rateCap { messages } } } } }`;
  const input = { name: "duty", pagerDuty: { region: "EU" }, rateCap: { messages: 5, windowSeconds: 60 } };
  expect((await ask(tenantId, text, { id, version: 1, input })).data).toEqual({
    result: { __typename: "ChannelSaved", channel: { version: 2, secretHint: "cdef", rateCap: { messages: 5 } } },
  });
  expect((await ask(tenantId, text, { id, version: 1, input })).data).toEqual({
    result: { __typename: "ChannelChangedMeanwhile" },
  });
  const other = { name: "duty", opsgenie: {} };
  expect((await ask(tenantId, text, { id, version: 2, input: other })).errors).toMatchObject([
    { extensions: { code: "BAD_INPUT" } },
  ]);
});

test("A test is sent at once, and answers what the receiver said", async () => {
  const tenantId = freshTenantId();
  const text = "mutation ($id: ID!) { testChannel(id: $id) { ... on ChannelTested { outcome code said } } }";
  const good = await create(tenantId, { name: "good", teams: { webhookUrl: `${receivers.url}${KNOWN.teams}` } });
  expect((await ask(tenantId, text, { id: good })).data).toEqual({
    testChannel: { outcome: "SENT", code: 202, said: "" },
  });
  const bad = await create(tenantId, { name: "bad", slack: { webhookUrl: `${receivers.url}/services/unknown` } });
  expect((await ask(tenantId, text, { id: bad })).data).toEqual({
    testChannel: { outcome: "REFUSED", code: 404, said: "no_service" },
  });
});

test("A preview says what would be sent, with stars for the credential, and sends nothing", async () => {
  const before = receivers.accepted.length;
  const text =
    "query ($channel: ChannelInput!) { previewNotification(channel: $channel) { title text sent sms { encoding parts } } }";
  const channel = {
    name: "sms",
    titleTemplate: "{{rule}} in {{labels.country}}",
    bodyTemplate: "{{value}} → {{expected}}",
    sms: {
      url: "https://example.com/",
      body: '{"to":"{{to}}","text":"{{text}}","k":"{{secret}}"}',
      numbers: ["+493012345678"],
      secret: "geheim",
    },
  };
  const { data } = await ask(freshTenantId(), text, { channel });
  expect(data["previewNotification"]).toEqual({
    ...{ title: "Sample rule in DE", text: "42 → 100", sms: { encoding: "UCS_2", parts: 1 } },
    sent: JSON.stringify({ to: "+493012345678", text: "Sample rule in DE\n42 → 100", k: "****" }),
  });
  expect(receivers.accepted).toHaveLength(before);
});

test("A tenant's words are said by its channels of a kind that have none of their own, and by nobody else's", async () => {
  const [tenantId, other] = [freshTenantId(), freshTenantId()];
  const set = `mutation ($kind: NotificationChannelKind!, $title: String, $body: String) {
    result: setNotificationTemplate(kind: $kind, title: $title, body: $body) { kind title body } }`;
  const words = { kind: "IN_APP", title: "Look: {{rule}}", body: null };
  expect((await ask(tenantId, set, words)).data).toEqual({ result: words });
  const plain = await create(tenantId, { name: "plain", inApp: {} });
  const own = await create(tenantId, { name: "own", inApp: {}, bodyTemplate: "{{severity}}!" });
  const titles = async (of: TenantId, channels: readonly string[]) => {
    await room.route(of, channels);
    await room.tell(of, [alertOf(of)]);
    await room.sendDue();
    const { page } = await room.operations.readInbox(room.managerOf(of), { first: 10, unreadOnly: false });
    return page.items.map(({ title, body }) => `${title} / ${body.slice(0, 9)}`).toSorted();
  };
  expect(await titles(tenantId, [plain, own])).toEqual(["Look: Orders / 3 lies be", "Look: Orders / WARNING!"]);
  expect(await titles(other, [await create(other, { name: "plain", inApp: {} })])).toEqual([
    "[WARNING] Orders (country=DE): FIRING / 3 lies be",
  ]);
  const preview = `{ a: previewNotification(channel: { name: "x", inApp: {} }) { title }
    b: previewNotification(channel: { name: "x", inApp: {}, titleTemplate: "Mine" }) { title } }`;
  expect((await ask(tenantId, preview)).data).toEqual({ a: { title: "Look: Sample rule" }, b: { title: "Mine" } });
  expect((await ask(other, preview)).data["a"]).toEqual({ title: expect.stringMatching(/^.WARNING/) });
  const { errors } = await ask(tenantId, set, { kind: "SMS", title: "{{severty}}" });
  expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "title" } }]);
  expect((await ask(tenantId, set, { kind: "IN_APP" })).data).toEqual({ result: null });
  expect((await ask(tenantId, "{ notificationTemplates { kind } }")).data).toEqual({ notificationTemplates: [] });
});

test("A group is told in one message, which the log of deliveries and previews show", async () => {
  const tenantId = freshTenantId();
  const id = await create(tenantId, { name: "inbox", inApp: {} });
  await room.route(tenantId, [id], { groupBy: ["country"], groupWaitSeconds: 0 });
  await room.tell(tenantId, [alertOf(tenantId), alertOf(tenantId, { ruleName: "Other" })]);
  await room.sendDue();
  const text =
    "{ deliveries { edges { node { group { state began changed over still labels { name value } } notices { ruleName } } } } }";
  const group = { state: "BEGAN", began: 2, changed: 0, over: 0, still: 0, labels: [{ name: "country", value: "DE" }] };
  expect((await ask(tenantId, text)).data["deliveries"]).toMatchObject({ edges: [{ node: { group } }] });
  const inbox = z.object({ edges: z.array(z.object({ node: z.object({ title: z.string(), body: z.string() }) })) });
  const [notification] = inbox.parse((await ask(tenantId, INBOX)).data["notificationInbox"]).edges;
  expect(notification?.node.title).toBe("[WARNING] country=DE: 2 new");
  expect(notification?.node.body).toMatch(/^- NEW \[WARNING\] Orders .*\n- NEW \[WARNING\] Other/);
  const preview = `{ previewNotification(alerts: 3, channel: { name: "x", inApp: {}, titleTemplate: "{{groupState}} {{groupName}} {{summary}}" }) { title } }`;
  expect((await ask(tenantId, preview)).data["previewNotification"]).toEqual({ title: "BEGAN rule=Sample rule 3 new" });
});

describe("A receiver that refuses for good", () => {
  test("disables its channel, everybody is told in their inbox, and a change lets it go on", async () => {
    const tenantId = freshTenantId();
    const id = await create(tenantId, { name: "hook", webhook: { url: `${receivers.url}/gone` } });
    await room.route(tenantId, [id]);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await room.sendDue();
    await room.tell(tenantId, [alertOf(tenantId, { ruleName: "Later" })]);
    await room.sendDue();
    const channel = "query ($id: ID!) { channel(id: $id) { state disabledBecause version } }";
    expect((await ask(tenantId, channel, { id })).data).toEqual({
      channel: { state: "DISABLED", disabledBecause: "nothing here", version: 2 },
    });
    const { data } = await ask(tenantId, DELIVERIES, { filter: { channel: id } });
    expect(data["deliveries"]).toMatchObject({
      edges: [
        { node: { state: "GATHERING", notices: [{ ruleName: "Later", route: "all" }] } },
        { node: { state: "FAILED", responseCode: 404, response: "nothing here", log: [{ outcome: "REFUSED" }] } },
      ],
    });
    expect((await ask(tenantId, INBOX)).data["notificationInbox"]).toMatchObject({
      unread: 1,
      edges: [{ node: { kind: "CHANNEL_DISABLED", title: "Channel hook was disabled", readAt: null } }],
    });
    const change =
      "mutation ($id: ID!, $input: ChannelInput!) { updateChannel(id: $id, version: 2, input: $input) { __typename } }";
    await ask(tenantId, change, { id, input: { name: "hook", webhook: { url: `${receivers.url}/hook` } } });
    await room.sendDue();
    expect((await ask(tenantId, DELIVERIES, { filter: { states: ["SENT"] } })).data["deliveries"]).toMatchObject({
      edges: [{ node: { notices: [{ ruleName: "Later" }] } }],
    });
  });
});

describe("An inbox", () => {
  const stream = async (tenantId: TenantId, after: string | null = null) =>
    room.operations.followNotifications(callerWith(tenantId, ["anomaly:read"]), after);

  test("tells what comes as it comes, goes on from a cursor, and keeps who has read what", async () => {
    const tenantId = freshTenantId();
    const id = await create(tenantId, { name: "inbox", inApp: {} });
    await room.route(tenantId, [id]);
    const live = await stream(tenantId);
    for (const ruleName of ["a", "b"]) {
      await room.tell(tenantId, [alertOf(tenantId, { ruleName })]);
      await room.sendDue();
    }
    const came = [await live.next(), await live.next()].map(({ value }) => came1.parse(value));
    expect(came.map(({ notification }) => notification.title)).toEqual([
      "[WARNING] a (country=DE): FIRING",
      "[WARNING] b (country=DE): FIRING",
    ]);
    await live.return?.();
    const again = await stream(tenantId, came[0]?.cursor ?? null);
    expect(came1.parse((await again.next()).value)).toEqual(came[1]);
    await again.return?.();
    const mark = "mutation ($upTo: ID!) { markNotificationsRead(upTo: $upTo) { marked unread } }";
    const upTo = came[0]?.notification.id;
    expect((await ask(tenantId, mark, { upTo })).data).toEqual({ markNotificationsRead: { marked: 1, unread: 1 } });
    expect((await ask(tenantId, mark, { upTo })).data).toEqual({ markNotificationsRead: { marked: 0, unread: 1 } });
  });

  test("is of the persons a channel names, and nobody else's", async () => {
    const tenantId = freshTenantId();
    const mine = callerWith(tenantId, ["anomaly:read"]);
    const other = { ...mine, subject: { kind: "USER" as const, id: "somebody-else" } };
    const id = await create(tenantId, {
      name: "inbox",
      inApp: { persons: [`${mine.subject.kind}:${mine.subject.id}`] },
    });
    await room.route(tenantId, [id]);
    await room.tell(tenantId, [alertOf(tenantId)]);
    await room.sendDue();
    const asked = { first: 10, unreadOnly: true };
    expect((await room.operations.readInbox(mine, asked)).unread).toBe(1);
    expect(await room.operations.readInbox(other, asked)).toMatchObject({ unread: 0, page: { items: [] } });
  });
});

const came1 = z.object({ cursor: z.string(), notification: z.object({ id: z.string(), title: z.string() }) });

test("Another tenant's channels, deliveries and notifications are not there", async () => {
  const [owner, stranger] = [freshTenantId(), freshTenantId()];
  const id = await create(owner, { name: "inbox", inApp: {} });
  await room.route(owner, [id]);
  const alert = alertOf(owner);
  await room.tell(owner, [alert]);
  await room.sendDue();
  const nothing = { data: { deliveries: { edges: [] } }, errors: [] };
  for (const filter of [{ channel: id }, { anomaly: alert.anomalyId }, {}])
    expect(await ask(stranger, DELIVERIES, { filter })).toEqual(nothing);
  const own = await room.operations.listDeliveries(room.managerOf(owner), {
    first: 1,
    filter: { anomaly: alert.anomalyId },
  });
  const notification = await room.operations.readInbox(room.managerOf(owner), { first: 1, unreadOnly: false });
  // Cursors of the owner's lists are places in nobody's list.
  expect(await ask(stranger, DELIVERIES, { after: own.items[0]?.id })).toEqual(nothing);
  expect((await ask(stranger, INBOX, { after: notification.page.items[0]?.id })).data["notificationInbox"]).toEqual({
    unread: 0,
    edges: [],
  });
  expect((await ask(stranger, "query ($id: ID!) { channel(id: $id) { id } }", { id })).data).toEqual({ channel: null });
  const set =
    "mutation ($root: NotificationRouteInput!) { setNotificationRoutes(version: 0, root: $root) { __typename } }";
  const { errors } = await ask(stranger, set, { root: { name: "all", channels: [id] } });
  expect(errors).toMatchObject([{ message: `The tenant has no channel ${id}.`, extensions: { code: "BAD_INPUT" } }]);
});
