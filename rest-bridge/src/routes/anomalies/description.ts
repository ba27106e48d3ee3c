import { Type } from "typebox";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import { WRITING_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";

/** How bad an anomaly is, as REST writes it. */
export const SEVERITIES = ["info", "warning", "error", "critical"] as const;
const STATES = ["firing", "acknowledged", "resolving"];
/** Characters of a name of a label or an ISO 8601 duration. */
const MAX_TEXT = 200;
const MAX_NAME = 200;
const MAX_DESCRIPTION = 2_000;
const MAX_LABELS = 20;

const query = Type.Object(
  {
    tenant_id: tenantIdSchema,
    severity: Type.Optional(Type.Enum([...SEVERITIES], { description: "Only those that are so bad." })),
    rule_id: Type.Optional(Type.String({ format: "uuid", description: "Only those of this rule." })),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: Type.Optional(Type.String({ maxLength: 1_000, description: "`next_cursor` of the page before." })),
  },
  { additionalProperties: false },
);
const noBody = Type.Unknown();
const nothing = Type.Object({}, { additionalProperties: false });

const anomaly = (name: string) => from(`Anomaly.${name}`);
const weighed = (name: string) => from(`WeighedBucket.${name}`);
const evidence = (name: string) => from(`AnomalyEvidence.${name}`);
const number = (options: ReturnType<typeof from>) => orNull(Type.Number(), options);
const groupValue = Type.Object({
  name: Type.String(from("SeriesGroupValue.name")),
  value: orNull(Type.String(), from("SeriesGroupValue.value")),
});
const acknowledgement = (name: string) => from(`AnomalyAcknowledgement.${name}`);

/** What an anomaly is raised by, member by member. */
export const evidenceParts = {
  ...{ value: number(evidence("value")), samples: orNull(wholeNumber(), evidence("samples")) },
  ...{ score: Type.Number(evidence("score")), expected: number(evidence("expected")) },
  ...{ low: number(evidence("low")), high: number(evidence("high")) },
  side: orNull(Type.Enum(["above", "below"]), evidence("side")),
  because: Type.String(evidence("because")),
  weighed: Type.Array(
    Type.Object({
      ...{ at: moment(weighed("at")), share: Type.Number(weighed("share")) },
      group: orNull(Type.Array(groupValue), weighed("group")),
    }),
    evidence("weighed"),
  ),
  ...{ from: moment(evidence("from")), to: moment(evidence("to")) },
};

/** An anomaly, member by member. */
export const anomalyParts = {
  id: Type.String(anomaly("id")),
  rule: Type.Object({ id: Type.String(from("Rule.id")), name: Type.String(from("Rule.name")) }, anomaly("rule")),
  state: Type.Enum(STATES, anomaly("state")),
  severity: Type.Enum([...SEVERITIES], anomaly("severity")),
  group: Type.Array(groupValue, anomaly("group")),
  fingerprint: Type.String(anomaly("fingerprint")),
  evidence: Type.Object(evidenceParts, anomaly("evidence")),
  ...{ raised_at: moment(anomaly("raisedAt")), last_seen_at: moment(anomaly("lastSeenAt")) },
  last_value: number(anomaly("lastValue")),
  times_seen: Type.Integer(anomaly("timesSeen")),
  acknowledgement: orNull(
    Type.Object({
      at: moment(acknowledgement("at")),
      by: Type.Object(
        { kind: Type.String(from("AnomalyActor.kind")), id: Type.String(from("AnomalyActor.id")) },
        acknowledgement("by"),
      ),
      note: orNull(Type.String(), acknowledgement("note")),
    }),
    anomaly("acknowledgement"),
  ),
};
const anomalySchema = Type.Object(anomalyParts, { ...from("Anomaly"), title: "Anomaly" });

/** GET /api/v2/anomalies/active. */
export const activeAnomaliesDescription = {
  ...{ method: "get", path: "/api/v2/anomalies/active", operationId: "listActiveAnomalies" },
  ...{ tag: "Anomalies", authenticated: true },
  summary: "Anomalies that are not resolved, the newest first",
  graphql: "Query.anomalies",
  ...{ query, body: noBody },
  answers: {
    200: {
      description: "A page of anomalies.",
      schema: Type.Object({
        anomalies: Type.Array(anomalySchema, { description: "The anomalies of this page." }),
        next_cursor: orNull(Type.String(), { description: "Where the next page begins; null on the last one." }),
      }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof query, typeof noBody>;

const rule = (name: string) => from(`Rule.${name}`);
const input = (name: string) => from(`UpdateRuleInput.${name}`);
/** An input of the graph in the graph's own words, which checks it. */
const graphWords = (name: string) => Type.Optional(Type.Record(Type.String(), Type.Unknown(), input(name)));
const label = {
  name: Type.String({ maxLength: MAX_TEXT, ...from("RuleLabelInput.name") }),
  value: Type.String({ maxLength: MAX_TEXT, ...from("RuleLabelInput.value") }),
};

const changeSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    expected_version: Type.Optional(Type.Integer({ minimum: 1, ...input("expectedVersion") })),
    name: Type.Optional(Type.String({ maxLength: MAX_NAME, ...input("name") })),
    description: Type.Optional(orNull(Type.String({ maxLength: MAX_DESCRIPTION }), input("description"))),
    metric: graphWords("metric"),
    condition: graphWords("condition"),
    question: graphWords("question"),
    objective: graphWords("objective"),
    detector: graphWords("detector"),
    alerting: graphWords("alerting"),
    labels: Type.Optional(
      Type.Array(Type.Object(label, { additionalProperties: false }), { maxItems: MAX_LABELS, ...input("labels") }),
    ),
    evaluation_interval_seconds: Type.Optional(Type.Integer(input("evaluationIntervalSeconds"))),
    enabled: Type.Optional(Type.Boolean(input("enabled"))),
    live: Type.Optional(Type.Boolean(input("live"))),
  },
  { additionalProperties: false },
);

const ruleSchema = Type.Object(
  {
    ...{ id: Type.String(rule("id")), name: Type.String(rule("name")) },
    description: orNull(Type.String(), rule("description")),
    version: Type.Integer(rule("version")),
    ...{ enabled: Type.Boolean(rule("enabled")), live: Type.Boolean(rule("live")) },
    objective: orNull(
      Type.Object({ id: Type.String(from("Objective.id")), name: Type.String(from("Objective.name")) }),
      rule("objective"),
    ),
    evaluation_interval_seconds: Type.Integer(rule("evaluationIntervalSeconds")),
    labels: Type.Array(
      Type.Object({
        name: Type.String(from("RuleLabel.name")),
        value: Type.String(from("RuleLabel.value")),
      }),
      rule("labels"),
    ),
    author: orNull(Type.String(), rule("author")),
    last_failure: orNull(Type.String(), rule("lastFailure")),
    failure_code: orNull(Type.String(), rule("failureCode")),
    next_evaluation_at: orNull(moment(), rule("nextEvaluationAt")),
    ...{ created_at: moment(rule("createdAt")), updated_at: moment(rule("updatedAt")) },
  },
  { ...from("Rule"), title: "Rule" },
);

/** PUT /api/v2/anomalies/rules/{rule_id}. */
export const updateRuleDescription = {
  ...{ method: "put", path: "/api/v2/anomalies/rules/{rule_id}", operationId: "updateRule" },
  pathParameters: { rule_id: "Id of the rule; one of another tenant is unknown." },
  ...{ tag: "Anomalies", authenticated: true },
  summary: "Change a rule",
  graphql: "Mutation.updateRule",
  ...{ query: nothing, body: changeSchema },
  answers: { 200: { description: "The rule as it stands.", schema: ruleSchema } },
  refusals: [...WRITING_REFUSALS, "NOT_FOUND", "CONFLICT"],
} as const satisfies RouteDescription<typeof nothing, typeof changeSchema>;

/** The part of a path that names an anomaly. */
export const anomalyPlace = { anomaly_id: "Id of the anomaly; one of another tenant is unknown." };

const said = (name: string) => from(`AnomalyFeedbackInput.${name}`);
const VERDICTS = ["true", "false", "expected", "known_issue"];
const REPEATS = ["once", "daily", "weekly"];

const feedbackSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    verdict: Type.Enum(VERDICTS, said("verdict")),
    cause: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_TEXT, ...said("cause") })),
    note: Type.Optional(Type.String({ maxLength: MAX_DESCRIPTION, ...said("note") })),
    expected: Type.Optional(
      Type.Object(
        {
          repeats: Type.Optional(Type.Enum(REPEATS, from("ExpectedPeriodInput.repeats"))),
          from: Type.Optional(moment(from("ExpectedPeriodInput.from"))),
          until: Type.Optional(moment(from("ExpectedPeriodInput.until"))),
        },
        { additionalProperties: false, ...said("expected") },
      ),
    ),
    expires_at: Type.Optional(moment(said("expiresAt"))),
  },
  { additionalProperties: false },
);

