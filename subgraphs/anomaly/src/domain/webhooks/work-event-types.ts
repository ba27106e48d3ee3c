import { DASHBOARD_CHANGED } from "@tessera/contracts/events/dashboard-changed";
import { DASHBOARD_COMMENTED } from "@tessera/contracts/events/dashboard-commented";
import { JOB_CHANGED } from "@tessera/contracts/events/job-changed";
import { NOTIFICATION_SETTLED } from "@tessera/contracts/events/notification-settled";
import { PERSON_ERASED } from "@tessera/contracts/events/person-erasure";
import { REPORT_CHANGED, REPORT_READY } from "@tessera/contracts/events/report-changed";
import { WEBHOOK_ENDPOINT_CHANGED } from "@tessera/contracts/events/webhook-endpoint-changed";
import { z } from "zod";
import { eventType, idField, moment, momentField, textField, type WebhookEventType } from "./event-type.ts";

const ID = "01936f1e-7c00-7000-8000-0000000002";
const AT = 1_795_000_000_000;
const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");
const never = (): null => null;

const DASHBOARD_CHANGES = ["EDITED", "SHARED", "DELETED"] as const;
const COMMENT_CHANGES = ["ADDED", "EDITED", "RESOLVED", "REOPENED", "REMOVED"] as const;
const REPORT_CHANGES = ["DEFINED", "PAUSED", "RESUMED", "REMOVED", "RUN"] as const;
const ENDS = ["SUCCEEDED", "FAILED", "CANCELLED"] as const;
const ENDPOINT_CHANGES = [
  ...(["CREATED", "UPDATED", "SECRET_ROTATED", "PAUSED", "RESUMED", "DISABLED", "DELETED"] as const),
] as const;

const dashboardChanged = eventType({
  name: "dashboard.changed",
  sentence: "A dashboard was edited, shared or deleted; what it shows is read by who may see it.",
  ...{ permission: "analytics:read", topic: DASHBOARD_CHANGED },
  payload: z.object({ dashboardId: z.string(), change: z.enum(DASHBOARD_CHANGES), version: z.number() }),
  data: z.strictObject({
    dashboardId: idField("The dashboard."),
    change: z.enum(DASHBOARD_CHANGES).meta({ description: "What was done." }),
    version: z.int().meta({ description: "The version it has." }),
  }),
  read: ({ dashboardId, change, version }) => ({ dashboardId, change, version }),
  at: never,
  subject: ({ dashboardId }) => dashboardId,
  ids: ["dashboardId", "change", "version"],
  question: ({ dashboardId }) => `{ dashboard(id: ${quoted(dashboardId)}) { __typename } }`,
  example: { dashboardId: `${ID}01`, change: "EDITED", version: 7 },
});

const dashboardCommented = eventType({
  name: "dashboard.commented",
  sentence: "A comment on a dashboard was made or changed; its words are read by who may see the dashboard.",
  ...{ permission: "analytics:read", topic: DASHBOARD_COMMENTED },
  payload: z.object({
    ...{ dashboardId: z.string(), commentId: z.string(), change: z.enum(COMMENT_CHANGES), revision: z.number() },
  }),
  data: z.strictObject({
    dashboardId: idField("The dashboard."),
    commentId: idField("The comment."),
    change: z.enum(COMMENT_CHANGES).meta({ description: "What was done." }),
    revision: z.int().meta({ description: "The comment's revision by it, from 1." }),
  }),
  read: ({ dashboardId, commentId, change, revision }) => ({ dashboardId, commentId, change, revision }),
  at: never,
  subject: ({ dashboardId }) => dashboardId,
  ids: ["dashboardId", "commentId", "change", "revision"],
  question: ({ dashboardId }) => `{ dashboard(id: ${quoted(dashboardId)}) { __typename } }`,
  example: { dashboardId: `${ID}01`, commentId: `${ID}02`, change: "ADDED", revision: 1 },
});

const jobFinished = eventType({
  ...{ name: "job.finished", sentence: "A job ended, well or not.", permission: "jobs:read", topic: JOB_CHANGED },
  payload: z.object({ jobId: z.string(), revision: z.number(), state: z.string().optional() }),
  data: z.strictObject({
    jobId: idField("The job."),
    state: z.enum(ENDS).meta({ description: "How it ended." }),
    revision: z.int().meta({ description: "The job's revision by it." }),
  }),
  read: ({ jobId, revision, state }) => {
    const end = ENDS.find((one) => one === state);
    return end === undefined ? null : { jobId, state: end, revision };
  },
  at: never,
  subject: ({ jobId }) => jobId,
  ids: ["jobId", "state", "revision"],
  question: ({ jobId }) => `{ job(id: ${quoted(jobId)}) { __typename } }`,
  example: { jobId: `${ID}03`, revision: 12, state: "SUCCEEDED" },
});

const notificationSettled = eventType({
  name: "notification.settled",
  sentence: "What a channel was to be told was sent, or given up; what it said is in the log of deliveries.",
  ...{ permission: "notifications:manage", topic: NOTIFICATION_SETTLED },
  payload: z.object({
    ...{ deliveryId: z.string(), channelId: z.string(), state: z.enum(["SENT", "FAILED"]), atMs: z.number() },
  }),
  data: z.strictObject({
    deliveryId: idField("The delivery."),
    channelId: idField("The channel."),
    state: z.enum(["SENT", "FAILED"]).meta({ description: "How it ended." }),
    at: momentField("When."),
  }),
  read: ({ deliveryId, channelId, state, atMs }) => ({ deliveryId, channelId, state, at: moment(atMs) }),
  at: ({ atMs }) => atMs,
  subject: ({ deliveryId }) => deliveryId,
  ids: ["deliveryId", "channelId", "state", "at"],
  question: ({ channelId }) => `{ channel(id: ${quoted(channelId)}) { __typename } }`,
  example: { deliveryId: `${ID}08`, channelId: `${ID}09`, state: "SENT", atMs: AT },
});

