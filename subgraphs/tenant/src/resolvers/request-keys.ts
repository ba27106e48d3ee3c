import type { MutationResolvers, QueryResolvers, RequestKeyResolvers } from "../generated/resolvers.ts";
import { timeText } from "./time-text.ts";

/** What the room answers about keys that sign requests. */
export const RequestKeyQuery: Pick<QueryResolvers, "requestKeys" | "requestKeysOf"> = {
  requestKeys: (_root, _args, { caller, operations }) => operations.requestKeys(caller),
  requestKeysOf: (_root, { tenantId, credentialKind, credentialId }, { operations }) =>
    operations.requestKeysOf(tenantId, credentialKind, credentialId),
};

/** What the room changes about them. */
export const RequestKeyMutation: Pick<
  MutationResolvers,
  "registerRequestKey" | "removeRequestKey" | "useRequestNonce"
> = {
  registerRequestKey: async (_root, { input }, { caller, operations }) => {
    const outcome = await operations.registerRequestKey(caller, input);
    return outcome.kind === "REGISTERED"
      ? { __typename: "RequestKeyRegistered", requestKey: outcome.key }
      : { __typename: "RequestKeyRefused", reason: outcome.reason };
  },
  removeRequestKey: async (_root, { id }, { caller, operations }) => {
    const outcome = await operations.removeRequestKey(caller, id);
    return outcome.kind === "REMOVED"
      ? { __typename: "RequestKeyRemoved", requestKey: outcome.key }
      : { __typename: "RequestKeyNotFound", id: outcome.id };
  },
  useRequestNonce: (_root, { tenantId, keyId, nonce, usableUntil }, { operations }) =>
    operations.useRequestNonce(tenantId, { keyId, nonce, usableUntil }),
};

/** The names the RFC gives algorithms, by those of the graph. */
export const RequestKeyAlgorithm = {
  ED25519: "ed25519",
  ECDSA_P256_SHA256: "ecdsa-p256-sha256",
  RSA_PSS_SHA512: "rsa-pss-sha512",
} as const;

/** A registered key as it is listed. */
export const RequestKey: RequestKeyResolvers = {
  publicKey: ({ jwk }) => JSON.stringify(jwk),
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
};