const entry = (name: string) => from(`FeedbackEntry.${name}`);
const period = (name: string) => from(`ExpectedPeriod.${name}`);
const entrySchema = Type.Object(
  {
    id: Type.String(entry("id")),
    by: Type.Object(
      { kind: Type.String(from("AnomalyActor.kind")), id: Type.String(from("AnomalyActor.id")) },
      entry("by"),
    ),
    verdict: orNull(Type.Enum(VERDICTS), entry("verdict")),
    ...{ cause: orNull(Type.String(), entry("cause")), note: orNull(Type.String(), entry("note")) },
    expected: orNull(
      Type.Object({
        repeats: Type.Enum(REPEATS, period("repeats")),
        ...{ from: orNull(moment(), period("from")), until: moment(period("until")) },
        time_zone: orNull(Type.String(), period("timeZone")),
        from_hour: orNull(wholeNumber(), period("fromHour")),
        hours: orNull(wholeNumber(), period("hours")),
      }),
      entry("expected"),
    ),
    ...{ expires_at: orNull(moment(), entry("expiresAt")), done_at: orNull(moment(), entry("doneAt")) },
    at: moment(entry("at")),
  },
  { ...from("FeedbackEntry"), title: "FeedbackEntry" },
);

/** POST /api/v2/anomalies/feedback/{anomaly_id}. */
export const giveFeedbackDescription = {
  ...{ method: "post", path: "/api/v2/anomalies/feedback/{anomaly_id}", operationId: "giveAnomalyFeedback" },
  pathParameters: anomalyPlace,
  ...{ tag: "Anomalies", authenticated: true },
  summary: "Say what an anomaly was",
  graphql: "Mutation.giveAnomalyFeedback",
  ...{ query: nothing, body: feedbackSchema },
  answers: {
    200: {
      description: "What people say of the anomaly.",
      schema: Type.Object({
        anomaly_id: Type.String(anomaly("id")),
        verdict: orNull(Type.Enum(VERDICTS), from("AnomalyFeedback.verdict")),
        people: Type.Integer(from("AnomalyFeedback.people")),
        standing: Type.Array(entrySchema, from("AnomalyFeedback.standing")),
      }),
    },
  },
  refusals: [...WRITING_REFUSALS, "NOT_FOUND", "CONFLICT"],
} as const satisfies RouteDescription<typeof nothing, typeof feedbackSchema>;

/** Every address about anomalies, in the order of the document. */
export const anomalyDescriptions: readonly RouteDescription[] = [
  activeAnomaliesDescription,
  updateRuleDescription,
  giveFeedbackDescription,
];
