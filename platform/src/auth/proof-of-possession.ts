import { createHash } from "node:crypto";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Refusal, refuse } from "../errors/refusal.ts";
import type { UseMark } from "../limits/one-time-marks.ts";
import type { NowMs } from "../time/clock.ts";
import type { ProofNonces } from "./proof-nonces.ts";

/** Algorithms a proof may be signed with: asymmetric ones alone (RFC 9449, section 4.2). */
export const PROOF_ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;
/** Seconds a proof is fresh, both ways: room for clocks that differ, short enough to remember every proof in it. */
export const PROOF_WINDOW_SECONDS = 60;
/** Characters a proof may have. */
const MAX_PROOF_LENGTH = 4_096;
/** Proofs remembered against replay; at 2,000 a second they fill the window. */
const MAX_REMEMBERED_PROOFS = 250_000;
/** Seconds a proof is remembered: as long as it is fresh, however the clocks differ. */
export const REMEMBERED_SECONDS = 2 * PROOF_WINDOW_SECONDS;

/** What a proof must fit. */
export interface ProofDemand {
  readonly proof: string | null | undefined;
  readonly token: string;
  /** Thumbprint of the key the token is bound to. */
  readonly boundTo: string;
  readonly method: string;
  readonly path: string;
}

/** Verifies that the sender holds the key a token is bound to; refuses with UNAUTHENTICATED. */
export type VerifyProof = (demand: ProofDemand) => Promise<void>;

const ecKey = z.strictObject({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });
const okpKey = z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });
const rsaKey = z.strictObject({ kty: z.literal("RSA"), n: z.string().min(342).max(1_400), e: z.string().max(8) });
/** A public key and nothing else: a private part, or anything that names another key, makes it no proof. */
const header = z.object({
  typ: z.literal("dpop+jwt"),
  alg: z.enum(PROOF_ALGORITHMS),
  jwk: z.discriminatedUnion("kty", [ecKey, okpKey, rsaKey]),
});
const headerNames = new Set(["typ", "alg", "jwk"]);
const payload = z.object({
  jti: z.string().min(1).max(256),
  htm: z.string(),
  htu: z.string().max(2_048),
  iat: z.number(),
  ath: z.string(),
  nonce: z.string().max(256).optional(),
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url");
const invalid = (why: string, cause?: unknown): Refusal =>
  refuse("UNAUTHENTICATED", `The DPoP proof is not valid: ${why}.`, {}, cause);

/** Scheme, authority and path of an absolute URL in one spelling (RFC 3986, section 6.2.3); null when it is none. */
const normalUrl = (text: string): string | null => {
  if (!URL.canParse(text)) return null;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
};

const readHeader = (proof: string): z.infer<typeof header> => {
  const read = { ...decodeProtectedHeader(proof) };
  if (Object.keys(read).some((name) => !headerNames.has(name)))
    throw invalid("its header has more than typ, alg and jwk");
  return header.parse(read);
};

/**
 * Builds the check of DPoP proofs (RFC 9449, section 4.3) for requests to `publicUrl`. A proof serves once: it is remembered for as long as it is fresh,
 * by all processes where `useMark` is shared, else by this one. With `nonces` a proof must carry a good one; else it is refused with DPOP_NONCE_REQUIRED.
 */
export const createProofVerifier = (deps: {
  readonly publicUrl: string;
  readonly nowMs: NowMs;
  readonly useMark?: UseMark | undefined;
  readonly nonces?: ProofNonces | null | undefined;
}): VerifyProof => {
  const seen = new LRUCache<string, true>({ max: MAX_REMEMBERED_PROOFS, ttl: REMEMBERED_SECONDS * 1_000 });
  const { nonces = null } = deps;
  const origin = new URL(deps.publicUrl).origin;
  const check = async ({ token, boundTo, method, path }: ProofDemand, text: string): Promise<void> => {
    const { jwk, alg } = readHeader(text);
    if ((await calculateJwkThumbprint(jwk)) !== boundTo) throw invalid("it is of another key than the token");
    const verified = await jwtVerify(text, await importJWK(jwk, alg), { algorithms: [alg] });
    const said = payload.parse(verified.payload);
    if (said.htm !== method) throw invalid("it was made for another method");
    if (normalUrl(said.htu) !== normalUrl(`${origin}${path}`)) throw invalid("it was made for another address");
    if (said.ath !== sha256(token)) throw invalid("it was made for another token");
    if (Math.abs(deps.nowMs() / 1_000 - said.iat) > PROOF_WINDOW_SECONDS) throw invalid("it is not fresh");
    if (nonces !== null && !nonces.isGood(said.nonce)) {
      const detail = `Make the DPoP proof with the nonce ${nonces.current()}.`;
      throw refuse("DPOP_NONCE_REQUIRED", detail);
    }
    const mark = sha256(`${boundTo}.${said.jti}`);
    if (seen.has(mark)) throw invalid("it was used before");
    seen.set(mark, true);
    if (deps.useMark !== undefined && !(await deps.useMark(`PROOF:${mark}`, REMEMBERED_SECONDS)))
      throw invalid("it was used before");
  };
  return async (demand) => {
    const { proof } = demand;
    if (proof === undefined) throw invalid("there is none; send it in the DPoP header");
    if (proof === null || proof.length > MAX_PROOF_LENGTH) throw invalid("there are several, or it is too long");
    try {
      await check(demand, proof);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw invalid("it can't be verified", error);
    }
  };
};
