import { randomBytes, randomUUID } from "node:crypto";
import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, parseRuleId, type TenantId } from "@tessera/contracts/ids";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import type { RouteInput } from "../../domain/notify/check-routes.ts";
import { sendDueDeliveries } from "../../jobs/notify/send-due-deliveries.ts";
import { openNotify, type NotifyPorts } from "../../open-notify.ts";
import { tellChannels } from "../../reactions/notify/tell-channels.ts";

/** Before the clock of any other test, so that senders of these tests find their own deliveries alone. */
export const NOTIFY_EPOCH_MS = Date.parse("1992-02-03T12:00:00Z");

/** Ports of the room in tests: keys of their own, no relay, and this machine as everybody outside. */
export const testPorts = (more: Partial<NotifyPorts> = {}): NotifyPorts => ({
  keyRing: readKeyRing(`tests:${randomBytes(32).toString("base64url")}`),
  mailRelay: null,
  requests: createPublicRequests({ allowLoopback: true }),
  ...more,
});

/** Names the lock that rooms hold one after the other: senders claim deliveries of every tenant, and those of another room are sealed by other keys. */
const ROOM_LOCK = 6_301_992;

/** Everything about being told over the engines of the test run, with a clock the test moves; alone there until it is closed. */
export const openNotifyRoom = async (ports: Partial<NotifyPorts> = {}) => {
  const clock = { ms: NOTIFY_EPOCH_MS };
  const engines = openTestResources({ nowMs: () => clock.ms });
  const holder = await engines.owner.connect();
  await holder.query("SELECT pg_advisory_lock($1)", [ROOM_LOCK]);
  await holder.query("UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE finished_at IS NULL");
  const { resources } = engines;
  const notify = openNotify(resources, testPorts(ports));
  const { operations, telling, sending } = notify;
  const managerOf = (tenantId: TenantId) => callerWith(tenantId, ["notifications:manage", "anomaly:read"]);
  const sendDue = sendDueDeliveries({ ...sending, random: () => 0 });
  return {
    ...{ engines, clock, notify, operations, sending, managerOf, sendDue },
    /** Takes transitions as the consumer does. */
    tell: (tenantId: TenantId, alerts: readonly AlertChanged[]) =>
      resources.sql.transaction(tenantId, (transaction) =>
        tellChannels(telling)(
          transaction,
          tenantId,
          alerts.map((payload, place) => ({
            ...{ tenantId, topic: ALERT_CHANGED, payload },
            cursor: { transaction: 1n, sequence: BigInt(place) },
          })),
        ),
      ),
    makeChannel: async (tenantId: TenantId, input: ChannelInput): Promise<string> => {
      const made = await operations.createChannel(managerOf(tenantId), input);
      if (made.kind !== "SAVED") throw new Error(`The channel was not made: ${made.kind}.`);
      return made.channel.id;
    },
    /** Sets routes; the root has these channels. */
    route: async (tenantId: TenantId, channels: readonly string[], more: Partial<RouteInput> = {}): Promise<void> => {
      const { version } = await operations.notificationRoutes(managerOf(tenantId));
      const root = { name: "all", goesOn: false, channels, ...more };
      const set = await operations.setNotificationRoutes(managerOf(tenantId), version, root);
      if (set.kind !== "SAVED") throw new Error(`The routes were not set: ${set.kind}.`);
    },
    deliveriesOf: async (tenantId: TenantId) =>
      (await operations.listDeliveries(managerOf(tenantId), { first: 100 })).items,
    /** Takes one more lock, which ends with the room's own. */
    lockToo: (text: string) => holder.query(text),
    close: async () => {
      // The lock goes with its connection.
      holder.release(true);
      await engines.close();
    },
  };
};

/** See {@link openNotifyRoom}. */
export type NotifyRoom = Awaited<ReturnType<typeof openNotifyRoom>>;

/** A transition of an alert of one series, with what a test says of it. */
export const alertOf = (tenantId: TenantId, more: Partial<AlertChanged> = {}): AlertChanged => {
  const [ruleId, anomalyId] = [parseRuleId(randomUUID()), parseAnomalyId(randomUUID())];
  if (ruleId === null || anomalyId === null) throw new Error("A new id is a UUID.");
  const severity = more.severity ?? "WARNING";
  return {
    ...{ tenantId, transitionId: randomUUID(), ruleId, ruleName: "Orders", anomalyId, fingerprint: randomUUID() },
    ...{ group: [{ name: "country", value: "DE" }], labels: { rule: "Orders", severity, country: "DE", team: "shop" } },
    ...{ from: "PENDING", to: "FIRING", reason: "BREACHED_LONG_ENOUGH", severity, notify: true, silence: null },
    ...{ escalationStep: null, atMs: NOTIFY_EPOCH_MS, sinceMs: NOTIFY_EPOCH_MS - 60_000 },
    ...{ value: 3, expected: 10, low: 8, high: 12, because: "3 lies below the usual 8 to 12." },
    ...more,
  };
};
