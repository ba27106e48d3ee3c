import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { ANOMALY_JUDGED } from "@tessera/contracts/events/anomaly-judged";
import { ANOMALY_RAISED } from "@tessera/contracts/events/anomaly-raised";
import { CORRELATION_MATCHED } from "@tessera/contracts/events/correlation-matched";
import { z } from "zod";
import { ALERT_STATES, SEVERITIES } from "../alerts/alert.ts";
import {
  eventType,
  idField,
  moment,
  momentField,
  momentOrNull,
  textField,
  type WebhookEventType,
} from "./event-type.ts";

const number = z.number().nullable();
const state = z.enum(ALERT_STATES);
const verdict = z.enum(["TRUE", "FALSE", "EXPECTED", "KNOWN_ISSUE"]).nullable();
/** An alert as the log and messages have it. */
export const alertEntry = z.object({
  ...{ transitionId: z.string(), ruleId: z.string(), ruleName: z.string(), anomalyId: z.string().nullable() },
  ...{ fingerprint: z.string(), group: z.array(z.object({ name: z.string(), value: z.string().nullable() })) },
  ...{ labels: z.record(z.string(), z.string()), from: state, to: state, reason: z.string() },
  ...{ severity: z.enum(SEVERITIES), notify: z.boolean(), silence: z.string().nullable() },
  ...{ escalationStep: z.number().nullable(), atMs: z.number(), sinceMs: z.number().nullable() },
  ...{ value: number, expected: number, low: number, high: number, because: z.string() },
});
type AlertEntry = z.output<typeof alertEntry>;

const alertData = z.strictObject({
  transitionId: idField("Names the transition."),
  ruleId: idField("The rule."),
  ruleName: textField("Its name when this happened."),
  anomalyId: z.uuid().nullable().meta({ description: "The anomaly; null while the alert is only pending." }),
  fingerprint: textField("Names the series: equal for equal rule and group."),
  group: z
    .array(z.strictObject({ name: z.string(), value: z.string().nullable() }))
    .meta({ description: "The group of the series; empty when the rule has one series alone." }),
  labels: z.record(z.string(), z.string()).meta({ description: "The labels, which endpoints can filter by." }),
  from: state.meta({ description: "Where the alert stood." }),
  to: state.meta({ description: "Where it stands." }),
  reason: textField("Why, such as BREACHED_LONG_ENOUGH."),
  severity: z.enum(SEVERITIES).meta({ description: "How bad it is." }),
  notify: z.boolean().meta({ description: "Whether people are told of it." }),
  silence: z.string().nullable().meta({ description: "Why they are not, such as MAINTENANCE; null otherwise." }),
  escalationStep: z.int().nullable().meta({ description: "Step of the rule's escalation, from 0; null for none." }),
  at: momentField("When this happened, in the time of what is watched."),
  since: z.iso.datetime().nullable().meta({ description: "When the anomaly began; null while only pending." }),
  value: number.meta({ description: "What was seen." }),
  expected: number.meta({ description: "What was expected." }),
  low: number.meta({ description: "Lower end of the band; null for none." }),
  high: number.meta({ description: "Upper end of the band; null for none." }),
  because: textField("What the detector saw, in a sentence."),
});

const ID = "01936f1e-7c00-7000-8000-0000000000";
const example: AlertEntry = {
  ...{ transitionId: `${ID}01`, ruleId: `${ID}02`, ruleName: "Checkout errors", anomalyId: `${ID}03` },
  ...{ fingerprint: "9f2c41d07be65a18", group: [{ name: "country", value: "DE" }] },
  labels: { team: "payments", rule: "Checkout errors", severity: "CRITICAL", country: "DE" },
  ...{ from: "PENDING", to: "FIRING", reason: "BREACHED_LONG_ENOUGH", severity: "CRITICAL", notify: true },
  ...{ silence: null, escalationStep: null, atMs: 1_795_000_000_000, sinceMs: 1_794_999_700_000 },
  ...{ value: 412, expected: 37.5, low: 12, high: 71 },
  because: "412 is above the band of 12 to 71.",
};

const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");

const alertType = (of: {
  readonly name: string;
  readonly sentence: string;
  readonly holds: (entry: AlertEntry) => boolean;
  readonly example?: Partial<AlertEntry>;
}): WebhookEventType =>
  eventType({
    ...{ name: of.name, sentence: of.sentence, permission: "anomaly:read", ofWholeTenant: true, topic: ALERT_CHANGED },
    ...{ payload: alertEntry, data: alertData },
    read: (entry) => {
      if (!of.holds(entry)) return null;
      const { atMs, sinceMs, ...same } = entry;
      return { ...same, at: moment(atMs), since: momentOrNull(sinceMs) };
    },
    at: ({ atMs }) => atMs,
    subject: ({ fingerprint }) => fingerprint,
    labels: ({ labels }) => labels,
    ids: ["transitionId", "ruleId", "anomalyId", "fingerprint", "from", "to", "severity", "at"],
    question: ({ anomalyId, ruleId }) =>
      typeof anomalyId === "string"
        ? `{ anomaly(id: ${quoted(anomalyId)}) { __typename id } }`
        : `{ rule(id: ${quoted(ruleId)}) { __typename id } }`,
    example: { ...example, ...of.example },
  });

