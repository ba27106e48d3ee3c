import { Type } from "typebox";
import { KINDS, SOURCE_KINDS, sourceSchema, throttleSchema } from "../../answers/throttle.ts";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));

const query = Type.Object(
  {
    kind: Type.Optional(Type.Enum(KINDS, { description: "What was noticed." })),
    source_kind: Type.Optional(Type.Enum(SOURCE_KINDS, from("SecurityEventFilterInput.sourceKind"))),
    source_id: text(200, "Id of the subject, or the address or network."),
    since: text(40, "Noticed at this moment or later."),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: text(200, "Goes on after this cursor."),
  },
  { additionalProperties: false },
);
const body = Type.Unknown();
const field = (name: string) => from(`SecurityEvent.${name}`);

const event = Type.Object(
  {
    id: Type.String(field("id")),
    kind: Type.Enum(KINDS, field("kind")),
    source: sourceSchema,
    window_from: Type.String(field("windowFrom")),
    window_to: Type.String(field("windowTo")),
    measured: Type.Number(field("measured")),
    bound: Type.Number(field("bound")),
    usual: Type.Number(field("usual")),
    raised_at: Type.String(field("raisedAt")),
    throttle: Type.Union([throttleSchema, Type.Null()], field("throttle")),
  },
  { title: "SecurityEvent" },
);

/** GET /api/v2/admin/tenants/{id}/security-events. */
export const adminSecurityEventsDescription = {
  method: "get",
  path: "/api/v2/admin/tenants/{id}/security-events",
  pathParameters: { id: "The caller's own tenant; another one for operators." },
  operationId: "listSecurityEvents",
  tag: "Administration",
  summary: "What was noticed of abuse",
  graphql: "Query.securityEvents",
  query,
  body,
  answers: {
    200: {
      description: "A page of events, the newest first.",
      schema: Type.Object(
        {
          events: Type.Array(event, { description: "The events." }),
          next_cursor: Type.Union([Type.String(), Type.Null()], {
            description: "Send it as `after` for the next page; null when there is none.",
          }),
        },
        { title: "SecurityEventsAnswer" },
      ),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
