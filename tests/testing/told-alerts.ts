import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import type { EngineConnections } from "@tessera/platform/engines/embedded-engines";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { z } from "zod";
import { openResources } from "../../server/src/open-resources.ts";
import { embeddedStoreSettings } from "../../server/src/store-settings.ts";
import { eventually } from "./eventually.ts";
import type { TesseraClient } from "./tessera-client.ts";

const firing = (): Omit<AlertChanged, "tenantId"> => {
  const [ruleId, anomalyId] = [parseRuleId(randomUUID()), parseAnomalyId(randomUUID())];
  if (ruleId === null || anomalyId === null) throw new Error("A new id is a UUID.");
  return {
    ...{ transitionId: randomUUID(), ruleId, ruleName: "Orders", anomalyId, fingerprint: randomUUID(), group: [] },
    ...{ labels: { rule: "Orders", severity: "WARNING" }, from: "PENDING", to: "FIRING", severity: "WARNING" },
    ...{ reason: "BREACHED_LONG_ENOUGH", notify: true, silence: null, escalationStep: null, atMs: Date.now() },
    ...{ sinceMs: null, value: 3, expected: 10, low: 8, high: 12, because: "3 lies below the usual 8 to 12." },
  };
};

/** Has as many alerts of a tenant begin to fire, each of a series of its own, as evaluators tell of it. */
export const tellAlerts = async (connections: EngineConnections, tenant: string, count: number): Promise<void> => {
  const telemetry = { logger: createLogger("alerts", "silent"), metrics: createMetrics() };
  const opened = openResources(embeddedStoreSettings(connections), telemetry);
  const tenantId = parseTenantId(tenant);
  if (tenantId === null) throw new Error("A tenant's id is a UUID.");
  const { sql, eventLog } = opened.resources;
  const alerts = Array.from({ length: count }, () => ({ ...firing(), tenantId }));
  try {
    await sql.transaction(tenantId, (transaction) =>
      eventLog.appendAllWith(
        transaction,
        alerts.map((payload) => ({ tenantId, topic: ALERT_CHANGED, dedupeKey: payload.transitionId, payload })),
      ),
    );
  } finally {
    await opened.close();
  }
};

const made = z.object({ createChannel: z.object({ channel: z.object({ id: z.string() }) }) });
const deliveriesShape = z.object({
  deliveries: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          ...{ id: z.string(), channelName: z.string(), state: z.string(), attempts: z.number() },
          log: z.array(z.object({ outcome: z.string() })),
        }),
      }),
    ),
  }),
});

/** A channel for mails and one for the inboxes of the platform, to which every alert goes. */
export const openChannels = async (graph: TesseraClient): Promise<void> => {
  const create = async (input: object): Promise<string> => {
    const text =
      "mutation ($input: ChannelInput!) { createChannel(input: $input) { ... on ChannelSaved { channel { id } } } }";
    return (await graph.ask(made, text, { input })).createChannel.channel.id;
  };
  const rateCap = { messages: 1_000, windowSeconds: 60 };
  const email = { recipients: ["duty@example.com"] };
  const channels = [
    await create({ name: "mail", rateCap, email }),
    await create({ name: "inbox", rateCap, inApp: {} }),
  ];
  const set = await graph.tell(
    "mutation ($root: NotificationRouteInput!) { setNotificationRoutes(version: 0, root: $root) { __typename } }",
    // Each alert is a message by itself.
    { root: { name: "all", channels, groupBy: [] } },
  );
  if (set.errors !== undefined) throw new Error(`The routes were not set: ${JSON.stringify(set.errors)}`);
};

/** What became of deliveries, the newest 100. */
const deliveriesOf = async (graph: TesseraClient) =>
  (
    await graph.ask(
      deliveriesShape,
      "{ deliveries(first: 100) { edges { node { id channelName state attempts log { outcome } } } } }",
    )
  ).deliveries.edges.map(({ node }) => node);

/** Resolves once as many deliveries are over and were sent. */
export const allSent = (graph: TesseraClient, count: number) =>
  eventually(async () => {
    const deliveries = await deliveriesOf(graph);
    const sent = deliveries.filter(({ state }) => state === "SENT");
    if (sent.length !== count || deliveries.length !== count)
      throw new Error(`${sent.length} of ${deliveries.length} deliveries are sent, ${count} are expected.`);
    return deliveries;
  }, 120_000);

/** Resolves once something holds. */
export const untilHolds = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await pause(50);
};
