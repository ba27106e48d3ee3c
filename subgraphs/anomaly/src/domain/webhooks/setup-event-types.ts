import {
  SETUP_CHANGED,
  SETUP_CHANGES,
  SETUP_KINDS,
  type SetupChanged,
  type SetupKind,
} from "@tessera/contracts/events/setup-changed";
import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";
import { eventType, moment, momentField, type WebhookEventType } from "./event-type.ts";

const ID = "01936f1e-7c00-7000-8000-000000000401";
const AT = 1_795_000_000_000;

/** A type that tells of one kind of thing. */
interface SetupType {
  readonly name: string;
  readonly sentence: string;
  /** What `id` is; null where a tenant has one of the kind. */
  readonly id: string | null;
  /** A question that reads what stands there now; `$id` is the id, quoted. */
  readonly question: string;
  /** An id as it might be, where it is no UUID. */
  readonly example?: string;
}

const UUID = "Its id.";
const NAME = "Its name.";
const listed = (field: string): string => `{ ${field} { __typename } }`;
const byId = (field: string): string => `{ ${field}(id: $id) { __typename } }`;

const MAY: Readonly<Record<SetupKind, Permission>> = {
  ...{ RULE: "anomaly:read", SILENCE: "anomaly:read", RECORDED_CHANGE: "anomaly:read", INHIBITION: "anomaly:read" },
  ...{ OBJECTIVE: "anomaly:read", EVENT_CALENDAR: "anomaly:read", CHANGE_SOURCE: "anomaly:read" },
  ...{ CAUSE_DONE: "anomaly:read", INCIDENT_POLICIES: "anomaly:read", ESCALATION_POLICY: "anomaly:read" },
  ...{ ON_CALL_SCHEDULE: "anomaly:read", NOTIFICATION_CONTACT: "notifications:manage" },
  ...{ CHANNEL: "notifications:manage", NOTIFICATION_ROUTES: "notifications:manage" },
  ...{ NOTIFICATION_TEMPLATE: "notifications:manage", COHORT: "analytics:read", METRIC: "analytics:read" },
  ...{ SEGMENT: "analytics:read", SAVED_QUERY: "analytics:read", HIERARCHY: "analytics:read" },
  DIMENSION: "analytics:read",
  ...{ ROLLUP: "analytics:read", EXPECTATION: "analytics:read" },
  ...{ CORRELATION_RULE: "analytics:read", DASHBOARD: "analytics:read" },
  ...{ DASHBOARD_LINK: "dashboards:edit", IDENTITY_RULES: "analytics:read", INDICATOR_SHARING: "indicators:share" },
  ...{ TENANT_NAME: "tenant:read", API_KEY: "tenant:read", OAUTH_CLIENT: "tenant:read", REQUEST_KEY: "tenant:read" },
  ...{ TRUSTED_ISSUER: "tenant:read", ROLE: "tenant:read", DATA_POLICY: "tenant:read", MEMBER: "tenant:read" },
  ...{ TEAM: "tenant:read", TENANT_SETTING: "tenant:read", LIMIT: "tenant:read", SCALE_REQUEST: "tenant:read" },
  ...{ BILLING_PLAN: "billing:read", BILLING_CREDIT: "billing:read" },
};

/** Kinds of the anomaly room: refused to callers under a data policy there, and here. */
const OF_WHOLE_TENANT: ReadonlySet<SetupKind> = new Set([
  ...(["RULE", "SILENCE", "RECORDED_CHANGE", "INHIBITION", "OBJECTIVE", "EVENT_CALENDAR", "CHANGE_SOURCE"] as const),
  ...(["CAUSE_DONE", "INCIDENT_POLICIES", "ESCALATION_POLICY", "ON_CALL_SCHEDULE", "CORRELATION_RULE"] as const),
  ...(["ROLLUP", "EXPECTATION"] as const),
]);

