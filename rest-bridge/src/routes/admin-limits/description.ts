import { Type } from "typebox";
import { LIMIT_METRICS } from "@tessera/contracts/limits";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const METRICS = LIMIT_METRICS.map((metric) => metric.toLowerCase());
const SCOPES = ["organisation", "tenant", "api_key", "user"];
const STANDINGS = ["within", "warned", "grace", "blocked"];

const query = Type.Object({}, { additionalProperties: false });
const MAX_BOUND = Number.MAX_SAFE_INTEGER;
const bound = (name: string) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: MAX_BOUND }), Type.Null()], from(`LimitInput.${name}`)),
  );

const body = Type.Object(
  {
    limits: Type.Array(
      Type.Object(
        {
          metric: Type.Enum(METRICS, from("LimitInput.metric")),
          scope: Type.Enum(SCOPES, from("LimitInput.scope")),
          scope_id: Type.Optional(Type.String({ maxLength: 200, ...from("LimitInput.scopeId") })),
          soft: bound("soft"),
          hard: bound("hard"),
          grace_seconds: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 2_678_400, ...from("LimitInput.graceSeconds") }),
          ),
          unlimited: Type.Optional(Type.Boolean(from("LimitInput.unlimited"))),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 100, ...from("SetLimitsInput.limits") },
    ),
  },
  { additionalProperties: false },
);

const amount = (coordinate: string) => Type.Union([Type.Number(), Type.String(), Type.Null()], from(coordinate));
const level = Type.Object({
  scope: Type.Enum(SCOPES, from("LimitLevel.scope")),
  scope_id: Type.String(from("LimitLevel.scopeId")),
  soft: amount("LimitLevel.soft"),
  hard: amount("LimitLevel.hard"),
  grace_seconds: Type.Integer(from("LimitLevel.graceSeconds")),
  from_tier: Type.Boolean(from("LimitLevel.fromTier")),
  used: amount("LimitLevel.used"),
  standing: Type.Enum(STANDINGS, from("LimitLevel.standing")),
  grace_until: Type.Union([Type.String(), Type.Null()], from("LimitLevel.graceUntil")),
});
const override = Type.Object({
  metric: Type.Enum(METRICS, from("SetLimit.metric")),
  scope: Type.Enum(SCOPES, from("SetLimit.scope")),
  scope_id: Type.String(from("SetLimit.scopeId")),
  soft: amount("SetLimit.soft"),
  hard: amount("SetLimit.hard"),
  grace_seconds: Type.Integer(from("SetLimit.graceSeconds")),
});

const answer = Type.Object(
  {
    tenant_id: Type.String(from("TenantLimits.tenantId")),
    tier: Type.Enum(["free", "team", "business", "enterprise"], from("TenantLimits.tier")),
    features: Type.Array(Type.String(), from("TenantLimits.features")),
    limits: Type.Array(
      Type.Object({
        metric: Type.Enum(METRICS, from("EffectiveLimit.metric")),
        hard: amount("EffectiveLimit.hard"),
        standing: Type.Enum(STANDINGS, from("EffectiveLimit.standing")),
        levels: Type.Array(level, from("EffectiveLimit.levels")),
      }),
      from("TenantLimits.limits"),
    ),
    overrides: Type.Array(override, from("TenantLimits.overrides")),
  },
  { title: "TenantLimits" },
);

/** PUT /api/v2/admin/tenants/{id}/limits. */
export const adminLimitsDescription = {
  method: "put",
  path: "/api/v2/admin/tenants/{id}/limits",
  pathParameters: { id: "The caller's own tenant; another one for operators." },
  operationId: "setTenantLimits",
  tag: "Administration",
  summary: "Set limits",
  graphql: "Mutation.setLimits",
  query,
  body,
  answers: { 200: { description: "What holds afterwards.", schema: answer } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND", "CONFLICT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
