import { Type } from "typebox";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";

/** How bad an incident is, and where it stands, as REST writes it. */
const SEVERITIES = ["info", "warning", "error", "critical"] as const;
const STATES = ["triggered", "acknowledged", "mitigated", "resolved", "closed"] as const;
/** Characters of a note, and of a policy's name. */
const MAX_NOTE = 2_000;
const MAX_NAME = 200;

const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const incident = (name: string) => from(`Incident.${name}`);
const entry = (name: string) => from(`IncidentEntry.${name}`);
const alert = (name: string) => from(`IncidentAlert.${name}`);
const link = (name: string) => from(`IncidentLink.${name}`);
const momentOrNull = (options: ReturnType<typeof from>) => orNull(moment(), options);

const query = Type.Object(
  {
    tenant_id: tenantIdSchema,
    state: Type.Optional(Type.Enum([...STATES], { description: "Only those in this state." })),
    active: Type.Optional(Type.Enum(["true", "false"], { description: "`true`: only those that are not over." })),
    severity: Type.Optional(Type.Enum([...SEVERITIES], { description: "Only those that are so bad." })),
    policy: Type.Optional(Type.String({ maxLength: MAX_NAME, description: "Only those that this policy opened." })),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: Type.Optional(Type.String({ maxLength: 1_000, description: "`next_cursor` of the page before." })),
  },
  { additionalProperties: false },
);

const parts = {
  ...{ id: Type.String(incident("id")), number: Type.Integer(incident("number")) },
  title: Type.String(incident("title")),
  state: Type.Enum([...STATES], incident("state")),
  severity: Type.Enum([...SEVERITIES], incident("severity")),
  policy: orNull(Type.String(), incident("policy")),
  labels: Type.Array(
    Type.Object({ name: Type.String(from("RuleLabel.name")), value: Type.String(from("RuleLabel.value")) }),
    incident("labels"),
  ),
  status: orNull(Type.String(), incident("status")),
  roles: Type.Array(
    Type.Object({
      role: Type.String(from("IncidentRoleHolder.role")),
      person_id: Type.String(from("IncidentRoleHolder.personId")),
      schedule_id: orNull(Type.String(), from("IncidentRoleHolder.scheduleId")),
      at: moment(from("IncidentRoleHolder.at")),
    }),
    incident("roles"),
  ),
  ...{ began_at: moment(incident("beganAt")), opened_at: moment(incident("openedAt")) },
  acknowledged_at: momentOrNull(incident("acknowledgedAt")),
  mitigated_at: momentOrNull(incident("mitigatedAt")),
  resolved_at: momentOrNull(incident("resolvedAt")),
  closed_at: momentOrNull(incident("closedAt")),
  times_reopened: Type.Integer(incident("timesReopened")),
};
const incidentSchema = Type.Object(parts, { ...from("Incident"), title: "Incident" });

const wholeSchema = Type.Object(
  {
    ...parts,
    alerts: Type.Array(
      Type.Object({
        anomaly: orNull(Type.Object({ id: Type.String(from("Anomaly.id")) }), alert("anomaly")),
        rule_name: Type.String(alert("ruleName")),
        severity: Type.Enum([...SEVERITIES], alert("severity")),
        ...{ open: Type.Boolean(alert("open")), acknowledged: Type.Boolean(alert("acknowledged")) },
        explained: Type.Boolean(alert("explained")),
        ...{ fired_at: moment(alert("firedAt")), over_at: momentOrNull(alert("overAt")) },
      }),
      incident("alerts"),
    ),
    timeline: Type.Array(
      Type.Object({
        ...{ id: Type.String(entry("id")), kind: Type.String(entry("kind")) },
        ...{ from: Type.Enum([...STATES], entry("from")), to: Type.Enum([...STATES], entry("to")) },
        severity: Type.Enum([...SEVERITIES], entry("severity")),
        by: orNull(
          Type.Object({ kind: Type.String(from("AnomalyActor.kind")), id: Type.String(from("AnomalyActor.id")) }),
          entry("by"),
        ),
        ...{ text: Type.String(entry("text")), anomaly_id: orNull(Type.String(), entry("anomalyId")) },
        at: moment(entry("at")),
      }),
      incident("timeline"),
    ),
    dropped_entries: Type.Integer(incident("droppedEntries")),
    links: Type.Array(
      Type.Object({
        incident: Type.Object(
          {
            ...{ id: Type.String(incident("id")), number: Type.Integer(incident("number")) },
            title: Type.String(incident("title")),
          },
          link("incident"),
        ),
        score: Type.Number(link("score")),
        reasons: Type.Array(Type.String(), link("reasons")),
        ...{ note: orNull(Type.String(), link("note")), at: moment(link("at")) },
      }),
      incident("links"),
    ),
  },
  { ...from("Incident"), title: "WholeIncident" },
);

