import { Type } from "typebox";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import { WRITING_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";

/** What kind of thing changed, as REST writes it. */
const KINDS = ["deploy", "flag", "experiment", "campaign", "configuration", "other"] as const;
/** Characters of a key, a title, a link and a label's parts, and labels of one change. */
const [MAX_KEY, MAX_TITLE, MAX_LINK, MAX_LABEL, MAX_LABELS] = [200, 300, 2_000, 200, 20];

const nothing = Type.Object({}, { additionalProperties: false });
const input = (name: string) => from(`RecordChangeInput.${name}`);
const told = (name: string) => from(`RecordedChange.${name}`);

const changeSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    key: Type.String({ minLength: 1, maxLength: MAX_KEY, ...input("key") }),
    kind: Type.Enum([...KINDS], input("kind")),
    title: Type.String({ minLength: 1, maxLength: MAX_TITLE, ...input("title") }),
    at: moment(input("at")),
    until: Type.Optional(orNull(moment(), input("until"))),
    labels: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ maxLength: MAX_LABEL, ...from("RuleLabelInput.name") }),
            value: Type.String({ maxLength: MAX_LABEL, ...from("RuleLabelInput.value") }),
          },
          { additionalProperties: false },
        ),
        { maxItems: MAX_LABELS, ...input("labels") },
      ),
    ),
    link: Type.Optional(orNull(Type.String({ maxLength: MAX_LINK }), input("link"))),
  },
  { additionalProperties: false },
);

/** A change as it is kept, or as a stored event tells it. */
export const recordedSchema = Type.Object(
  {
    ...{ id: Type.String(told("id")), key: Type.String(told("key")) },
    kind: Type.Enum([...KINDS], told("kind")),
    ...{ title: Type.String(told("title")), at: moment(told("at")), until: orNull(moment(), told("until")) },
    labels: Type.Array(
      Type.Object({ name: Type.String(from("RuleLabel.name")), value: Type.String(from("RuleLabel.value")) }),
      told("labels"),
    ),
    link: orNull(Type.String(), told("link")),
    source: orNull(Type.String(), told("source")),
    recorded_by: orNull(
      Type.Object({ kind: Type.String(from("AnomalyActor.kind")), id: Type.String(from("AnomalyActor.id")) }),
      told("recordedBy"),
    ),
    recorded_at: moment(told("recordedAt")),
  },
  { ...from("RecordedChange"), title: "RecordedChange" },
);

const methodsOfPath = ["get", "post"] as const;
const pageQuery = Type.Object(
  {
    tenant_id: tenantIdSchema,
    kind: Type.Optional(Type.Enum([...KINDS], { description: "Only those of this kind." })),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: Type.Optional(Type.String({ maxLength: 1_000, description: "`next_cursor` of the page before." })),
  },
  { additionalProperties: false },
);
const noBody = Type.Unknown();

/** GET /api/v2/changes. */
export const recordedChangesDescription = {
  ...{ method: "get", path: "/api/v2/changes", methodsOfPath, operationId: "listRecordedChanges" },
  ...{ tag: "Anomalies", authenticated: true },
  summary: "Recorded changes, the last recorded first",
  graphql: "Query.recordedChanges",
  ...{ query: pageQuery, body: noBody },
  answers: {
    200: {
      description: "A page of changes.",
      schema: Type.Object({
        changes: Type.Array(recordedSchema, { description: "The changes of this page." }),
        next_cursor: orNull(Type.String(), { description: "Where the next page begins; null on the last one." }),
      }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof pageQuery, typeof noBody>;

/** POST /api/v2/changes. */
export const recordChangeDescription = {
  ...{ method: "post", path: "/api/v2/changes", methodsOfPath, operationId: "recordChange" },
  ...{ tag: "Anomalies", authenticated: true },
  summary: "Record a deploy, a flag, an experiment or a campaign",
  graphql: "Mutation.recordChange",
  ...{ query: nothing, body: changeSchema },
  answers: { 200: { description: "The change as it is kept.", schema: recordedSchema } },
  refusals: WRITING_REFUSALS,
} as const satisfies RouteDescription<typeof nothing, typeof changeSchema>;
