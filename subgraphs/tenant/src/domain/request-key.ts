import type { TenantId } from "@tessera/contracts/ids";
import { readMessageKey, type SignatureAlgorithm } from "@tessera/platform/signatures/signature-algorithm";

/** Kinds of credential whose requests can be signed: people sign in instead. */
export const SIGNING_CREDENTIALS = ["API_KEY", "CLIENT"] as const;

/** One of {@link SIGNING_CREDENTIALS}. */
export type SigningCredential = (typeof SIGNING_CREDENTIALS)[number];

/** Keys one credential may have: one in use and its successor, with room for several machines. */
export const MAX_REQUEST_KEYS = 10;
/** Characters a public key may have as JSON. */
const MAX_JWK_CHARACTERS = 2_048;

/** A public key that verifies the requests of one credential. */
export interface RequestKey {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly credentialKind: SigningCredential;
  readonly credentialId: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly algorithm: SignatureAlgorithm;
  readonly required: boolean;
  readonly createdAtMs: number;
}

const parseObject = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
};

/** Reads a public key as its owner wrote it; null when it is none that may sign requests. */
export const readPublicKey = (text: string): Pick<RequestKey, "jwk" | "algorithm"> | null => {
  const jwk = text.length <= MAX_JWK_CHARACTERS ? parseObject(text) : null;
  const key = jwk === null ? null : readMessageKey(jwk);
  return jwk === null || key === null ? null : { jwk, algorithm: key.algorithm };
};