const TYPES: Readonly<Record<SetupKind, SetupType>> = {
  RULE: {
    ...{ name: "rule.changed", sentence: "A rule was made, changed or deleted.", id: UUID, question: byId("rule") },
  },
  SILENCE: {
    ...{ name: "silence.changed", sentence: "A silence was made, or ended before its time.", id: UUID },
    question: listed("silences"),
  },
  RECORDED_CHANGE: {
    ...{ name: "change.recorded", sentence: "A deploy, a flag or another change was recorded.", id: UUID },
    question: listed("recordedChanges"),
  },
  INHIBITION: {
    ...{ name: "inhibition.changed", sentence: "An inhibition was made, changed or deleted.", id: UUID },
    question: listed("inhibitions"),
  },
  OBJECTIVE: {
    ...{ name: "objective.changed", sentence: "A service level objective was made, changed or deleted.", id: UUID },
    question: byId("objective"),
  },
  EVENT_CALENDAR: {
    ...{ name: "event_calendar.changed", sentence: "A calendar of events was made, changed or deleted.", id: UUID },
    question: byId("eventCalendar"),
  },
  CHANGE_SOURCE: {
    ...{ name: "change_source.changed", sentence: "Which events are changes was said anew.", id: NAME },
    ...{ question: listed("changeSources"), example: "deploys" },
  },
  CAUSE_DONE: {
    ...{ name: "known_issue.done", sentence: "The cause of known issues was said to be mended.", id: UUID },
    question: listed("rules"),
  },
  INCIDENT_POLICIES: {
    ...{ name: "incident_policies.changed", sentence: "The policies that open incidents were set.", id: null },
    question: listed("incidentPolicies"),
  },
  ESCALATION_POLICY: {
    ...{ name: "escalation_policy.changed", sentence: "An escalation policy was made, changed or deleted.", id: UUID },
    question: listed("escalationPolicies"),
  },
  ON_CALL_SCHEDULE: {
    name: "on_call_schedule.changed",
    sentence: "An on-call schedule was made, changed or deleted, or somebody stands in.",
    ...{ id: UUID, question: listed("onCallSchedules") },
  },
  NOTIFICATION_CONTACT: {
    name: "notification_contact.changed",
    sentence: "How a person is paged was set; no address is named.",
    ...{ id: "Id of the person.", question: listed("notificationContacts") },
  },
  CHANNEL: {
    ...{
      name: "channel.changed",
      sentence: "A notification channel was made, changed, disabled or deleted.",
      id: UUID,
    },
    question: byId("channel"),
  },
  NOTIFICATION_ROUTES: {
    ...{ name: "notification_routes.changed", sentence: "The routes of notifications were set.", id: null },
    question: listed("notificationRoutes"),
  },
  NOTIFICATION_TEMPLATE: {
    name: "notification_template.changed",
    sentence: "The words of a kind of channel were set or taken back.",
    ...{ id: "The kind of channel.", question: listed("notificationTemplates"), example: "EMAIL" },
  },
  COHORT: {
    ...{ name: "cohort.changed", sentence: "A cohort was made, changed or deleted.", id: UUID },
    question: byId("cohort"),
  },
  METRIC: {
    ...{ name: "metric.changed", sentence: "A metric was defined, changed, archived or restored.", id: UUID },
    question: listed("metrics"),
  },
  SEGMENT: {
    ...{ name: "segment.changed", sentence: "A segment was defined, changed, archived or restored.", id: UUID },
    question: listed("segments"),
  },
  SAVED_QUERY: {
    ...{ name: "saved_query.changed", sentence: "A query was saved, changed, archived or restored.", id: UUID },
    question: byId("savedQuery"),
  },
  DIMENSION: {
    ...{ name: "dimension.changed", sentence: "A dimension was defined, changed, archived or restored.", id: UUID },
    question: listed("ownDimensions"),
  },
  HIERARCHY: {
    ...{ name: "hierarchy.changed", sentence: "A hierarchy was defined, changed, archived or restored.", id: UUID },
    question: listed("hierarchies"),
  },
  ROLLUP: {
    ...{ name: "rollup.changed", sentence: "A rollup was defined, changed or archived.", id: UUID },
    question: byId("rollup"),
  },
  EXPECTATION: {
    ...{ name: "expectation.changed", sentence: "What is expected of events was kept, changed or deleted.", id: UUID },
    question: listed("expectations"),
  },
  CORRELATION_RULE: {
    name: "correlation_rule.changed",
    sentence: "A correlation rule was defined, changed, pinned or retired.",
    ...{ id: UUID, question: byId("correlationRule") },
  },
  DASHBOARD: {
    ...{ name: "dashboard.created", sentence: "A dashboard was made.", id: UUID, question: byId("dashboard") },
  },
  DASHBOARD_LINK: {
    ...{ name: "dashboard_link.changed", sentence: "A link to a dashboard was made or revoked." },
    id: "Ids of the dashboard and of the link, with `:` between; the link can't be opened by them.",
    ...{ question: listed("dashboards"), example: `${ID}:1f0c9a4b7d2e6385` },
  },
  IDENTITY_RULES: {
    ...{ name: "identity_rules.changed", sentence: "How ids become persons was set.", id: null },
    question: listed("identityRules"),
  },
  INDICATOR_SHARING: {
    name: "indicator_sharing.changed",
    sentence: "The tenant joined or left those that share indicators of fraud, or said anew of what.",
    ...{ id: null, question: listed("sharedIndicatorMembership") },
  },
  TENANT_NAME: {
    ...{ name: "tenant.renamed", sentence: "The tenant was given another name.", id: null, question: listed("tenant") },
  },
  API_KEY: {
    ...{ name: "api_key.changed", sentence: "An API key was made, changed, rotated or revoked." },
    ...{ id: "Its id, by which nobody is let in.", question: listed("apiKeys"), example: "0a1b2c3d4e5f6789" },
  },
  OAUTH_CLIENT: {
    ...{ name: "oauth_client.changed", sentence: "An OAuth client was made, changed or revoked.", id: UUID },
    ...{ question: listed("oauthClients"), example: "tsc-0123456789abcdefghij" },
  },
  REQUEST_KEY: {
    ...{ name: "request_key.changed", sentence: "A key that signs requests was registered or removed.", id: UUID },
    question: listed("requestKeys"),
  },
  TRUSTED_ISSUER: {
    ...{ name: "trusted_issuer.changed", sentence: "An issuer of tokens is trusted, or no more.", id: UUID },
    question: listed("trustedIssuers"),
  },
  ROLE: {
    ...{ name: "role.changed", sentence: "A role was made, changed or deleted.", id: NAME, question: listed("roles") },
    example: "support",
  },
  DATA_POLICY: {
    ...{ name: "data_policy.changed", sentence: "A data policy was saved or deleted.", id: NAME },
    ...{ question: listed("dataPolicies"), example: "europe" },
  },
  MEMBER: {
    name: "member.changed",
    sentence: "A person of the tenant was made, invited, came in, or was given other roles.",
    ...{ id: UUID, question: byId("user") },
  },
  TEAM: {
    ...{ name: "team.changed", sentence: "Who belongs to a team was set.", id: NAME, question: listed("users") },
    example: "payments",
  },
  TENANT_SETTING: {
    ...{ name: "tenant_setting.changed", sentence: "A setting of the tenant was set.", id: "Its key." },
    ...{ question: listed("tenantSettings"), example: "timeZone" },
  },
  LIMIT: {
    ...{ name: "limit.changed", sentence: "A limit was set or taken away." },
    id: "Scope, id of whose limit it is (empty: the tenant's) and metric, with `:` between.",
    ...{ question: listed("limits"), example: "TENANT::EVENTS_PER_MONTH" },
  },
  SCALE_REQUEST: {
    name: "scale_request.changed",
    sentence: "What the tenant may use at once was asked to be changed, or that was decided.",
    ...{ id: UUID, question: listed("scaleRequests") },
  },
  BILLING_PLAN: {
    ...{ name: "billing_plan.changed", sentence: "The plan that bills are made by was set." },
    ...{ id: "First day of its first month.", question: listed("tenant"), example: "2026-11-01" },
  },
  BILLING_CREDIT: {
    ...{ name: "billing_credit.changed", sentence: "A credit was granted.", id: UUID, question: listed("tenant") },
  },
};

