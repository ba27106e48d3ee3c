import { LIMIT_PASSED } from "@tessera/contracts/events/limit-passed";
import { OPERATOR_ACCESS } from "@tessera/contracts/events/operator-access";
import { SECURITY_EVENT_RAISED, THROTTLE_LIFTED } from "@tessera/contracts/events/security-event";
import { TENANT_CHANGED } from "@tessera/contracts/events/tenant-changed";
import { TENANT_SCALED } from "@tessera/contracts/events/tenant-scaled";
import { z } from "zod";
import {
  eventType,
  idField,
  moment,
  momentField,
  momentOrNull,
  textField,
  type WebhookEventType,
} from "./event-type.ts";

const ID = "01936f1e-7c00-7000-8000-0000000001";
const AT = 1_795_000_000_000;

const source = z.object({ kind: z.string(), id: z.string() });
const sourceData = z
  .strictObject({ kind: z.string(), id: z.string() })
  .meta({ description: "Where it came from: a subject of the tenant, an address or a network." });
const capacity = z.object({ concurrentQueries: z.number(), queryMemoryBytes: z.number(), workerWeight: z.number() });
const capacityData = (description: string) =>
  z
    .strictObject({ concurrentQueries: z.int(), queryMemoryBytes: z.int(), workerWeight: z.number() })
    .meta({ description });
const throttleData = z
  .strictObject({ id: z.string(), level: z.string(), until: z.iso.datetime() })
  .nullable()
  .meta({ description: "The throttle that followed; null when none did." });

const limitPassed = eventType({
  ...{ name: "limit.passed", sentence: "Use passed the soft or the hard bound of a limit.", permission: "tenant:read" },
  topic: LIMIT_PASSED,
  payload: z.object({
    ...{
      metric: z.string(),
      scope: z.string(),
      scopeId: z.string(),
      level: z.enum(["SOFT", "HARD"]),
      period: z.string(),
    },
    ...{ limit: z.number(), used: z.number(), passedAtMs: z.number(), blockedFromMs: z.number().nullable() },
  }),
  data: z.strictObject({
    metric: textField("What is limited, such as EVENTS_PER_MONTH."),
    scope: textField("Whose limit it is: of the ORGANISATION, the TENANT, an API_KEY or a USER."),
    scopeId: textField("Id of whose it is."),
    level: z.enum(["SOFT", "HARD"]).meta({ description: "Which bound was passed." }),
    period: textField("First day of the period."),
    limit: z.number().meta({ description: "The bound." }),
    used: z.number().meta({ description: "What was used." }),
    passedAt: momentField("When it was passed."),
    blockedFrom: z.iso.datetime().nullable().meta({ description: "When work is refused; null for a soft bound." }),
  }),
  read: ({ passedAtMs, blockedFromMs, ...same }) => ({
    ...{ metric: same.metric, scope: same.scope, scopeId: same.scopeId, level: same.level, period: same.period },
    ...{ limit: same.limit, used: same.used, passedAt: moment(passedAtMs), blockedFrom: momentOrNull(blockedFromMs) },
  }),
  at: ({ passedAtMs }) => passedAtMs,
  subject: ({ metric, scopeId }) => `${metric}:${scopeId}`,
  ids: ["metric", "scope", "scopeId", "level", "period"],
  question: () => "{ limits { __typename } }",
  example: {
    ...{ metric: "EVENTS_PER_MONTH", scope: "TENANT", scopeId: `${ID}01`, level: "SOFT", period: "2026-11-01" },
    ...{ limit: 10_000_000, used: 10_000_312, passedAtMs: AT, blockedFromMs: null },
  },
});

const operatorAccess = eventType({
  name: "operator.access",
  sentence: "An operator of the platform was let into the tenant, acted there, or was shut out.",
  ...{ permission: "tenant:read", topic: OPERATOR_ACCESS },
  payload: z.object({
    ...{ grantId: z.string(), change: z.enum(["GRANTED", "USED", "REVOKED"]), operatorId: z.string() },
    ...{ permissions: z.array(z.string()), reason: z.string(), breakGlass: z.boolean() },
    ...{ expiresAtMs: z.number(), atMs: z.number() },
  }),
  data: z.strictObject({
    grantId: textField("The grant."),
    change: z.enum(["GRANTED", "USED", "REVOKED"]).meta({ description: "What was done." }),
    operatorId: textField("Who may act under it."),
    permissions: z.array(z.string()).meta({ description: "What they may." }),
    reason: textField("Why."),
    breakGlass: z.boolean().meta({ description: "Whether they let themselves in." }),
    expiresAt: momentField("When the grant ends by itself."),
    at: momentField("When it was done."),
  }),
  read: ({ expiresAtMs, atMs, ...same }) => ({ ...same, expiresAt: moment(expiresAtMs), at: moment(atMs) }),
  at: ({ atMs }) => atMs,
  subject: ({ grantId }) => grantId,
  ids: ["grantId", "change", "operatorId", "at"],
  question: () => "{ operatorGrants { __typename } }",
  example: {
    ...{ grantId: `${ID}02`, change: "GRANTED", operatorId: `${ID}03`, permissions: ["analytics:read"] },
    ...{
      reason: "Slow dashboards, asked for by the tenant.",
      breakGlass: false,
      expiresAtMs: AT + 3_600_000,
      atMs: AT,
    },
  },
});

