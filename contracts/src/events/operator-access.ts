import type { TenantId } from "../ids.ts";

/** Topic on which {@link OperatorAccess} is told, in the log of the tenant that is entered. */
export const OPERATOR_ACCESS = "operator.access";

/** Told when an operator is let into a tenant, acts there, or is shut out, in the transaction that does it. */
export interface OperatorAccess {
  readonly tenantId: TenantId;
  readonly grantId: string;
  readonly change: "GRANTED" | "USED" | "REVOKED";
  /** The subject who may act under the grant. */
  readonly operatorId: string;
  readonly permissions: readonly string[];
  readonly reason: string;
  /** True when an operator let themselves in, without the tenant. */
  readonly breakGlass: boolean;
  readonly expiresAtMs: number;
  readonly atMs: number;
}