const payload = z.object({
  ...{ kind: z.string(), id: z.string().nullable(), change: z.enum(SETUP_CHANGES), atMs: z.number() },
});
const changeField = z.enum(SETUP_CHANGES).meta({ description: "What was done." });
const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");

const typeOf = (kind: SetupKind): WebhookEventType => {
  const { name, sentence, id, question, example } = TYPES[kind];
  return eventType({
    ...{
      name,
      sentence,
      permission: MAY[kind],
      ofWholeTenant: OF_WHOLE_TENANT.has(kind),
      topic: SETUP_CHANGED,
      payload,
    },
    data: z.strictObject({
      id: (id === null ? z.null() : z.string()).meta({ description: id ?? "Null: a tenant has one." }),
      ...{ change: changeField, at: momentField("When.") },
    }),
    read: (told) =>
      told.kind === kind && (told.id === null) === (id === null)
        ? { id: told.id, change: told.change, at: moment(told.atMs) }
        : null,
    at: ({ atMs }) => atMs,
    subject: (told) => `${told.kind}:${told.id ?? ""}`,
    ids: ["id", "change", "at"],
    question: (data) => question.replace("$id", () => quoted(data["id"])),
    example: { kind, id: id === null ? null : (example ?? ID), change: "CHANGED", atMs: AT } satisfies Omit<
      SetupChanged,
      "tenantId"
    >,
  });
};

/** What webhooks tell of what tenants set up: a type for each kind, all of one topic. */
export const setupEventTypes: readonly WebhookEventType[] = SETUP_KINDS.map(typeOf);
