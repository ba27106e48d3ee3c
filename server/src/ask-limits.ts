import { LIMIT_METRICS, type ReadEffectiveLimits } from "@tessera/contracts/limits";
import { parseTenantId } from "@tessera/contracts/ids";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import type { LeaseSource } from "@tessera/platform/limits/lease-source";
import { z } from "zod";
import { THROTTLE_FIELDS, throttleShape } from "./ask-abuse.ts";
import { createTenantRoom, internal } from "./tenant-room.ts";

const LIMITS = `query Limits($tenantId: ID!, $kind: CallerKind!, $id: ID!) {
  limits: effectiveLimits(tenantId: $tenantId, subjectKind: $kind, subjectId: $id) {
    tenantId tier features
    limits { metric hard standing levels { scope scopeId soft hard graceSeconds fromTier used standing graceUntil } }
    throttle { ${THROTTLE_FIELDS} }
  }
}`;
const LEASE = `mutation Lease($claims: [RateBudgetClaimInput!]!) {
  lease: leaseRateBudgets(claims: $claims) { charged states { granted remaining resetMs fitsInMs } }
}`;
const ADJUST = `mutation Adjust($adjustments: [RateBudgetAdjustmentInput!]!) {
  adjusted: adjustRateBudgets(adjustments: $adjustments)
}`;

/** Bounds travel as text where they may be larger than GraphQL's Int. */
const bound = z.union([z.null(), z.coerce.number()]);
const standing = z.enum(["WITHIN", "WARNED", "GRACE", "BLOCKED"]);
const limitsAnswer = z.object({
  limits: z
    .object({
      tenantId: z.string(),
      tier: z.string(),
      features: z.array(z.string()),
      throttle: throttleShape.nullable(),
      limits: z.array(
        z.object({
          metric: z.enum(LIMIT_METRICS),
          hard: bound,
          standing,
          levels: z.array(
            z
              .object({
                scope: z.enum(["ORGANISATION", "TENANT", "API_KEY", "USER"]),
                scopeId: z.string(),
                soft: bound,
                hard: bound,
                graceSeconds: z.number(),
                fromTier: z.boolean(),
                used: bound,
                standing,
                graceUntil: z.string().nullable(),
              })
              .transform(({ graceUntil, ...level }) => ({
                ...level,
                graceUntilMs: graceUntil === null ? null : Date.parse(graceUntil),
              })),
          ),
        }),
      ),
    })
    .nullable(),
});
const leaseAnswer = z.object({
  lease: z.object({
    charged: z.boolean(),
    states: z.array(
      z.object({ granted: z.number(), remaining: z.number(), resetMs: z.number(), fitsInMs: z.number().nullable() }),
    ),
  }),
});

/** What the tenant room knows of limits, and the budgets it leases, as a process of this role asks for them. */
export interface AskLimits extends LeaseSource {
  readonly read: ReadEffectiveLimits;
}

/** Builds {@link AskLimits} over the tenant room, wherever it runs; rejects when it gives no answer. */
export const createAskLimits = (tenant: SubgraphConnection<GatewayCall>, role: string): AskLimits => {
  const ask = createTenantRoom(tenant, role, internal);
  return {
    read: async (tenantId, subject) => {
      const { limits } = await ask(limitsAnswer, LIMITS, { tenantId, kind: subject.kind, id: subject.id });
      if (limits === null) return null;
      const answered = parseTenantId(limits.tenantId);
      if (answered !== tenantId) throw new Error("The tenant room answered for another tenant.");
      return { ...limits, tenantId };
    },
    lease: async (claims) => (await ask(leaseAnswer, LEASE, { claims })).lease,
    adjust: async (adjustments) => void (await ask(z.unknown(), ADJUST, { adjustments })),
  };
};
