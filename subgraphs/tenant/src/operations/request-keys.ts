import { createHash } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { isUuid, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { readMessageKey } from "@tessera/platform/signatures/signature-algorithm";
import { MAX_REQUEST_KEYS, type RequestKey, type SigningCredential } from "../domain/request-key.ts";
import type { RequestKeyStore } from "../store/request-key-store.ts";

/** What came of registering a key. */
export type RegisterRequestKeyOutcome =
  { readonly kind: "REGISTERED"; readonly key: RequestKey } | { readonly kind: "REFUSED"; readonly reason: string };

/** What came of removing one. */
export type RemoveRequestKeyOutcome =
  { readonly kind: "REMOVED"; readonly key: RequestKey } | { readonly kind: "NOT_FOUND"; readonly id: string };

const REASONS = {
  NO_KEY: "The public key must be a JWK of Ed25519, P-256, or RSA with 2,048 to 4,096 bits, without its private part.",
  NO_CREDENTIAL: "The tenant has no such credential that works.",
  FULL: `A credential may have ${MAX_REQUEST_KEYS} keys; remove one first.`,
} as const;

/** Characters a public key may have as JSON. */
const MAX_JWK_CHARACTERS = 2_048;

const parseObject = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
};

/** Reads a public key as its owner wrote it; null when it is none that may sign requests. */
const readPublicKey = (text: string): Pick<RequestKey, "jwk" | "algorithm"> | null => {
  const jwk = text.length <= MAX_JWK_CHARACTERS ? parseObject(text) : null;
  const key = jwk === null ? null : readMessageKey(jwk);
  return jwk === null || key === null ? null : { jwk, algorithm: key.algorithm };
};

const tenantOf = (text: string): TenantId => {
  const tenantId = parseTenantId(text);
  if (tenantId === null) throw refuse("BAD_INPUT", "`tenantId` must be a UUID.", { field: "tenantId" });
  return tenantId;
};

/** Builds what the room does about keys that sign requests (RFC 9421). */
export const createRequestKeys = (deps: { requestKeys: RequestKeyStore; newId: () => string; nowMs: NowMs }) => {
  const { requestKeys, newId, nowMs } = deps;
  return {
    requestKeys: (caller: Caller) => requestKeys.list(caller.tenantId),
    registerRequestKey: async (
      caller: Caller,
      input: {
        credentialKind: SigningCredential;
        credentialId: string;
        publicKey: string;
        required?: boolean | undefined;
      },
    ): Promise<RegisterRequestKeyOutcome> => {
      const read = readPublicKey(input.publicKey);
      if (read === null) return { kind: "REFUSED", reason: REASONS.NO_KEY };
      const { credentialKind, credentialId, required = false } = input;
      const made = { id: newId(), tenantId: caller.tenantId, createdAtMs: nowMs() };
      const key: RequestKey = { ...made, ...read, credentialKind, credentialId, required };
      const added = await requestKeys.add(key, MAX_REQUEST_KEYS);
      return added === "ADDED" ? { kind: "REGISTERED", key } : { kind: "REFUSED", reason: REASONS[added] };
    },
    removeRequestKey: async (caller: Caller, id: string): Promise<RemoveRequestKeyOutcome> => {
      const key = isUuid(id) ? await requestKeys.remove(caller.tenantId, id) : null;
      return key === null ? { kind: "NOT_FOUND", id } : { kind: "REMOVED", key };
    },
    requestKeysOf: (tenantId: string, kind: SigningCredential, id: string) =>
      requestKeys.ofCredential(tenantOf(tenantId), kind, id),
    useRequestNonce: (tenantId: string, used: { keyId: string; nonce: string; usableUntil: string }) => {
      const hash = createHash("sha256").update(used.nonce).digest();
      const usableUntilMs = Date.parse(used.usableUntil);
      return requestKeys.useNonce(tenantOf(tenantId), { keyId: used.keyId, hash, usableUntilMs, nowMs: nowMs() });
    },
  };
};

/** What {@link createRequestKeys} builds. */
export type RequestKeyOperations = ReturnType<typeof createRequestKeys>;
