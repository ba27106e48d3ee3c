import type { ChannelSettings } from "../../domain/notify/channel.ts";
import { WEEKDAYS } from "../../domain/notify/channel-input.ts";
import type { ToldGroup } from "../../domain/notify/delivery.ts";
import { TEAMS_MAX_BYTES } from "../../domain/notify/kinds/teams.ts";
import type {
  NotificationChannelResolvers,
  NotificationDeliveryResolvers,
  NotificationDigestResolvers,
  NotificationResolvers,
  NotificationTemplateResolvers,
  QuietHoursResolvers,
  ResolversTypes,
  ResolversUnionTypes,
  WebhookEndpointChannelResolvers,
} from "../../generated/resolvers.ts";
import { toInbound } from "../incidents/incident-views.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";

type Settings = ResolversUnionTypes<ResolversTypes>["NotificationChannelSettings"];

const toSettings = (settings: ChannelSettings): Settings => {
  switch (settings.kind) {
    case "EMAIL":
      return { __typename: "EmailChannel", recipients: settings.recipients };
    case "SLACK":
      return { __typename: "SlackChannel", conversation: settings.by === "BOT" ? settings.conversation : null };
    case "TEAMS":
      return { __typename: "TeamsChannel", maxBytes: TEAMS_MAX_BYTES };
    case "PAGERDUTY":
      return { __typename: "PagerDutyChannel", region: settings.region };
    case "OPSGENIE":
      return { __typename: "OpsgenieChannel", region: settings.region, teams: settings.teams };
    case "SMS": {
      const { gateway, from, numbers, maxParts } = settings;
      const contentType = gateway.contentType === "application/json" ? "JSON" : "FORM";
      const { url, headers, body } = gateway;
      return { __typename: "SmsChannel", url, headers, contentType, body, from, numbers, maxParts };
    }
    case "WEBHOOK":
      return settings.by === "URL"
        ? { __typename: "WebhookChannel", url: settings.url }
        : { __typename: "WebhookEndpointChannel", endpointId: settings.endpointId };
    case "IN_APP":
      return { __typename: "InAppChannel", persons: settings.persons };
  }
};

/** Resolvers of `WebhookEndpointChannel`. */
const WebhookEndpointChannel: WebhookEndpointChannelResolvers = {
  endpointState: ({ endpointId }, _arguments, { webhooks }) => webhooks.endpointStateOf(endpointId),
};

/** Resolvers of `NotificationChannel`. */
const NotificationChannel: NotificationChannelResolvers = {
  kind: ({ settings }) => settings.kind,
  settings: ({ settings }) => toSettings(settings),
  titleTemplate: ({ templates }) => templates.title,
  bodyTemplate: ({ templates }) => templates.body,
  inbound: ({ id }, _arguments, { incidents }) =>
    incidents.inbound.load(id).then((inbound) => (inbound === null ? null : toInbound(inbound))),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

const timeOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** Resolvers of `QuietHours`. */
const QuietHours: QuietHoursResolvers = {
  from: ({ fromMinute }) => timeOf(fromMinute),
  to: ({ toMinute }) => timeOf(toMinute),
  weekdays: ({ weekdays }) => WEEKDAYS.filter((_day, place) => weekdays.includes(place)),
};

/** Resolvers of `NotificationDigest`. */
const NotificationDigest: NotificationDigestResolvers = {
  cron: ({ every }) => (every.kind === "CRON" ? every.cron : null),
  everyMinutes: ({ every }) => (every.kind === "INTERVAL" ? every.minutes : null),
};

const toGroup = ({ episode, labels, state, counts }: ToldGroup) => ({
  ...{ episode, state, began: counts.NEW, changed: counts.CHANGED, over: counts.OVER, still: counts.STILL },
  labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
});

/** Resolvers of `NotificationDelivery`. */
const NotificationDelivery: NotificationDeliveryResolvers = {
  personId: ({ recipient }) => recipient?.personId ?? null,
  reportRunId: ({ report }) => report?.runId ?? null,
  group: ({ group }) => (group === null ? null : toGroup(group)),
  nextTryAt: ({ state, finishedAtMs, dueMs }) =>
    finishedAtMs === null && state !== "HANDED_OVER" ? toDateTime(dueMs) : null,
  webhook: ({ id, log }, _arguments, { webhooks }) =>
    log.some(({ outcome }) => outcome === "HANDED_OVER") ? webhooks.deliveryOfMessage(id) : null,
  log: ({ log }) => log.map(({ atMs, ...same }) => ({ ...same, at: toDateTime(atMs) })),
  notices: ({ notices }) =>
    notices.map(({ route, alert: { ruleName, anomalyId, to, severity, atMs } }) => ({
      ...{ route, ruleName, anomalyId, state: to, severity, at: toDateTime(atMs) },
    })),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  finishedAt: ({ finishedAtMs }) => toDateTimeOrNull(finishedAtMs),
};

/** Resolvers of `NotificationTemplate`. */
const NotificationTemplate: NotificationTemplateResolvers = {
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

/** Resolvers of `Notification`. */
const Notification: NotificationResolvers = {
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  readAt: ({ readAtMs }) => toDateTimeOrNull(readAtMs),
};

/** Resolvers of the types about being told. */
export const notifyTypes = {
  NotificationChannel,
  WebhookEndpointChannel,
  NotificationTemplate,
  QuietHours,
  NotificationDigest,
  NotificationDelivery,
  Notification,
};
