import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const query = Type.Object({}, { additionalProperties: false });
const whole = (name: string, maximum: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, ...from(`ScaleTenantInput.${name}`) }));

const body = Type.Object(
  {
    concurrent_queries: whole("concurrentQueries", 512),
    query_memory_bytes: whole("queryMemoryBytes", 17_179_869_184),
    worker_weight: whole("workerWeight", 100),
    reason: Type.String({ minLength: 1, maxLength: 120, ...from("ScaleTenantInput.reason") }),
  },
  { additionalProperties: false },
);

const capacity = (name: string) =>
  Type.Object(
    {
      concurrent_queries: Type.Integer(from("TenantCapacity.concurrentQueries")),
      query_memory_bytes: Type.Number(from("TenantCapacity.queryMemoryBytes")),
      worker_weight: Type.Integer(from("TenantCapacity.workerWeight")),
    },
    from(`ScaleRequest.${name}`),
  );

const answer = Type.Object(
  {
    id: Type.String(from("ScaleRequest.id")),
    state: Type.Enum(["pending", "applied", "rejected", "withdrawn"], from("ScaleRequest.state")),
    approval: Type.Enum(["none", "second_person", "operator"], from("ScaleRequest.approval")),
    before: capacity("before"),
    after: capacity("after"),
    prediction: Type.Object(
      {
        monthly_cost_change: Type.Number(from("ScalePrediction.monthlyCostChange")),
        peak_load: Type.Number(from("ScalePrediction.peakLoad")),
        wait_share_before: Type.Number(from("ScalePrediction.waitShareBefore")),
        wait_share_after: Type.Number(from("ScalePrediction.waitShareAfter")),
        job_turns: Type.Number(from("ScalePrediction.jobTurns")),
      },
      from("ScaleRequest.prediction"),
    ),
    reason: Type.String(from("ScaleRequest.reason")),
    requested_at: Type.String(from("ScaleRequest.requestedAt")),
    decided_at: Type.Union([Type.String(), Type.Null()], from("ScaleRequest.decidedAt")),
  },
  { title: "ScaleRequest" },
);

/** POST /api/v2/admin/tenants/{id}/scale. */
export const adminScaleDescription = {
  method: "post",
  path: "/api/v2/admin/tenants/{id}/scale",
  pathParameters: { id: "The caller's own tenant; another one for operators." },
  operationId: "scaleTenant",
  tag: "Administration",
  summary: "Ask for other capacity",
  graphql: "Mutation.scaleTenant",
  query,
  body,
  answers: { 200: { description: "The request, applied at once or waiting for its approval.", schema: answer } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND", "CONFLICT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
