import { Type } from "typebox";
import { throttleSchema } from "../../answers/throttle.ts";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const query = Type.Object({}, { additionalProperties: false });
const body = Type.Object(
  {
    throttle_id: Type.String({ minLength: 1, maxLength: 100, ...from("LiftThrottleInput.id") }),
    reason: Type.String({ minLength: 1, maxLength: 500, ...from("LiftThrottleInput.reason") }),
  },
  { additionalProperties: false },
);

/** POST /api/v2/admin/tenants/{id}/lift-throttle. */
export const adminLiftThrottleDescription = {
  method: "post",
  path: "/api/v2/admin/tenants/{id}/lift-throttle",
  pathParameters: { id: "The caller's own tenant; another one for operators." },
  operationId: "liftThrottle",
  tag: "Administration",
  summary: "End a throttle before its time",
  graphql: "Mutation.liftThrottle",
  query,
  body,
  answers: { 200: { description: "The throttle, which holds nobody back any more.", schema: throttleSchema } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND", "FORBIDDEN"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
