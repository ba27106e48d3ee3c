import { Type } from "typebox";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const WINDOWS = ["days_7", "days_28", "days_30", "days_90", "calendar_month"] as const;
const KINDS = ["events", "latency", "slices"] as const;
const OUTCOMES = ["exhausted", "at", "lasts", "unknown"] as const;
const SEVERITIES = ["info", "warning", "error", "critical"] as const;

const noBody = Type.Unknown();
const objective = (name: string) => from(`Objective.${name}`);
const status = (name: string) => from(`ObjectiveStatus.${name}`);
const burn = (name: string) => from(`ObjectiveBurnRate.${name}`);
const day = (name: string) => from(`ObjectiveDay.${name}`);
const budget = (name: string) => from(`ObjectiveBudget.${name}`);
const provenance = (name: string) => from(`ObjectiveProvenance.${name}`);
const anomaly = (name: string) => from(`Anomaly.${name}`);
const incident = (name: string) => from(`Incident.${name}`);

const parts = {
  ...{ id: Type.String(objective("id")), name: Type.String(objective("name")) },
  description: orNull(Type.String(), objective("description")),
  owner: orNull(Type.String(), objective("owner")),
  indicator: Type.Object(
    {
      kind: Type.Enum([...KINDS], from("ObjectiveIndicator.kind")),
      settings: Type.Record(Type.String(), Type.Unknown(), from("ObjectiveIndicator.settings")),
    },
    objective("indicator"),
  ),
  percent: Type.Number(objective("percent")),
  window: Type.Enum([...WINDOWS], objective("window")),
  time_zone: Type.String(objective("timeZone")),
  group_by: orNull(Type.String(), objective("groupBy")),
  ...{ max_groups: Type.Integer(objective("maxGroups")), version: Type.Integer(objective("version")) },
  ...{ created_at: moment(objective("createdAt")), changed_at: moment(objective("changedAt")) },
};

const statusParts = {
  ...{ from: moment(status("from")), to: moment(status("to")) },
  ...{ total: wholeNumber(status("total")), good: wholeNumber(status("good")), bad: wholeNumber(status("bad")) },
  attainment: orNull(Type.Number(), status("attainment")),
  met: orNull(Type.Boolean(), status("met")),
  budget: Type.Object(
    {
      ...{ allowed: Type.Number(budget("allowed")), spent: wholeNumber(budget("spent")) },
      left: Type.Number(budget("left")),
      left_percent: orNull(Type.Number(), budget("leftPercent")),
    },
    status("budget"),
  ),
  burn_rates: Type.Array(
    Type.Object({
      ...{ window: Type.String(burn("window")), from: moment(burn("from")) },
      ...{ total: wholeNumber(burn("total")), bad: wholeNumber(burn("bad")) },
      rate: orNull(Type.Number(), burn("rate")),
    }),
    status("burnRates"),
  ),
  days: Type.Array(
    Type.Object({
      date: Type.String(day("date")),
      ...{ total: wholeNumber(day("total")), bad: wholeNumber(day("bad")) },
      attainment: orNull(Type.Number(), day("attainment")),
      spent_percent: orNull(Type.Number(), day("spentPercent")),
    }),
    status("days"),
  ),
  forecast: Type.Object(
    {
      outcome: Type.Enum([...OUTCOMES], from("ObjectiveForecast.outcome")),
      at: orNull(moment(), from("ObjectiveForecast.at")),
    },
    status("forecast"),
  ),
  read_from: Type.Object(
    {
      ...{ as_of: moment(provenance("asOf")), exact: Type.Boolean(provenance("exact")) },
      tables: Type.Array(Type.String(), provenance("tables")),
      version: Type.Integer(provenance("version")),
    },
    status("readFrom"),
  ),
};

const objectiveSchema = Type.Object(parts, { ...from("Objective"), title: "Slo" });
const wholeSchema = Type.Object(
  {
    ...parts,
    status: Type.Object(statusParts, objective("status")),
    groups: orNull(
      Type.Array(
        Type.Object({
          group: Type.Array(
            Type.Object({
              name: Type.String(from("SeriesGroupValue.name")),
              value: orNull(Type.String(), from("SeriesGroupValue.value")),
            }),
            from("ObjectiveGroupStatus.group"),
          ),
          status: Type.Object(statusParts, from("ObjectiveGroupStatus.status")),
        }),
      ),
      { description: "How each group stands, the heaviest first; null unless they are asked for." },
    ),
    group_count: orNull(Type.Integer(), {
      description: "Groups there were in the window, told or not; null unless they are asked for.",
    }),
    rules: Type.Array(
      Type.Object({ id: Type.String(from("Rule.id")), name: Type.String(from("Rule.name")) }),
      objective("rules"),
    ),
    anomalies: Type.Array(
      Type.Object({
        ...{ id: Type.String(anomaly("id")), state: Type.String(anomaly("state")) },
        severity: Type.Enum([...SEVERITIES], anomaly("severity")),
        raised_at: moment(anomaly("raisedAt")),
      }),
      objective("anomalies"),
    ),
    incidents: Type.Array(
      Type.Object({
        ...{ id: Type.String(incident("id")), number: Type.Integer(incident("number")) },
        ...{ title: Type.String(incident("title")), state: Type.String(incident("state")) },
      }),
      objective("incidents"),
    ),
  },
  { ...from("Objective"), title: "WholeSlo" },
);

const common = { tag: "Anomalies", authenticated: true } as const;
const listQuery = Type.Object({ tenant_id: tenantIdSchema }, { additionalProperties: false });
const query = Type.Object(
  {
    tenant_id: tenantIdSchema,
    groups: Type.Optional(Type.Enum(["true", "false"], { description: "`true`: each group by itself as well." })),
  },
  { additionalProperties: false },
);

/** GET /api/v2/slos. */
export const objectivesDescription = {
  ...{ method: "get", path: "/api/v2/slos", operationId: "listSlos", ...common },
  summary: "Service level objectives, by name",
  graphql: "Query.objectives",
  ...{ query: listQuery, body: noBody },
  answers: {
    200: {
      description: "The tenant's objectives.",
      schema: Type.Object({ slos: Type.Array(objectiveSchema, { description: "The objectives." }) }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof listQuery, typeof noBody>;

/** GET /api/v2/slos/{slo_id}. */
export const objectiveDescription = {
  ...{ method: "get", path: "/api/v2/slos/{slo_id}", operationId: "getSlo", ...common },
  pathParameters: { slo_id: "Id of the objective; one of another tenant is unknown." },
  summary: "A service level objective: what is left of its error budget, how fast it burns, and what watches it",
  graphql: "Query.objective",
  ...{ query, body: noBody },
  answers: { 200: { description: "The objective as it stands now.", schema: wholeSchema } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN", "NOT_FOUND"],
} as const satisfies RouteDescription<typeof query, typeof noBody>;

/** Every address about objectives, in the order of the document. */
export const objectiveDescriptions: readonly RouteDescription[] = [objectivesDescription, objectiveDescription];
