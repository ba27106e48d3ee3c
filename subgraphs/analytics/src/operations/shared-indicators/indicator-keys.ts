import type { KeyRing } from "@tessera/platform/auth/key-ring";
import { refuse } from "@tessera/platform/errors/refusal";
import { indicatorPeriod, oldestPeriod } from "../../domain/shared-indicators/indicator.ts";
import type { IndicatorStore } from "../../store/shared-indicators/indicator-store.ts";

/** Bytes of a key: as many as HMAC-SHA-256 answers (RFC 2104, section 3). */
const KEY_BYTES = 32;

/** The keys that identifiers are hashed under, by period. */
export interface IndicatorKeys {
  /** The key of a moment's own period, made when there is none yet, and those of earlier periods that still live. */
  at(atMs: number): Promise<ReadonlyMap<number, Uint8Array>>;
}

const purposeOf = (period: number): string => `shared-indicators:${period}`;

/** Builds {@link IndicatorKeys}: keys are the installation's, kept sealed, and the same for all processes. Without a key ring it refuses with DEPENDENCY_UNAVAILABLE. */
export const createIndicatorKeys = (deps: {
  readonly keyRing: KeyRing | null;
  readonly indicators: Pick<IndicatorStore, "keysAcrossTenants" | "keepKeyAcrossTenants">;
  /** Bytes nobody can guess. */
  readonly randomBytes: (bytes: number) => Uint8Array;
}): IndicatorKeys => {
  const opened = new Map<number, Uint8Array>();
  const ringOf = (): KeyRing => {
    if (deps.keyRing !== null) return deps.keyRing;
    throw refuse(
      "DEPENDENCY_UNAVAILABLE",
      "The operator has given this service no key ring (KEY_RING), without which no indicators are shared.",
      { retryAfterSeconds: 3_600 },
    );
  };
  const open = async (ring: KeyRing, period: number, sealed: string): Promise<void> => {
    opened.set(period, Buffer.from(await ring.open(purposeOf(period), sealed), "base64url"));
  };
  const load = async (now: number, oldest: number): Promise<void> => {
    const ring = ringOf();
    const kept = await deps.indicators.keysAcrossTenants(oldest);
    for (const { period, sealed } of kept) if (!opened.has(period)) await open(ring, period, sealed);
    if (opened.has(now)) return;
    const made = await ring.seal(purposeOf(now), Buffer.from(deps.randomBytes(KEY_BYTES)).toString("base64url"));
    await open(ring, now, await deps.indicators.keepKeyAcrossTenants(now, made));
  };
  return {
    at: async (atMs) => {
      const [now, oldest] = [indicatorPeriod(atMs), oldestPeriod(atMs)];
      // Whoever knows the key of the period has read those before it; a key is forgotten with its period.
      if (!opened.has(now)) await load(now, oldest);
      for (const period of opened.keys()) if (period < oldest) opened.delete(period);
      return new Map([...opened].filter(([period]) => period >= oldest && period <= now));
    },
  };
};
