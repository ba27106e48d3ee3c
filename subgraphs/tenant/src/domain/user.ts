import type { TenantId, UserId } from "@tessera/contracts/ids";
import type { UserRole } from "./role.ts";

/** A person who belongs to a tenant. */
export interface User {
  readonly id: UserId;
  readonly tenantId: TenantId;
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  readonly roles: readonly UserRole[];
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}
