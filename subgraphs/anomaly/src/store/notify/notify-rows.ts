import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Channel, Templates } from "../../domain/notify/channel.ts";
import type { Delivery, Notice, Notification } from "../../domain/notify/delivery.ts";
import type { Route, Routes } from "../../domain/notify/route.ts";
import { idColumn, msColumn } from "../rule-row.ts";

const severity = z.enum(["INFO", "WARNING", "ERROR", "CRITICAL"]);
const region = z.enum(["US", "EU"]);
const state = z.enum(["OK", "PENDING", "FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"]);
const texts = z.array(z.string());

const settingsColumn = z.union([
  z.object({ kind: z.literal("EMAIL"), recipients: texts }),
  z.object({ kind: z.literal("SLACK"), by: z.literal("WEBHOOK") }),
  z.object({ kind: z.literal("SLACK"), by: z.literal("BOT"), conversation: z.string() }),
  z.object({ kind: z.literal("TEAMS") }),
  z.object({ kind: z.literal("PAGERDUTY"), region }),
  z.object({ kind: z.literal("OPSGENIE"), region, teams: texts }),
  z.object({
    kind: z.literal("SMS"),
    gateway: z.object({
      url: z.string(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
      contentType: z.enum(["application/json", "application/x-www-form-urlencoded"]),
      body: z.string(),
    }),
    from: z.string(),
    numbers: texts,
    maxParts: z.number(),
  }),
  z.object({ kind: z.literal("WEBHOOK"), by: z.literal("ENDPOINT"), endpointId: z.string() }),
  // Of channels that were set when there was no other way, none says which it is.
  z.object({ kind: z.literal("WEBHOOK"), by: z.literal("URL").default("URL"), url: z.string() }),
  z.object({ kind: z.literal("IN_APP"), persons: texts }),
]);

const quietHoursColumn = z
  .object({
    ...{ fromMinute: z.number(), toMinute: z.number(), weekdays: z.array(z.number()), timeZone: z.string() },
    except: severity.nullable(),
  })
  .nullable();

const digestColumn = z
  .object({
    every: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("CRON"), cron: z.string() }),
      z.object({ kind: z.literal("INTERVAL"), minutes: z.number() }),
    ]),
    timeZone: z.string(),
    except: severity.nullable(),
  })
  .nullable();

/** Columns of a channel but for its sealed secret. */
export const CHANNEL_COLUMNS = `tenant_id, id, name, settings, secret_hint, templates, quiet_hours, digest, rate_messages, rate_window_seconds, state,
  disabled_because, version, created_at, changed_at`;

/** Columns of a channel with its sealed secret, and the words of its tenant for its kind. */
export const SEALED_COLUMNS = `${CHANNEL_COLUMNS}, sealed_secret, (SELECT json_build_object('title', t.title, 'body', t.body) FROM notify_template t
  WHERE t.tenant_id = notify_channel.tenant_id AND t.kind = notify_channel.kind) AS tenant_templates`;

const templatesColumn = z.object({ title: z.string().nullable(), body: z.string().nullable() });

const channelColumns = z.object({
  ...{ tenant_id: idColumn(parseTenantId), id: z.string(), name: z.string(), settings: settingsColumn },
  ...{ secret_hint: z.string().nullable(), quiet_hours: quietHoursColumn, digest: digestColumn },
  templates: templatesColumn,
  ...{ rate_messages: z.number(), rate_window_seconds: z.number(), version: z.number() },
  ...{ state: z.enum(["ACTIVE", "PAUSED", "DISABLED"]), disabled_because: z.string().nullable() },
  ...{ created_at: msColumn, changed_at: msColumn },
});

/** Reads a channel; throws ZodError when the row is broken. */
export const channelRow = (row: unknown): Channel => {
  const found = channelColumns.parse(row);
  return {
    ...{ tenantId: found.tenant_id, id: found.id, name: found.name, settings: found.settings, state: found.state },
    ...{ secretHint: found.secret_hint, templates: found.templates, quietHours: found.quiet_hours },
    ...{ digest: found.digest, disabledBecause: found.disabled_because, version: found.version },
    rateCap: { messages: found.rate_messages, windowSeconds: found.rate_window_seconds },
    ...{ createdAtMs: found.created_at, changedAtMs: found.changed_at },
  };
};

/** A channel with its sealed secret; null when it has none. */
export interface SealedChannel {
  readonly channel: Channel;
  readonly sealed: string | null;
  /** What its tenant says by channels of its kind; null when it says nothing. */
  readonly tenants: Templates | null;
}

const sealedColumn = z.object({ sealed_secret: z.string().nullable(), tenant_templates: templatesColumn.nullable() });

/** Reads a channel with its sealed secret and its tenant's words. */
export const sealedChannelRow = (row: unknown): SealedChannel => {
  const { sealed_secret: sealed, tenant_templates: tenants } = sealedColumn.parse(row);
  return { channel: channelRow(row), sealed, tenants };
};

