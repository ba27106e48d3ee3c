import type { Caller } from "@tessera/contracts/caller";
import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { apiKeyState } from "./api-key.ts";
import type { TenantState } from "./tenant.ts";

/** Milliseconds between two notes of a key's use: one write a minute however busy the key is. */
export const USE_NOTED_EVERY_MS = 60_000;

/** What is kept of a key to decide about it; times are milliseconds since the epoch. */
export interface KeptCredential {
  readonly tenantId: TenantId;
  readonly tenantState: TenantState;
  readonly keyHash: Uint8Array;
  readonly permissions: readonly Permission[];
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** The caller a proven key stands for; null when the key or its tenant no longer works. */
export const callerOf = (keyId: ApiKeyId, kept: KeptCredential, nowMs: number): Caller | null =>
  apiKeyState(kept, nowMs) === "ACTIVE" && kept.tenantState === "ACTIVE"
    ? {
        tenantId: kept.tenantId,
        subject: { kind: "API_KEY", id: keyId },
        permissions: new Set(kept.permissions),
        expiresAtMs: kept.expiresAtMs,
      }
    : null;

/** Whether a use of the key at this time is worth a note. */
export const isUseWorthNoting = (kept: KeptCredential, nowMs: number): boolean =>
  kept.lastUsedAtMs === null || nowMs - kept.lastUsedAtMs >= USE_NOTED_EVERY_MS;
