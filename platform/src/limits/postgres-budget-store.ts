import { z } from "zod";
import type { TenantSql } from "../db/sql.ts";
import { partMsOf, WINDOW_PARTS, type BudgetCharge, type BudgetStore, type ChargeOutcome } from "./budget.ts";
import { LEASE_SHARE, type LeaseClaim, type LeaseGrant, type LeaseSource } from "./lease-source.ts";

/** A budget store in PostgreSQL: one call per charge, or per lease when it stands behind {@link LeaseSource}. */
export interface PostgresBudgetStore extends BudgetStore, LeaseSource {
  charge(charges: readonly BudgetCharge[]): Promise<ChargeOutcome>;
  adjust(adjustments: Parameters<LeaseSource["adjust"]>[0]): Promise<void>;
}

const row = z.object({
  charged: z.boolean(),
  granted: z.coerce.number(),
  spent: z.coerce.number(),
  resets_in_ms: z.coerce.number(),
  fits_in_ms: z.union([z.null(), z.coerce.number()]),
});

const keyOf = ({ key, windowSeconds }: Pick<BudgetCharge, "key" | "windowSeconds">): string =>
  `${windowSeconds}:${key}`;

const chargeStatement = (claims: readonly LeaseClaim[]) => ({
  name: "charge-rate-budgets",
  text: "SELECT * FROM charge_rate_budgets_across_tenants($1, $2, $3, $4, $5, $6, $7)",
  params: [
    claims.map(keyOf),
    claims.map(({ amount }) => amount),
    claims.map(({ wanted }) => wanted),
    claims.map(({ limit }) => limit),
    claims.map(({ windowSeconds }) => partMsOf(windowSeconds)),
    WINDOW_PARTS,
    LEASE_SHARE,
  ],
});

/** Builds the store over PostgreSQL; budgets belong to the installation, so every call crosses tenants by name. */
export const createPostgresBudgetStore = (sql: Pick<TenantSql, "runAcrossTenants">): PostgresBudgetStore => {
  const lease = async (claims: readonly LeaseClaim[]): Promise<LeaseGrant> => {
    const rows = await sql.runAcrossTenants(chargeStatement(claims), (one) => row.parse(one));
    const states = rows.map(({ granted, spent, resets_in_ms, fits_in_ms }, place) => ({
      granted,
      remaining: Math.max(0, (claims[place]?.limit ?? 0) - spent),
      resetMs: resets_in_ms,
      fitsInMs: fits_in_ms,
    }));
    return { charged: rows[0]?.charged ?? true, states };
  };
  return {
    lease,
    charge: (charges) => lease(charges.map((charge) => ({ ...charge, wanted: charge.amount }))),
    adjust: async (adjustments) => {
      if (adjustments.length === 0) return;
      const statement = {
        name: "adjust-rate-budgets",
        text: "SELECT adjust_rate_budgets_across_tenants($1, $2, $3, $4)",
        params: [
          adjustments.map(keyOf),
          adjustments.map(({ amount }) => amount),
          adjustments.map(({ windowSeconds }) => partMsOf(windowSeconds)),
          WINDOW_PARTS,
        ],
      };
      await sql.runAcrossTenants(statement, () => null);
    },
  };
};
