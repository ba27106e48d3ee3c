import type { TenantId, UserId } from "@tessera/contracts/ids";

/** A person who belongs to a tenant. */
export interface User {
  readonly id: UserId;
  readonly tenantId: TenantId;
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  /** Names of roles, built-in and the tenant's own. */
  readonly roles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}
