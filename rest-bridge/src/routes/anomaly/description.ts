import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { anomalyParts, anomalyPlace, evidenceParts } from "../anomalies/description.ts";
import { recordedSchema } from "../changes/description.ts";

const STATES = ["firing", "acknowledged", "resolving", "resolved"];

const query = Type.Object(
  {
    tenant_id: tenantIdSchema,
    reach: Type.Optional(
      Type.Enum(["true", "false"], {
        default: "false",
        description:
          "`true`: also how many people and how much revenue its change concerns beside comparable spans; up to 13 questions, with the permissions and the budget of whoever asks.",
      }),
    ),
    first: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,2}$",
        default: "10",
        description: "How many other anomalies and changes are told, 1 to 50.",
      }),
    ),
  },
  { additionalProperties: false },
);
const noBody = Type.Unknown();

const anomaly = (name: string) => from(`Anomaly.${name}`);
const other = (name: string) => from(`CorrelatedAnomaly.${name}`);
const near = (name: string) => from(`NearbyChange.${name}`);
const shape = (name: string) => from(`CorrelatedShape.${name}`);
const reach = (name: string) => from(`ChangeImpact.${name}`);
const resolution = (name: string) => from(`AnomalyResolution.${name}`);
const number = (options: ReturnType<typeof from>) => orNull(Type.Number(), options);
const actor = Type.Object({
  kind: Type.String(from("AnomalyActor.kind")),
  id: Type.String(from("AnomalyActor.id")),
});

const impactNumbers = (type: "ImpactNumber" | "RevenueImpact") => ({
  actual: Type.Number(from(`${type}.actual`)),
  expected: number(from(`${type}.expected`)),
  difference: number(from(`${type}.difference`)),
});
const reachSchema = Type.Object(
  {
    people: Type.Object(impactNumbers("ImpactNumber"), reach("people")),
    affected_people: Type.Number(reach("affectedPeople")),
    revenue: Type.Array(
      Type.Object({ currency: Type.String(from("RevenueImpact.currency")), ...impactNumbers("RevenueImpact") }),
      reach("revenue"),
    ),
    compared_with: Type.Array(
      Type.Object({ from: moment(from("TimeRange.from")), to: moment(from("TimeRange.to")) }),
      reach("comparedWith"),
    ),
    provenance: provenanceSchema,
  },
  { ...from("ChangeImpact"), title: "ChangeImpact" },
);

const { rule, group, severity, raised_at, id } = anomalyParts;
const wholeSchema = Type.Object(
  {
    ...anomalyParts,
    state: Type.Enum(STATES, anomaly("state")),
    evidence: Type.Object(
      {
        ...evidenceParts,
        impact: orNull(
          Type.Object({
            amount: Type.Number(from("AnomalyImpact.amount")),
            currency: orNull(Type.String(), from("AnomalyImpact.currency")),
          }),
          from("AnomalyEvidence.impact"),
        ),
      },
      anomaly("evidence"),
    ),
    resolution: orNull(
      Type.Object({
        ...{ at: moment(resolution("at")), cause: Type.String(resolution("cause")) },
        ...{ by: orNull(actor, resolution("by")), note: orNull(Type.String(), resolution("note")) },
      }),
      anomaly("resolution"),
    ),
    incident: orNull(
      Type.Object({
        ...{ id: Type.String(from("Incident.id")), number: wholeNumber(from("Incident.number")) },
        title: Type.String(from("Incident.title")),
      }),
      anomaly("incident"),
    ),
    reach: orNull(reachSchema, from("WatchedChange.impact")),
    correlated: Type.Array(
      Type.Object({
        anomaly: Type.Object(
          { ...{ id, rule, state: Type.Enum(STATES, anomaly("state")) }, ...{ severity, group, raised_at } },
          other("anomaly"),
        ),
        ...{ score: Type.Number(other("score")), overlap: Type.Number(other("overlap")) },
        onset_distance_seconds: Type.Number(other("onsetDistanceSeconds")),
        shared_labels: Type.Array(Type.String(), other("sharedLabels")),
        shape: orNull(
          Type.Object({
            ...{ correlation: Type.Number(shape("correlation")), lag: Type.Integer(shape("lag")) },
            ...{ chance: Type.Number(shape("chance")), significant: Type.Boolean(shape("significant")) },
          }),
          other("shape"),
        ),
      }),
      anomaly("correlated"),
    ),
    changes_near: Type.Array(
      Type.Object({
        change: recordedSchema,
        edge: Type.Enum(["began", "ended"], near("edge")),
        ...{ at: moment(near("at")), lead_seconds: Type.Number(near("leadSeconds")) },
        ...{ chance: Type.Number(near("chance")), significant: Type.Boolean(near("significant")) },
        shared_labels: Type.Array(Type.String(), near("sharedLabels")),
      }),
      anomaly("changesNear"),
    ),
  },
  { ...from("Anomaly"), title: "WholeAnomaly" },
);

/** GET /api/v2/anomalies/{anomaly_id}. */
export const anomalyDescription = {
  ...{ method: "get", path: "/api/v2/anomalies/{anomaly_id}", operationId: "getAnomaly" },
  ...{ tag: "Anomalies", authenticated: true, pathParameters: anomalyPlace },
  summary: "An anomaly with whom it concerns, others at the time, and what changed before it",
  graphql: "Query.anomaly",
  ...{ query, body: noBody },
  answers: { 200: { description: "The anomaly.", schema: wholeSchema } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN", "NOT_FOUND"],
} as const satisfies RouteDescription<typeof query, typeof noBody>;