const pathParameters = { incident_id: "Id of the incident; one of another tenant is unknown." };
const common = { tag: "Anomalies", authenticated: true } as const;
const unknown = ["BAD_INPUT", "FORBIDDEN", "NOT_FOUND"] as const;

/** GET /api/v2/incidents. */
export const incidentsDescription = {
  ...{ method: "get", path: "/api/v2/incidents", operationId: "listIncidents", ...common },
  summary: "Incidents, the newest first",
  graphql: "Query.incidents",
  ...{ query, body: noBody },
  answers: {
    200: {
      description: "A page of incidents.",
      schema: Type.Object({
        incidents: Type.Array(incidentSchema, { description: "The incidents of this page." }),
        next_cursor: orNull(Type.String(), { description: "Where the next page begins; null on the last one." }),
      }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof query, typeof noBody>;

/** GET /api/v2/incidents/{incident_id}. */
export const incidentDescription = {
  ...{ method: "get", path: "/api/v2/incidents/{incident_id}", operationId: "getIncident", ...common, pathParameters },
  summary: "An incident with its alerts, timeline and links",
  graphql: "Query.incident",
  ...{ query: nothing, body: noBody },
  answers: { 200: { description: "The incident.", schema: wholeSchema } },
  refusals: unknown,
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

/** GET /api/v2/incidents/{incident_id}/postmortem. */
export const postmortemDescription = {
  ...{ method: "get", path: "/api/v2/incidents/{incident_id}/postmortem", operationId: "getIncidentPostmortem" },
  ...{ ...common, pathParameters },
  summary: "What happened in an incident, as Markdown and as JSON",
  graphql: "Incident.postmortem",
  ...{ query: nothing, body: noBody },
  answers: {
    200: {
      description: "The postmortem.",
      schema: Type.Object(
        {
          markdown: Type.String(from("IncidentPostmortem.markdown")),
          json: Type.Record(Type.String(), Type.Unknown(), from("IncidentPostmortem.json")),
        },
        { ...from("IncidentPostmortem"), title: "IncidentPostmortem" },
      ),
    },
  },
  refusals: unknown,
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

const noteSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    note: Type.Optional(
      orNull(Type.String({ maxLength: MAX_NOTE }), { description: "What the timeline tells of it." }),
    ),
  },
  { additionalProperties: false },
);

const step = (verb: "acknowledge" | "resolve", summary: string) =>
  ({
    ...{ method: "post", path: `/api/v2/incidents/{incident_id}/${verb}`, operationId: `${verb}Incident` },
    ...{ ...common, pathParameters, summary, graphql: `Mutation.${verb}Incident` },
    ...{ query: nothing, body: noteSchema },
    answers: { 200: { description: "The incident as it stands.", schema: incidentSchema } },
    refusals: [
      ...unknown,
      ...(["TENANT_MISMATCH", "CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const),
    ],
  }) as const satisfies RouteDescription<typeof nothing, typeof noteSchema>;

/** POST /api/v2/incidents/{incident_id}/acknowledge. */
export const acknowledgeIncidentDescription = step("acknowledge", "Say that somebody looks at an incident");
/** POST /api/v2/incidents/{incident_id}/resolve. */
export const resolveIncidentDescription = step("resolve", "End an incident");

const event = Type.Object(
  { event: Type.Object({}, { description: "What happened there.", additionalProperties: true }) },
  { description: "A webhook of PagerDuty (V3), as it sends it.", additionalProperties: true },
);

/** POST /api/v2/incidents/inbound/pagerduty/{endpoint}. */
export const inboundDescription = {
  ...{ method: "post", path: "/api/v2/incidents/inbound/pagerduty/{endpoint}", operationId: "receivePagerDutyEvent" },
  pathParameters: { endpoint: "The part of the address that `connectChannel` gave; it names the channel." },
  tag: "Anomalies",
  summary: "What PagerDuty tells back of an incident",
  description:
    "Signed by PagerDuty in `X-PagerDuty-Signature` (`v1=` and HMAC-SHA256 of the body, in hex); at most 128 KiB. Who acknowledges or resolves there does so here, once, however often it is sent. An address takes 600 requests a minute, and a client 60 that are refused.",
  bodies: { "application/json": event },
  answers: {
    202: {
      description: "It was taken, was known, or asks nothing of this service.",
      schema: Type.Object({
        outcome: Type.Enum(["taken", "known", "nothing"], { description: "What became of it." }),
      }),
    },
  },
  refusals: [
    ...(["BAD_INPUT", "UNAUTHENTICATED", "NOT_FOUND", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const),
    "RATE_LIMITED",
  ],
  authenticated: false,
} as const satisfies RouteDescription;

/** Every address about incidents, in the order of the document. */
export const incidentDescriptions: readonly RouteDescription[] = [
  ...[incidentsDescription, incidentDescription, postmortemDescription],
  ...[acknowledgeIncidentDescription, resolveIncidentDescription, inboundDescription],
];
