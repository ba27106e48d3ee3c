import { Type } from "typebox";
import { definitionUsesSchema } from "../../answers/definition-uses.ts";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";

const rule = (name: string) => from(`CorrelationRule.${name}`);
const ruleParts = {
  id: Type.String(rule("id")),
  name: Type.String(rule("name")),
  title: Type.String(rule("title")),
  description: Type.String(rule("description")),
  owner: orNull(Type.String(), rule("owner")),
  pattern: Type.Record(Type.String(), Type.Unknown(), rule("pattern")),
  definitions: definitionUsesSchema(rule("definitions")),
  version: Type.Integer(rule("version")),
  latest_version: Type.Integer(rule("latestVersion")),
  pinned_version: orNull(Type.Integer(), rule("pinnedVersion")),
  retired: Type.Boolean(rule("retired")),
  created_by: Type.String(rule("createdBy")),
  created_at: moment(rule("createdAt")),
  defined_by: Type.String(rule("definedBy")),
  defined_at: moment(rule("definedAt")),
};

/** A correlation rule. */
export const correlationSchema = Type.Object(ruleParts, { ...from("CorrelationRule"), title: "Correlation" });

const count = (name: string) => wholeNumber(from(`CorrelationCounts.${name}`));
const countsSchema = Type.Object(
  {
    events: count("events"),
    late: count("late"),
    overtaken: count("overtaken"),
    shed_keys: count("shedKeys"),
    shed_runs: count("shedRuns"),
    shed_events: count("shedEvents"),
    matches: count("matches"),
    shed_matches: count("shedMatches"),
  },
  from("CorrelationCounts"),
);

const standing = (name: string) => from(`CorrelationRunStanding.${name}`);
/** A correlation rule with where its run stands. */
export const runningCorrelationSchema = Type.Object(
  {
    ...ruleParts,
    run: orNull(
      Type.Object({
        version: Type.Integer(standing("version")),
        since: moment(standing("since")),
        watermark: moment(standing("watermark")),
        failure_code: orNull(Type.String(), standing("failureCode")),
        failure: orNull(Type.String(), standing("failure")),
        counts: countsSchema,
      }),
      rule("run"),
    ),
    warnings: warningsSchema,
  },
  { ...from("CorrelationRule"), title: "RunningCorrelation" },
);

/** A page of correlation rules. */
export const correlationListSchema = Type.Object(
  {
    correlations: Type.Array(correlationSchema, { description: "The rules, by name." }),
    next_cursor: orNull(Type.String(), { description: "Where to go on; null at the end." }),
  },
  { title: "Correlations" },
);

/** How defining a correlation rule ended. */
export const definedSchema = Type.Object(
  {
    changed: Type.Boolean(from("CorrelationRuleDefined.changed")),
    correlation: correlationSchema,
  },
  { title: "CorrelationDefined" },
);

const match = (name: string) => from(`CorrelationMatch.${name}`);
const matchSchema = Type.Object(
  {
    id: Type.String(match("id")),
    version: orNull(Type.Integer(), match("version")),
    from: moment(match("from")),
    completed_at: moment(match("completedAt")),
    found_at: orNull(moment(), match("foundAt")),
    key: orNull(Type.Array(orNull(Type.String())), match("key")),
    events: Type.Array(
      Type.Object({
        part: Type.String(from("CorrelatedEvent.part")),
        event_id: Type.String(from("CorrelatedEvent.eventId")),
        time: moment(from("CorrelatedEvent.time")),
      }),
      match("events"),
    ),
  },
  from("CorrelationMatch"),
);

/** A page of matches. */
export const matchListSchema = Type.Object(
  {
    matches: Type.Array(matchSchema, { description: "The matches, the newest first." }),
    next_cursor: orNull(Type.String(), { description: "Where to go on; null at the end." }),
    warnings: warningsSchema,
  },
  { title: "CorrelationMatches" },
);

const test = (name: string) => from(`CorrelationBacktest.${name}`);
const compared = (name: string) => from(`CorrelationVersionComparison.${name}`);
/** A backtest, answered. */
export const backtestSchema = Type.Object(
  {
    range: toldRangeSchema("CorrelationBacktest.range"),
    version: orNull(Type.Integer(), test("version")),
    total: Type.Integer(test("total")),
    matches: Type.Array(matchSchema, test("matches")),
    over_time: Type.Array(
      Type.Object({
        start: moment(from("CorrelationBucket.start")),
        matches: Type.Integer(from("CorrelationBucket.matches")),
      }),
      test("overTime"),
    ),
    top_keys: Type.Array(
      Type.Object({ matches: Type.Integer(from("CorrelationTopKey.matches")), match: matchSchema }),
      test("topKeys"),
    ),
    counts: countsSchema,
    comparison: orNull(
      Type.Object({
        version: Type.Integer(compared("version")),
        total: Type.Integer(compared("total")),
        both: Type.Integer(compared("both")),
        only_here_total: Type.Integer(compared("onlyHereTotal")),
        only_there_total: Type.Integer(compared("onlyThereTotal")),
        only_here: Type.Array(matchSchema, compared("onlyHere")),
        only_there: Type.Array(matchSchema, compared("onlyThere")),
      }),
      test("comparison"),
    ),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("CorrelationBacktest"), title: "CorrelationBacktest" },
);
