import type { TenantId } from "@tessera/contracts/ids";

/** Kinds of credential whose requests can be signed: people sign in instead. */
export type SigningCredential = "API_KEY" | "CLIENT";

/** Keys one credential may have: one in use and its successor, with room for several machines. */
export const MAX_REQUEST_KEYS = 10;

/** A public key that verifies the requests of one credential. */
export interface RequestKey {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly credentialKind: SigningCredential;
  readonly credentialId: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  /** The algorithm the key decides, by the name RFC 9421 gives it. */
  readonly algorithm: "ed25519" | "ecdsa-p256-sha256" | "rsa-pss-sha512";
  readonly required: boolean;
  readonly createdAtMs: number;
}
