import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { idColumn } from "./rule-row.ts";

/** Something to be sent that is one sender's alone until its lease ends; the token proves it. */
export interface LeasedClaim {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly leaseToken: string;
}

/** How many may be under way: claimed now, of a tenant, and of a receiver. */
export interface ClaimBounds {
  readonly limit: number;
  readonly perTenant: number;
  readonly perReceiver: number;
}

/** The ids of claims, and what proves them, in one order. */
export const idsOf = (claims: readonly LeasedClaim[]): readonly string[] => claims.map(({ id }) => id);
/** See {@link idsOf}. */
export const tokensOf = (claims: readonly LeasedClaim[]): readonly string[] =>
  claims.map(({ leaseToken }) => leaseToken);

const columns = z.object({ tenant_id: idColumn(parseTenantId), id: z.string(), lease_token: z.string() });

/** Reads a claim as it was leased. */
export const claimRow = (row: unknown): LeasedClaim => {
  const { tenant_id: tenantId, id, lease_token: leaseToken } = columns.parse(row);
  return { tenantId, id, leaseToken };
};

/** Reads the token of a claim that was still held. */
export const tokenRow = (row: unknown): string => z.object({ lease_token: z.string() }).parse(row).lease_token;
