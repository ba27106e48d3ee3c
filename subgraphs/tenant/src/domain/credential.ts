import type { Caller } from "@tessera/contracts/caller";
import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import { effectiveAccess, type KeptAccess } from "./access.ts";
import { apiKeyState } from "./api-key.ts";
import type { TenantState } from "./tenant.ts";

/** Milliseconds between two notes of a key's use: one write a minute however busy the key is. */
export const USE_NOTED_EVERY_MS = 60_000;

/** What is kept of a key to decide about it; times are milliseconds since the epoch. */
export interface KeptCredential extends KeptAccess {
  readonly tenantId: TenantId;
  readonly tenantState: TenantState;
  readonly keyHash: Uint8Array;
  /** What the key was before it was rotated; null when it never was. */
  readonly previousKeyHash: Uint8Array | null;
  /** When what it was before stops being valid; null when it never was rotated. */
  readonly previousValidUntilMs: number | null;
  readonly networks: readonly string[] | null;
  readonly grantId: string | null;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** Which of its secrets a key was proven with. */
export type ProvenBy = "PRESENT" | "PREVIOUS";

const earlier = (a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
};

/** The caller a proven key stands for; null when the key, the secret it was proven with or its tenant no longer works. */
export const callerOf = (
  keyId: ApiKeyId,
  kept: KeptCredential,
  proven: { readonly by: ProvenBy; readonly salt: string },
  nowMs: number,
): Caller | null => {
  const expiresAtMs =
    proven.by === "PREVIOUS" ? earlier(kept.expiresAtMs, kept.previousValidUntilMs) : kept.expiresAtMs;
  if (apiKeyState({ ...kept, expiresAtMs }, nowMs) !== "ACTIVE" || kept.tenantState !== "ACTIVE") return null;
  return {
    tenantId: kept.tenantId,
    subject: { kind: "API_KEY", id: keyId },
    ...effectiveAccess(kept, proven.salt),
    expiresAtMs,
    networks: kept.networks,
    grantId: kept.grantId,
  };
};

/** Whether a use of the key at this time is worth a note. */
export const isUseWorthNoting = (kept: KeptCredential, nowMs: number): boolean =>
  kept.lastUsedAtMs === null || nowMs - kept.lastUsedAtMs >= USE_NOTED_EVERY_MS;