const correlationEntry = z.object({
  ...{ ruleId: z.string(), version: z.number(), matchId: z.string(), completedAtMs: z.number() },
});

/** What webhooks tell of anomalies, of their alerts, and of patterns of events. */
export const alertEventTypes: readonly WebhookEventType[] = [
  alertType({
    name: "alert.changed",
    sentence:
      "The alert of a series went from one state to another; every transition is told, whether or not people are.",
    holds: () => true,
  }),
  alertType({
    name: "anomaly.fired",
    sentence: "An anomaly began: the alert of a series fires that did not before.",
    holds: ({ from, to, anomalyId }) =>
      to === "FIRING" && anomalyId !== null && (from === "OK" || from === "PENDING" || from === "RESOLVED"),
  }),
  alertType({
    name: "anomaly.acknowledged",
    sentence: "Somebody looks at an anomaly.",
    holds: ({ from, to }) => to === "ACKNOWLEDGED" && from !== "ACKNOWLEDGED",
    example: { from: "FIRING", to: "ACKNOWLEDGED", reason: "ACKNOWLEDGED_BY_CALLER" },
  }),
  alertType({
    name: "anomaly.resolved",
    sentence: "An anomaly is over.",
    holds: ({ from, to, anomalyId }) => to === "RESOLVED" && from !== "RESOLVED" && anomalyId !== null,
    example: { from: "RESOLVING", to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH" },
  }),
  eventType({
    ...{ name: "anomaly.raised", sentence: "A rule raised an anomaly.", permission: "anomaly:read" },
    ...{ ofWholeTenant: true, topic: ANOMALY_RAISED },
    payload: z.object({ anomalyId: z.string(), ruleId: z.string(), raisedAtMs: z.number() }),
    data: z.strictObject({
      anomalyId: idField("The anomaly."),
      ruleId: idField("The rule that raised it."),
      at: momentField("When it was raised."),
    }),
    read: ({ raisedAtMs, anomalyId, ruleId }) => ({ anomalyId, ruleId, at: moment(raisedAtMs) }),
    at: ({ raisedAtMs }) => raisedAtMs,
    subject: ({ ruleId }) => ruleId,
    ids: ["anomalyId", "ruleId", "at"],
    question: ({ anomalyId }) => `{ anomaly(id: ${quoted(anomalyId)}) { __typename id } }`,
    example: { anomalyId: `${ID}03`, ruleId: `${ID}02`, raisedAtMs: 1_795_000_000_000 },
  }),
  eventType({
    name: "anomaly.judged",
    sentence: "Somebody said what they hold of an anomaly, or took it back; told is what people say together.",
    ...{ permission: "anomaly:read", ofWholeTenant: true, topic: ANOMALY_JUDGED },
    payload: z.object({ anomalyId: z.string(), ruleId: z.string(), verdict, atMs: z.number() }),
    data: z.strictObject({
      anomalyId: idField("The anomaly."),
      ruleId: idField("The rule that raised it."),
      verdict: verdict.meta({ description: "What most say; null when nobody says anything any more." }),
      at: momentField("When it was said."),
    }),
    read: ({ atMs, ...same }) => ({
      ...{ anomalyId: same.anomalyId, ruleId: same.ruleId, verdict: same.verdict, at: moment(atMs) },
    }),
    at: ({ atMs }) => atMs,
    subject: ({ anomalyId }) => anomalyId,
    ids: ["anomalyId", "ruleId", "verdict", "at"],
    question: ({ anomalyId }) => `{ anomaly(id: ${quoted(anomalyId)}) { __typename id } }`,
    example: { anomalyId: `${ID}03`, ruleId: `${ID}02`, verdict: "FALSE", atMs: 1_795_000_000_000 },
  }),
  eventType({
    ...{ name: "correlation.matched", sentence: "A correlation rule found a match.", permission: "analytics:read" },
    ...{ ofWholeTenant: true, topic: CORRELATION_MATCHED, payload: correlationEntry },
    data: z.strictObject({
      ruleId: textField("The correlation rule."),
      version: z.int().meta({ description: "Version of the rule that matched." }),
      matchId: textField("Names the match."),
      completedAt: momentField("When the match was complete, in the time of its events."),
    }),
    read: ({ completedAtMs, ...same }) => ({
      ...{ ruleId: same.ruleId, version: same.version, matchId: same.matchId },
      completedAt: moment(completedAtMs),
    }),
    at: ({ completedAtMs }) => completedAtMs,
    subject: ({ ruleId }) => ruleId,
    ids: ["ruleId", "matchId", "completedAt"],
    question: ({ ruleId }) => `{ correlationRule(id: ${quoted(ruleId)}) { __typename id } }`,
    example: { ruleId: `${ID}04`, version: 3, matchId: `${ID}05`, completedAtMs: 1_795_000_000_000 },
  }),
];
