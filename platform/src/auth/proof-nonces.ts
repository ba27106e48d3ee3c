import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { NowMs } from "../time/clock.ts";

/** Seconds a nonce is the current one; the one before it is still good, and the next one where a clock is ahead. */
export const NONCE_SECONDS = 60;
const KEY_BYTES = 32;

/** Nonces a resource server gives out, so that nobody can make proofs in advance (RFC 9449, sections 8 and 9). */
export interface ProofNonces {
  /** The one to make the next proof with. */
  readonly current: () => string;
  readonly isGood: (nonce: string | undefined) => boolean;
}

/** Builds {@link ProofNonces} from the installation's secret and the time alone: every process gives out and accepts the same, and none is kept. */
export const createProofNonces = (deps: { readonly secret: string; readonly nowMs: NowMs }): ProofNonces => {
  const key = Buffer.from(hkdfSync("sha256", deps.secret, "", "tessera nonces of DPoP proofs", KEY_BYTES));
  const nonceOf = (period: number): string => createHmac("sha256", key).update(String(period)).digest("base64url");
  const period = (): number => Math.floor(deps.nowMs() / (NONCE_SECONDS * 1_000));
  const isSame = (a: string, b: string): boolean =>
    a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
  return {
    current: () => nonceOf(period()),
    isGood: (nonce) => {
      if (nonce === undefined || !/^[A-Za-z0-9_-]{43}$/.test(nonce)) return false;
      const now = period();
      return [now, now - 1, now + 1].some((one) => isSame(nonceOf(one), nonce));
    },
  };
};
