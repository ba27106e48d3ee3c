import type { Subject } from "@tessera/contracts/caller";
import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";

/** Whether an API key works. */
export type ApiKeyState = "ACTIVE" | "EXPIRED" | "REVOKED";

/** An API key as it is listed; what was kept of its secret is not part of it. Times are milliseconds since the epoch. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Names of its roles, which add permissions of their own. */
  readonly roles: readonly string[];
  /** Networks (CIDR) it may be used from; null: from anywhere. */
  readonly networks: readonly string[] | null;
  readonly createdAtMs: number;
  readonly createdBy: Subject;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** The grant it is a way in by; null for the tenant's own. */
  readonly grantId: string | null;
  readonly rotatedAtMs: number | null;
  /** When the secret it had before it was rotated stops, or stopped, being valid; null when it never was rotated. */
  readonly previousValidUntilMs: number | null;
}

/** Whether a key works at a time; a revoked key stays REVOKED after its life time is over, too. */
export const apiKeyState = (
  key: { readonly expiresAtMs: number | null; readonly revokedAtMs: number | null },
  nowMs: number,
): ApiKeyState => {
  if (key.revokedAtMs !== null) return "REVOKED";
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? "EXPIRED" : "ACTIVE";
};
