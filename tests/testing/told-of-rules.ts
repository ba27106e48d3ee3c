import type { TenantPool } from "@tessera/platform/db/tenant-pool";
import { z } from "zod";
import type { TesseraClient } from "./tessera-client.ts";
import { HOOKS_URL } from "./outside-receiver.ts";

const steps = z.array(
  z.object({
    ...{ id: z.string(), ruleId: z.string(), country: z.string(), to: z.string() },
    ...{ atMs: z.coerce.number(), notify: z.boolean() },
  }),
);
/** A step of an alert as it is on record. */
export type KeptStep = z.infer<typeof steps>[number];
const anomalies = z.array(z.object({ id: z.string(), state: z.string(), timesSeen: z.number() }));
const counted = z.array(z.object({ count: z.number() }));
const keys = z.array(z.object({ key: z.string() }));
const notices = z.array(
  z.object({ transitionId: z.string(), deliveryId: z.string(), channel: z.string(), state: z.string() }),
);

/** What the control plane's database has of rules, alerts, and of whom they were told, read past everything. */
export const createRecords = (owner: TenantPool) => ({
  /** Lets rules begin at a moment of the past, as if nobody had evaluated them since. */
  setBack: async (ruleIds: readonly string[], fromMs: number): Promise<void> => {
    const text = `UPDATE anomaly_rule SET enabled = true, judged_until = $2, warm_until = $2, next_evaluation_at = now() WHERE id = ANY ($1::uuid[])`;
    await owner.query(text, [ruleIds, new Date(fromMs)]);
  },
  /** Rules that somebody holds at the moment. */
  held: async (ruleIds: readonly string[]): Promise<number> => {
    const text = `SELECT count(*)::integer AS count FROM anomaly_rule WHERE id = ANY ($1::uuid[]) AND leased_until > now()`;
    return counted.parse((await owner.query(text, [ruleIds])).rows)[0]?.count ?? 0;
  },
  /** Rules that were judged up to a moment and are at rest. */
  judgedUntil: async (ruleIds: readonly string[], untilMs: number): Promise<number> => {
    const text =
      "SELECT count(*)::integer AS count FROM anomaly_rule WHERE id = ANY ($1::uuid[]) AND judged_until >= $2";
    return counted.parse((await owner.query(text, [ruleIds, new Date(untilMs)])).rows)[0]?.count ?? 0;
  },
  steps: async (ruleIds: readonly string[]): Promise<readonly KeptStep[]> => {
    const text = `SELECT t.id, t.rule_id AS "ruleId", s.series_group->0->>'value' AS country, t.to_state AS "to", extract(epoch FROM t.at) * 1000 AS "atMs", t.notify
      FROM anomaly_transition t JOIN anomaly_series s USING (tenant_id, rule_id, fingerprint)
      WHERE t.rule_id = ANY ($1::uuid[]) ORDER BY t.at, s.series_group->0->>'value', t.id`;
    return steps.parse((await owner.query(text, [ruleIds])).rows);
  },
  anomalies: async (ruleIds: readonly string[]) => {
    const text = `SELECT id, state, times_seen AS "timesSeen" FROM anomaly WHERE rule_id = ANY ($1::uuid[]) ORDER BY id`;
    return anomalies.parse((await owner.query(text, [ruleIds])).rows);
  },
  /** What the event log tells by a topic, by the keys of its entries. */
  logged: async (tenantId: string, topic: string): Promise<readonly string[]> => {
    const text = "SELECT dedupe_key AS key FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY dedupe_key";
    return keys.parse((await owner.query(text, [tenantId, topic])).rows).map(({ key }) => key);
  },
  /** Which channel was told of which transition, and what became of the message. */
  notices: async (tenantId: string) => {
    const text = `SELECT n.transition_id AS "transitionId", n.delivery_id AS "deliveryId", c.name AS channel, d.state FROM notify_notice n
      JOIN notify_delivery d ON d.tenant_id = n.tenant_id AND d.id = n.delivery_id
      JOIN notify_channel c ON c.tenant_id = n.tenant_id AND c.id = n.channel_id WHERE n.tenant_id = $1`;
    return notices.parse((await owner.query(text, [tenantId])).rows);
  },
  /** Webhooks that have not arrived. */
  webhooksUnderWay: async (tenantId: string): Promise<number> => {
    const text =
      "SELECT count(*)::integer AS count FROM webhook_delivery WHERE tenant_id = $1 AND state <> 'DELIVERED'";
    return counted.parse((await owner.query(text, [tenantId])).rows)[0]?.count ?? 0;
  },
});

/** See {@link createRecords}. */
export type Records = ReturnType<typeof createRecords>;

const channelMade = z.object({ createChannel: z.object({ channel: z.object({ id: z.string() }) }) });
const endpointMade = z.object({ createWebhookEndpoint: z.object({ endpoint: z.object({ id: z.string() }) }) });

/** Has every alert told to Slack, to the inboxes of the platform and to a webhook, each by itself. */
export const openReceivers = async (graph: TesseraClient): Promise<void> => {
  const create = async (input: object): Promise<string> => {
    const text =
      "mutation ($input: ChannelInput!) { createChannel(input: $input) { ... on ChannelSaved { channel { id } } } }";
    const rateCap = { messages: 1_000, windowSeconds: 10 };
    return (await graph.ask(channelMade, text, { input: { ...input, rateCap } })).createChannel.channel.id;
  };
  const channels = [
    await create({ name: "slack", slack: { botToken: "xoxb-000000000000-a-token", conversation: "C0123456789" } }),
    await create({ name: "inbox", inApp: {} }),
  ];
  const set = await graph.tell(
    "mutation ($root: NotificationRouteInput!) { setNotificationRoutes(version: 0, root: $root) { __typename } }",
    { root: { name: "all", channels, groupBy: [] } },
  );
  if (set.errors !== undefined) throw new Error(`The routes were not set: ${JSON.stringify(set.errors)}`);
  await graph.ask(
    endpointMade,
    "mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { ... on WebhookEndpointSaved { endpoint { id } } } }",
    { input: { url: HOOKS_URL, eventTypes: ["alert.changed"], ratePerMinute: 6_000 } },
  );
};
