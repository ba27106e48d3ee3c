import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { keepsIncidents, type Channel } from "../../domain/notify/channel.ts";
import { groupOf } from "../../domain/notify/group.ts";
import { groupBundle, planOf } from "../../domain/notify/plan.ts";
import { channelsOf, createRouter, type Way } from "../../domain/notify/route.ts";
import type { NoticeStore } from "../../store/notify/gather-notices.ts";

/** Name of the consumer, under which its place is kept. */
export const NOTIFY_CONSUMER = "anomaly-notify-channels";

/** What telling channels needs. */
export interface TellDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly noticesWithin: (transaction: SqlTransaction, tenantId: TenantId) => NoticeStore;
  readonly parseAlert: (payload: unknown) => AlertChanged;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** What an alert is routed by: its labels, and the step of an escalation it is told to. */
const routedBy = ({ labels, severity, escalationStep }: AlertChanged) => ({
  severity,
  labels: escalationStep === null ? labels : { ...labels, escalation_step: String(escalationStep) },
});

const tell = async (
  deps: TellDeps,
  notices: NoticeStore,
  { channel, way, alert }: { readonly channel: Channel; readonly way: Way; readonly alert: AlertChanged },
): Promise<void> => {
  const nowMs = deps.nowMs();
  const group = keepsIncidents(channel.settings.kind) ? null : groupOf(way, alert.labels);
  const lastOfGroupMs = group === null ? null : await notices.lastBegun(channel.id, groupBundle(group));
  const plan = planOf({ channel, way, alert, group, nowMs, lastOfGroupMs });
  const route = way.path.join(" > ");
  await notices.put({ channelId: channel.id, alert, route, plan, group, deliveryId: deps.newId(), nowMs });
};

/**
 * Writes what each channel is to be told of transitions: one notice for each transition and channel, whatever comes again. Channels are held in one order, so
 * that no two transactions wait for each other.
 */
export const tellChannels =
  (deps: TellDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    const alerts = entries.map(({ payload }) => deps.parseAlert(payload)).filter(({ notify }) => notify);
    if (alerts.length === 0) return;
    const notices = deps.noticesWithin(transaction, tenantId);
    const routes = await notices.routes();
    if (routes === null) return;
    const router = createRouter(routes);
    const routed = alerts.map((alert) => ({ alert, ways: channelsOf(router(routedBy(alert))) }));
    const channels = await notices.holdChannels([...new Set(routed.flatMap(({ ways }) => [...ways.keys()]))]);
    for (const { alert, ways } of routed)
      for (const [id, way] of ways) {
        const channel = channels.get(id);
        // What was deleted since the routes were set is told nothing, and a provider nothing of what it told itself.
        if (channel !== undefined && id !== alert.fromChannel) await tell(deps, notices, { channel, way, alert });
      }
  };

/** Builds the consumer of transitions. */
export const createChannelTeller = (deps: TellDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: NOTIFY_CONSUMER, topic: ALERT_CHANGED },
    handle: tellChannels(deps),
  });
