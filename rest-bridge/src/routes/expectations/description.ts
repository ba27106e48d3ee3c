import { Type } from "typebox";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { allowUnknownSchema, tenantIdSchema, toldRangeSchema } from "../../http/question-parts.ts";
import { WRITING_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { expectationSchema } from "../event-quality/expectation.ts";
import { filterSchema } from "../realtime-query/filter.ts";

const PATH = "/api/v2/analytics/expectations";
const pathParameters = { expectation_id: "Id of the expectation; one of another tenant is unknown." };
const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const common = { tag: "Analytics", authenticated: true } as const;
const methodsOfPath = ["get", "post"] as const;
/** Characters of a name and of a duration; longer than the graph takes. */
const MAX_TEXT = 512;

const version = (name: string) => from(`ExpectationVersion.${name}`);
const verdict = (name: string) => from(`ExpectationVerdict.${name}`);
const kept = (name: string) => from(`KeptExpectation.${name}`);
const { present, valid, holds, unique, timely } = expectationSchema.properties;

const versionSchema = Type.Object(
  {
    version: Type.Integer(version("version")),
    event: orNull(Type.String(), version("event")),
    where: Type.Optional(filterSchema),
    kind: Type.Enum(["present", "valid", "holds", "unique", "timely"], version("kind")),
    ...{ present, valid, holds, unique, timely },
    at_least: Type.Number(version("atLeast")),
    span: Type.String(version("span")),
    defined_by: Type.String(version("definedBy")),
    defined_at: moment(version("definedAt")),
  },
  { ...from("ExpectationVersion"), title: "ExpectationVersion" },
);

const verdictSchema = Type.Object(
  {
    verdict: Type.Enum(["passing", "failing", "untested", "error"], verdict("verdict")),
    version: Type.Integer(verdict("version")),
    tested_at: moment(verdict("testedAt")),
    range: toldRangeSchema("ExpectationVerdict.range"),
    tested: orNull(wholeNumber(), verdict("tested")),
    passed: orNull(wholeNumber(), verdict("passed")),
    share: orNull(Type.Number(), verdict("share")),
    at_least: Type.Number(verdict("atLeast")),
    code: orNull(Type.String(), verdict("code")),
    detail: orNull(Type.String(), verdict("detail")),
  },
  { ...from("ExpectationVerdict"), title: "ExpectationVerdict" },
);

const keptSchema = Type.Object(
  {
    id: Type.String(kept("id")),
    name: Type.String(kept("name")),
    version: Type.Integer(kept("version")),
    definition: versionSchema,
    verdict: orNull(verdictSchema, kept("verdict")),
    verdicts: Type.Optional(Type.Array(verdictSchema, kept("verdicts"))),
    versions: Type.Optional(Type.Array(versionSchema, kept("versions"))),
    created_by: Type.String(kept("createdBy")),
    created_at: moment(kept("createdAt")),
  },
  { ...from("KeptExpectation"), title: "KeptExpectation" },
);

const listQuery = Type.Object(
  {
    tenant_id: tenantIdSchema,
    event: Type.Optional(Type.String({ maxLength: MAX_TEXT, ...from("Query.expectations.event") })),
    verdicts: Type.Optional(
      Type.String({
        ...{ pattern: "^[0-9]{1,3}$", default: "0" },
        description: "How many of the last tests of each are told, 0 to 200.",
      }),
    ),
    versions: Type.Optional(
      Type.Enum(["true", "false"], { default: "false", description: "Whether the versions of each are told." }),
    ),
  },
  { additionalProperties: false },
);

/** GET /api/v2/analytics/expectations. */
export const expectationsDescription = {
  ...{ ...common, method: "get", path: PATH, methodsOfPath, operationId: "listExpectations" },
  summary: "What is expected of events and kept, with what came of the last tests",
  graphql: "Query.expectations",
  ...{ query: listQuery, body: noBody },
  answers: {
    200: {
      description: "The expectations, by name.",
      schema: Type.Object(
        { expectations: Type.Array(keptSchema, { description: "The expectations, by name." }) },
        { title: "KeptExpectations" },
      ),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof listQuery, typeof noBody>;

/** An expectation to be kept. */
export const saveExpectationSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    event: Type.Optional(Type.String({ maxLength: MAX_TEXT, ...from("SaveExpectationInput.event") })),
    where: Type.Optional(filterSchema),
    expect: expectationSchema,
    span: Type.Optional(Type.String({ maxLength: MAX_TEXT, default: "P1D", ...from("SaveExpectationInput.span") })),
    expected_version: Type.Optional(Type.Integer({ minimum: 0, ...from("SaveExpectationInput.expectedVersion") })),
    allow_unknown: allowUnknownSchema("SaveExpectationInput"),
  },
  {
    ...{ additionalProperties: false, title: "SaveExpectation", ...from("SaveExpectationInput") },
    examples: [
      { event: "purchase", expect: { name: "has a currency", present: { field: "currency" }, at_least: 0.99 } },
    ],
  },
);

/** POST /api/v2/analytics/expectations. */
export const saveExpectationDescription = {
  ...{ ...common, method: "post", path: PATH, methodsOfPath, operationId: "saveExpectation" },
  summary: "Keep an expectation, or its next version",
  graphql: "Mutation.saveExpectation",
  ...{ query: nothing, body: saveExpectationSchema },
  answers: {
    200: {
      description: "The expectation is kept.",
      schema: Type.Object(
        { changed: Type.Boolean(from("ExpectationSaved.changed")), expectation: keptSchema },
        { title: "ExpectationSaved" },
      ),
    },
  },
  refusals: [...WRITING_REFUSALS, "CONFLICT"],
} as const satisfies RouteDescription<typeof nothing, typeof saveExpectationSchema>;

/** POST /api/v2/analytics/expectations/{expectation_id}/remove. */
export const removeExpectationDescription = {
  ...{ ...common, method: "post", path: `${PATH}/{expectation_id}/remove`, pathParameters },
  operationId: "removeExpectation",
  summary: "Delete an expectation with its versions and tests",
  graphql: "Mutation.deleteExpectation",
  ...{ query: nothing, body: noBody },
  answers: {
    200: {
      description: "It is no more.",
      schema: Type.Object({ id: Type.String(from("ExpectationDeleted.id")) }, { title: "ExpectationRemoved" }),
    },
  },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN", "CONFLICT"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

/** Every address of kept expectations. */
export const expectationDescriptions = [
  ...[expectationsDescription, saveExpectationDescription, removeExpectationDescription],
] as const;