const routeColumn: z.ZodType<Route> = z.lazy(() =>
  z.object({
    name: z.string(),
    matchers: z.array(
      z.object({
        label: z.string(),
        operator: z.enum(["EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "REGEX", "NOT_REGEX"]),
        values: texts,
      }),
    ),
    ...{ severity: severity.nullable(), channels: texts.nullable(), groupBy: texts.nullable() },
    ...{ groupWaitSeconds: z.number().nullable(), groupIntervalSeconds: z.number().nullable() },
    ...{ quietHours: quietHoursColumn, goesOn: z.boolean(), routes: z.array(routeColumn) },
    // Of routes that were set before they could name one, none does.
    escalation: z.string().nullable().default(null),
  }),
);

/** Reads a tenant's routes. */
export const routesRow = (row: unknown): Routes => z.object({ version: z.number(), root: routeColumn }).parse(row);

const alertPayload = z.object({
  ...{ tenantId: idColumn(parseTenantId), transitionId: z.string(), ruleId: idColumn(parseRuleId) },
  ...{ ruleName: z.string(), anomalyId: idColumn(parseAnomalyId).nullable(), fingerprint: z.string() },
  group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  ...{ labels: z.record(z.string(), z.string()), from: state, to: state, reason: z.string(), severity },
  ...{ notify: z.boolean(), silence: z.string().nullable(), escalationStep: z.number().nullable(), atMs: z.number() },
  ...{ sinceMs: z.number().nullable(), value: z.number().nullable(), expected: z.number().nullable() },
  ...{ low: z.number().nullable(), high: z.number().nullable(), because: z.string() },
  ...{ fromChannel: z.string().optional(), errorRate: z.boolean().optional() },
  shown: z
    .object({
      ...{ number: z.string(), unit: z.string(), times: z.number(), timeZone: z.string(), about: z.string() },
    })
    .optional(),
});

/** Reads what was told of a transition; throws ZodError when it is something else. */
export const parseAlertChanged = (payload: unknown): AlertChanged => alertPayload.parse(payload);

/** Columns of a delivery `d` of a channel `c`. */
export const DELIVERY_COLUMNS = `d.tenant_id, d.id, d.channel_id, c.name AS channel_name, d.wait, d.state, d.due_at, d.attempts, d.log, d.done,
  d.response_code, d.response, d.created_at, d.begun_at, d.finished_at, d.recipient, d.told_group, d.report`;

const labels = z.record(z.string(), z.string());
const toldGroupColumn = z.object({
  ...{ episode: z.string(), labels, state: z.enum(["BEGAN", "CHANGED", "OVER"]) },
  counts: z.object({ NEW: z.number(), CHANGED: z.number(), OVER: z.number(), STILL: z.number() }),
});

const deliveryColumns = z.object({
  ...{ tenant_id: idColumn(parseTenantId), id: z.string(), channel_id: z.string(), channel_name: z.string() },
  wait: z.enum(["NOW", "GROUP", "QUIET_HOURS", "DIGEST", "RATE_CAP"]),
  state: z.enum(["GATHERING", "SENDING", "RETRYING", "HANDED_OVER", "SENT", "FAILED", "DROPPED"]),
  ...{ due_at: msColumn, attempts: z.number(), done: texts },
  log: z.array(
    z.object({
      atMs: z.number(),
      outcome: z.enum(["SENT", "HANDED_OVER", "TRY_AGAIN", "REFUSED", "ABANDONED", "GIVEN_UP"]),
      code: z.number().nullable(),
      said: z.string(),
    }),
  ),
  ...{ response_code: z.number().nullable(), response: z.string().nullable(), created_at: msColumn },
  ...{ begun_at: msColumn.nullable(), finished_at: msColumn.nullable() },
  recipient: z.object({ personId: z.string(), address: z.string().nullable() }).nullable(),
  told_group: toldGroupColumn.nullable(),
  report: z.object({ reportId: z.string(), runId: z.string(), owner: z.string() }).nullable(),
});

/** Reads a delivery. */
export const deliveryRow = (row: unknown): Delivery => {
  const found = deliveryColumns.parse(row);
  return {
    ...{ tenantId: found.tenant_id, id: found.id, channelId: found.channel_id, channelName: found.channel_name },
    ...{ wait: found.wait, state: found.state, dueMs: found.due_at, attempts: found.attempts, log: found.log },
    ...{ done: found.done, responseCode: found.response_code, response: found.response },
    ...{ createdAtMs: found.created_at, begunAtMs: found.begun_at, finishedAtMs: found.finished_at },
    ...{ recipient: found.recipient, group: found.told_group, report: found.report },
  };
};

const noticeColumns = z.object({
  ...{ delivery_id: z.string(), route: z.string(), alert: z.unknown(), group_id: z.string().nullable() },
  group_labels: labels.nullable(),
});

/** Reads a notice. */
export const noticeRow = (row: unknown): Notice => {
  const { delivery_id, route, alert, group_id, group_labels } = noticeColumns.parse(row);
  const group = group_id === null ? null : { id: group_id, labels: group_labels ?? {} };
  return { deliveryId: delivery_id, route, group, alert: parseAlertChanged(alert) };
};

const notificationColumns = z.object({
  ...{ tenant_id: idColumn(parseTenantId), id: z.string(), kind: z.enum(["ALERT", "CHANNEL_DISABLED"]), severity },
  ...{ title: z.string(), body: z.string(), anomaly_id: z.string().nullable(), channel_id: z.string().nullable() },
  ...{ created_at: msColumn, read_at: msColumn.nullable() },
});

/** Reads a notification, with when its reader has read it. */
export const notificationRow = (row: unknown): Notification => {
  const found = notificationColumns.parse(row);
  return {
    ...{ tenantId: found.tenant_id, id: found.id, kind: found.kind, severity: found.severity, title: found.title },
    ...{ body: found.body, anomalyId: found.anomaly_id, channelId: found.channel_id },
    ...{ createdAtMs: found.created_at, readAtMs: found.read_at },
  };
};
