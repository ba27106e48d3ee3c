import { importJWK, type CryptoKey, type JWK } from "jose";
import { z } from "zod";
import type { NowMs } from "../time/clock.ts";

/** Keys a set may hold: one that signs, its successor, those still published, for several algorithms; more is not a key set of ours. */
const MAX_KEYS = 20;
/** Milliseconds after which a set is loaded again beside the request that finds it so old. */
export const KEY_SET_AGE_MS = 300_000;
/** Milliseconds between two loads because of an unknown kid: invented kids cause no more than this. */
export const KEY_SET_PAUSE_MS = 5_000;
/** The only form of a kid: nothing that could be a path, a query or an injection. */
const KID = /^[A-Za-z0-9_-]{1,128}$/;

const jwkFields = {
  kid: z.string().regex(KID),
  use: z.literal("sig").optional(),
  alg: z.string().optional(),
};
/** Public keys of the kinds this product verifies; a set's other keys are passed over, private parts are dropped. */
const publicKey = z.discriminatedUnion("kty", [
  z.object({
    ...jwkFields,
    kty: z.literal("EC"),
    crv: z.enum(["P-256", "P-384", "P-521"]),
    x: z.string(),
    y: z.string(),
  }),
  z.object({ ...jwkFields, kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() }),
  z.object({ ...jwkFields, kty: z.literal("RSA"), n: z.string().min(342), e: z.string() }),
]);
const keySetDocument = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

/** A key and the one algorithm it may verify: the key decides, never the token. */
export interface VerificationKey {
  readonly key: CryptoKey;
  readonly algorithm: string;
}

/** Finds the key of a kid; null when the issuer publishes none. */
export type FindKey = (kid: string) => Promise<VerificationKey | null>;

const CURVE_ALGORITHMS = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", Ed25519: "EdDSA" } as const;

const algorithmOf = (key: z.infer<typeof publicKey>): string => {
  if (key.kty === "RSA") return key.alg === "PS256" ? "PS256" : "RS256";
  return CURVE_ALGORITHMS[key.crv];
};

const readKeys = async (document: unknown): Promise<ReadonlyMap<string, VerificationKey>> => {
  const found = new Map<string, VerificationKey>();
  for (const candidate of keySetDocument.parse(document).keys) {
    const parsed = publicKey.safeParse(candidate);
    if (!parsed.success) continue;
    const { kid, use: _use, alg: _alg, ...jwk } = parsed.data;
    const algorithm = algorithmOf(parsed.data);
    const key = await importJWK(jwk satisfies JWK, algorithm).catch(() => null);
    if (key !== null && !(key instanceof Uint8Array)) found.set(kid, { key, algorithm });
  }
  return found;
};

/**
 * Keys of one issuer (RFC 7517), loaded when first needed, again when old, and for an unknown kid at most once in
 * {@link KEY_SET_PAUSE_MS}. While loading fails, keys loaded before stay; with none, the failure is thrown.
 */
export const createKeySet = (deps: { load: () => Promise<unknown>; nowMs: NowMs }): FindKey => {
  let keys: ReadonlyMap<string, VerificationKey> | null = null;
  let loadedMs = 0;
  let triedMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | null = null;
  const load = (): Promise<void> => {
    if (loading !== null) return loading;
    triedMs = deps.nowMs();
    const begun = triedMs;
    loading = deps
      .load()
      .then(readKeys)
      .then((read) => {
        keys = read;
        loadedMs = begun;
      })
      .finally(() => {
        loading = null;
      });
    return loading;
  };
  return async (kid) => {
    if (!KID.test(kid)) return null;
    if (keys === null) await load();
    const found = keys?.get(kid) ?? null;
    const nowMs = deps.nowMs();
    const mayTry = nowMs - triedMs >= KEY_SET_PAUSE_MS;
    if (found !== null) {
      if (mayTry && nowMs - loadedMs >= KEY_SET_AGE_MS) load().catch(() => undefined);
      return found;
    }
    if (mayTry || loading !== null) await load().catch(() => undefined);
    return keys?.get(kid) ?? null;
  };
};
