import { Type } from "typebox";
import { BEHAVIOUR_REFUSALS, WRITING_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import {
  backtestSchema,
  correlationListSchema,
  correlationSchema,
  definedSchema,
  matchListSchema,
  runningCorrelationSchema,
} from "./answer.ts";
import { backtestQuestionSchema, correlationDefinitionSchema } from "./question.ts";

const PATH = "/api/v2/analytics/correlations";
const pathParameters = { correlation_id: "Id of the correlation rule; one of another tenant is unknown." };
const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));
const number = (byDefault: string, description: string) =>
  Type.Optional(Type.String({ pattern: "^[0-9]{1,9}$", default: byDefault, description }));
const cursor = text(500, "`next_cursor` of the page before.");
const methodsOfPath = ["get", "post"] as const;
const common = { tag: "Analytics", authenticated: true } as const;

const listQuery = Type.Object(
  {
    retired: Type.Optional(
      Type.Enum(["true", "false"], { default: "false", description: "The retired ones in place of the others." }),
    ),
    first: number("50", "Rules on the page, 1 to 100."),
    after: cursor,
  },
  { additionalProperties: false },
);
/** GET /api/v2/analytics/correlations. */
export const correlationsDescription = {
  ...{ ...common, method: "get", path: PATH, methodsOfPath, operationId: "listCorrelations" },
  summary: "The tenant's correlation rules by name",
  graphql: "Query.correlationRules",
  ...{ query: listQuery, body: noBody },
  answers: { 200: { description: "A page of rules.", schema: correlationListSchema } },
  refusals: ["BAD_INPUT", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof listQuery, typeof noBody>;

const oneQuery = Type.Object(
  {
    version: Type.Optional(
      Type.String({ pattern: "^[0-9]{1,9}$", description: "One of its versions; left out, the latest." }),
    ),
  },
  { additionalProperties: false },
);
/** GET /api/v2/analytics/correlations/{correlation_id}. */
export const correlationDescription = {
  ...{ ...common, method: "get", path: `${PATH}/{correlation_id}`, pathParameters, operationId: "getCorrelation" },
  summary: "A correlation rule, and where its run stands",
  graphql: "Query.correlationRule",
  ...{ query: oneQuery, body: noBody },
  answers: { 200: { description: "The rule.", schema: runningCorrelationSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof oneQuery, typeof noBody>;

/** POST /api/v2/analytics/correlations. */
export const defineCorrelationDescription = {
  ...{ ...common, method: "post", path: PATH, methodsOfPath, operationId: "defineCorrelation" },
  summary: "Make a correlation rule, or its next version",
  graphql: "Mutation.defineCorrelationRule",
  ...{ query: nothing, body: correlationDefinitionSchema },
  answers: { 200: { description: "The rule stands.", schema: definedSchema } },
  refusals: [...WRITING_REFUSALS, "CONFLICT"],
} as const satisfies RouteDescription<typeof nothing, typeof correlationDefinitionSchema>;

const changed = { 200: { description: "The rule as it is now.", schema: correlationSchema } } as const;
/** POST /api/v2/analytics/correlations/{correlation_id}/retire. */
export const retireCorrelationDescription = {
  ...{
    ...common,
    method: "post",
    path: `${PATH}/{correlation_id}/retire`,
    pathParameters,
    operationId: "retireCorrelation",
  },
  summary: "End the run of a correlation rule",
  graphql: "Mutation.retireCorrelationRule",
  ...{ query: nothing, body: noBody, answers: changed },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

const pinBody = Type.Object(
  {
    version: Type.Union([Type.Integer(), Type.Null()], {
      description: "The version that is to run whatever is defined after it; null for the latest, as it comes.",
    }),
  },
  { additionalProperties: false, title: "CorrelationPin" },
);
/** PUT /api/v2/analytics/correlations/{correlation_id}/pin. */
export const pinCorrelationDescription = {
  ...{ ...common, method: "put", path: `${PATH}/{correlation_id}/pin`, pathParameters, operationId: "pinCorrelation" },
  summary: "Let one version of a correlation rule run",
  graphql: "Mutation.pinCorrelationRule",
  ...{ query: nothing, body: pinBody, answers: changed },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
} as const satisfies RouteDescription<typeof nothing, typeof pinBody>;

const matchQuery = Type.Object(
  {
    from: text(40, "Matches that were complete at this moment or later, RFC 3339."),
    to: text(40, "Matches that were complete before this moment, RFC 3339; now when left out beside `from`."),
    first: number("50", "Matches on the page, 1 to 1,000."),
    after: cursor,
  },
  { additionalProperties: false },
);
/** GET /api/v2/analytics/correlations/{correlation_id}/matches. */
export const correlationMatchesDescription = {
  ...{
    ...common,
    method: "get",
    path: `${PATH}/{correlation_id}/matches`,
    pathParameters,
    operationId: "listCorrelationMatches",
  },
  summary: "What a correlation rule found live, the newest first",
  graphql: "Query.correlationMatches",
  ...{ query: matchQuery, body: noBody },
  answers: { 200: { description: "A page of matches, each with its events.", schema: matchListSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof matchQuery, typeof noBody>;

/** POST /api/v2/analytics/correlations/backtest. */
export const backtestCorrelationDescription = {
  ...{ ...common, method: "post", path: `${PATH}/backtest`, operationId: "backtestCorrelation" },
  summary: "Try a correlation rule on stored events",
  graphql: "Query.backtestCorrelationRule",
  ...{ query: nothing, body: backtestQuestionSchema },
  answers: { 200: { description: "What it finds, and what another version finds.", schema: backtestSchema } },
  refusals: [...BEHAVIOUR_REFUSALS, "NOT_FOUND"],
} as const satisfies RouteDescription<typeof nothing, typeof backtestQuestionSchema>;

/** Every address about correlation rules. */
export const correlationDescriptions: readonly RouteDescription[] = [
  correlationsDescription,
  defineCorrelationDescription,
  backtestCorrelationDescription,
  correlationDescription,
  retireCorrelationDescription,
  pinCorrelationDescription,
  correlationMatchesDescription,
];