const personErased = eventType({
  ...{ name: "person.erased", sentence: "A person was erased for good; nobody is named." },
  ...{ permission: "people:erase", topic: PERSON_ERASED },
  payload: z.object({ erasureId: z.string(), passes: z.number(), done: z.boolean() }),
  data: z.strictObject({
    erasureId: idField("The erasure."),
    passes: z.int().meta({ description: "Passes it took." }),
  }),
  read: ({ erasureId, passes, done }) => (done ? { erasureId, passes } : null),
  at: never,
  subject: ({ erasureId }) => erasureId,
  ids: ["erasureId", "passes"],
  question: ({ erasureId }) => `{ personErasure(id: ${quoted(erasureId)}) { __typename } }`,
  example: { erasureId: `${ID}04`, passes: 2, done: true },
});

const reportChanged = eventType({
  name: "report.changed",
  sentence: "A report or one of its runs changed; what it says is read by who may see it.",
  ...{ permission: "analytics:read", topic: REPORT_CHANGED },
  payload: z.object({
    ...{ reportId: z.string(), runId: z.string().nullable(), change: z.enum(REPORT_CHANGES), revision: z.number() },
  }),
  data: z.strictObject({
    reportId: idField("The report."),
    runId: z.string().nullable().meta({ description: "The run that changed; null when the report itself did." }),
    change: z.enum(REPORT_CHANGES).meta({ description: "What was done." }),
    revision: z.int().meta({ description: "The revision of the report or of the run by it." }),
  }),
  read: ({ reportId, runId, change, revision }) => ({ reportId, runId, change, revision }),
  at: never,
  subject: ({ reportId }) => reportId,
  ids: ["reportId", "runId", "change", "revision"],
  question: ({ reportId }) => `{ report(id: ${quoted(reportId)}) { __typename } }`,
  example: { reportId: `${ID}05`, runId: `${ID}06`, change: "RUN", revision: 4 },
});

const reportReady = eventType({
  ...{ name: "report.ready", sentence: "The files of a report's run are there." },
  ...{ permission: "analytics:read", topic: REPORT_READY },
  payload: z.object({ reportId: z.string(), runId: z.string() }),
  data: z.strictObject({ reportId: idField("The report."), runId: idField("The run.") }),
  read: ({ reportId, runId }) => ({ reportId, runId }),
  at: never,
  subject: ({ reportId }) => reportId,
  ids: ["reportId", "runId"],
  question: ({ reportId }) => `{ report(id: ${quoted(reportId)}) { __typename } }`,
  example: { reportId: `${ID}05`, runId: `${ID}06` },
});

const endpointChanged = eventType({
  name: "webhook.endpoint_changed",
  sentence: "An endpoint of webhooks was changed, or disabled because it took no messages; told to the others.",
  ...{ permission: "webhooks:manage", topic: WEBHOOK_ENDPOINT_CHANGED },
  payload: z.object({
    ...{ endpointId: z.string(), version: z.number(), change: z.enum(ENDPOINT_CHANGES), atMs: z.number() },
    reason: z.enum(["GONE", "ONLY_FAILURES"]).nullable(),
  }),
  data: z.strictObject({
    endpointId: idField("The endpoint."),
    version: z.int().meta({ description: "The version it has." }),
    change: z.enum(ENDPOINT_CHANGES).meta({ description: "What was done." }),
    reason: z.enum(["GONE", "ONLY_FAILURES"]).nullable().meta({ description: "Why it was disabled; null otherwise." }),
    at: momentField("When."),
  }),
  read: ({ endpointId, version, change, reason, atMs }) => ({ endpointId, version, change, reason, at: moment(atMs) }),
  at: ({ atMs }) => atMs,
  subject: ({ endpointId }) => endpointId,
  ids: ["endpointId", "version", "change", "at"],
  question: ({ endpointId }) => `{ webhookEndpoint(id: ${quoted(endpointId)}) { id } }`,
  example: { endpointId: `${ID}07`, version: 3, change: "DISABLED", reason: "ONLY_FAILURES", atMs: AT },
});

const test = eventType({
  ...{ name: "webhook.test", sentence: "A test somebody asked for; nothing happened.", permission: "webhooks:manage" },
  topic: null,
  payload: z.object({ endpointId: z.string(), atMs: z.number() }),
  data: z.strictObject({
    endpointId: idField("The endpoint it is sent to."),
    message: textField("A sentence for whoever reads it."),
    at: momentField("When it was asked for."),
  }),
  read: ({ endpointId, atMs }) => ({
    ...{ endpointId, message: "This is a test: your endpoint is reached.", at: moment(atMs) },
  }),
  at: ({ atMs }) => atMs,
  subject: ({ endpointId }) => endpointId,
  ids: ["endpointId", "at"],
  question: ({ endpointId }) => `{ webhookEndpoint(id: ${quoted(endpointId)}) { id } }`,
  example: { endpointId: `${ID}07`, atMs: AT },
});

/** What webhooks tell of work that is done for people, and of webhooks themselves. */
export const workEventTypes: readonly WebhookEventType[] = [
  ...[dashboardChanged, dashboardCommented, jobFinished, notificationSettled, personErased, reportChanged, reportReady],
  ...[endpointChanged, test],
];