const securityEvent = eventType({
  ...{ name: "security.event", sentence: "Abuse was seen, such as guessed credentials or scraping." },
  ...{ permission: "security:read", topic: SECURITY_EVENT_RAISED },
  payload: z.object({
    ...{ securityEventId: z.string(), kind: z.string(), source, windowFromMs: z.number(), windowToMs: z.number() },
    ...{ measured: z.number(), bound: z.number(), raisedAtMs: z.number() },
    throttle: z.object({ id: z.string(), level: z.string(), untilMs: z.number() }).nullable(),
  }),
  data: z.strictObject({
    securityEventId: idField("The event."),
    kind: textField("What was seen, such as CREDENTIAL_STUFFING."),
    source: sourceData,
    from: momentField("First moment of what was counted."),
    to: momentField("End of what was counted."),
    measured: z.number().meta({ description: "What was counted." }),
    bound: z.number().meta({ description: "From when on it is abuse." }),
    raisedAt: momentField("When it was seen."),
    throttle: throttleData,
  }),
  read: ({ windowFromMs, windowToMs, raisedAtMs, throttle, ...same }) => ({
    ...{ securityEventId: same.securityEventId, kind: same.kind, source: same.source },
    ...{ from: moment(windowFromMs), to: moment(windowToMs), measured: same.measured, bound: same.bound },
    raisedAt: moment(raisedAtMs),
    throttle: throttle === null ? null : { id: throttle.id, level: throttle.level, until: moment(throttle.untilMs) },
  }),
  at: ({ raisedAtMs }) => raisedAtMs,
  subject: ({ source: { kind, id } }) => `${kind}:${id}`,
  ids: ["securityEventId", "kind", "raisedAt"],
  question: () => "{ securityEvents(first: 50) { __typename } }",
  example: {
    ...{ securityEventId: `${ID}04`, kind: "CREDENTIAL_STUFFING", source: { kind: "ADDRESS", id: "203.0.113.7" } },
    ...{ windowFromMs: AT - 300_000, windowToMs: AT, measured: 64, bound: 50, raisedAtMs: AT },
    throttle: { id: `${ID}05`, level: "BLOCKED", untilMs: AT + 900_000 },
  },
});

const throttleLifted = eventType({
  ...{ name: "security.throttle_lifted", sentence: "Somebody ended a throttle before its time." },
  ...{ permission: "security:read", topic: THROTTLE_LIFTED },
  payload: z.object({ throttleId: z.string(), source, liftedBy: source, reason: z.string(), liftedAtMs: z.number() }),
  data: z.strictObject({
    throttleId: textField("The throttle."),
    source: sourceData,
    liftedBy: z.strictObject({ kind: z.string(), id: z.string() }).meta({ description: "Who ended it." }),
    reason: textField("Why."),
    liftedAt: momentField("When."),
  }),
  read: ({ liftedAtMs, ...same }) => ({ ...same, liftedAt: moment(liftedAtMs) }),
  at: ({ liftedAtMs }) => liftedAtMs,
  subject: ({ source: { kind, id } }) => `${kind}:${id}`,
  ids: ["throttleId", "liftedAt"],
  question: () => "{ throttles(activeOnly: false) { __typename } }",
  example: {
    ...{ throttleId: `${ID}05`, source: { kind: "ADDRESS", id: "203.0.113.7" }, liftedAtMs: AT },
    ...{ liftedBy: { kind: "USER", id: `${ID}06` }, reason: "Our own load test." },
  },
});

const tenantChanged = eventType({
  ...{ name: "tenant.changed", sentence: "The tenant was made, or its state or tier was changed." },
  ...{ permission: "tenant:read", topic: TENANT_CHANGED },
  payload: z.object({ change: z.string(), state: z.string(), tier: z.string(), changedAtMs: z.number() }),
  data: z.strictObject({
    change: textField("What was changed, such as SUSPENDED or TIER_CHANGED."),
    state: textField("The state it has: ACTIVE, SUSPENDED or DELETING."),
    tier: textField("The tier it has."),
    changedAt: momentField("When."),
  }),
  read: ({ changedAtMs, ...same }) => ({
    ...{ change: same.change, state: same.state, tier: same.tier, changedAt: moment(changedAtMs) },
  }),
  at: ({ changedAtMs }) => changedAtMs,
  subject: () => "tenant",
  ids: ["change", "state", "changedAt"],
  question: () => "{ tenant { id } }",
  example: { change: "TIER_CHANGED", state: "ACTIVE", tier: "BUSINESS", changedAtMs: AT },
});

const tenantScaled = eventType({
  ...{ name: "tenant.scaled", sentence: "What the tenant may use at once was changed." },
  ...{ permission: "tenant:read", topic: TENANT_SCALED },
  payload: z.object({ requestId: z.string(), before: capacity, after: capacity, scaledAtMs: z.number() }),
  data: z.strictObject({
    requestId: textField("The request it was decided by."),
    before: capacityData("What it was."),
    after: capacityData("What it is."),
    scaledAt: momentField("When."),
  }),
  read: ({ scaledAtMs, ...same }) => ({ ...same, scaledAt: moment(scaledAtMs) }),
  at: ({ scaledAtMs }) => scaledAtMs,
  subject: () => "tenant",
  ids: ["requestId", "scaledAt"],
  question: () => "{ tenant { id } }",
  example: {
    requestId: `${ID}07`,
    before: { concurrentQueries: 8, queryMemoryBytes: 1_073_741_824, workerWeight: 1 },
    after: { concurrentQueries: 16, queryMemoryBytes: 2_147_483_648, workerWeight: 2 },
    scaledAtMs: AT,
  },
});

/** What webhooks tell of the tenant, its limits and its safety. */
export const tenantEventTypes: readonly WebhookEventType[] = [
  ...[limitPassed, operatorAccess, securityEvent, throttleLifted, tenantChanged, tenantScaled],
];
