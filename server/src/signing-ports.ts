import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { readMessageKey } from "@tessera/platform/signatures/signature-algorithm";
import type { SignatureGateDeps } from "@tessera/platform/signatures/signature-gate";
import { z } from "zod";
import { createTenantRoom, unavailable } from "./tenant-room.ts";

const KEYS = `query RequestKeysOf($tenantId: ID!, $credentialKind: SigningCredential!, $credentialId: ID!) {
  requestKeysOf(tenantId: $tenantId, credentialKind: $credentialKind, credentialId: $credentialId) { id publicKey required }
}`;
const NONCE = `mutation UseRequestNonce($tenantId: ID!, $keyId: ID!, $nonce: String!, $usableUntil: DateTime!) {
  useRequestNonce(tenantId: $tenantId, keyId: $keyId, nonce: $nonce, usableUntil: $usableUntil)
}`;

const keysAnswer = z.object({
  requestKeysOf: z.array(z.object({ id: z.string(), publicKey: z.string(), required: z.boolean() })),
});
const nonceAnswer = z.object({ useRequestNonce: z.boolean() });

/** How an edge knows the keys that sign requests, and which nonces were used: by asking the tenant room. */
export const createSigningPorts = (
  tenant: SubgraphConnection<GatewayCall>,
  role: string,
): Pick<SignatureGateDeps, "policyOf" | "useNonce"> => {
  const ask = createTenantRoom(tenant, role, unavailable("The keys of signed requests can't be read at the moment."));
  return {
    policyOf: async ({ tenantId, subject }) => {
      const variables = { tenantId, credentialKind: subject.kind, credentialId: subject.id };
      const { requestKeysOf } = await ask(keysAnswer, KEYS, variables);
      const keys = requestKeysOf.flatMap(({ id, publicKey }) => {
        const key = readMessageKey(JSON.parse(publicKey));
        return key === null ? [] : [[id, key] as const];
      });
      return { required: requestKeysOf.some(({ required }) => required), keys: new Map(keys) };
    },
    useNonce: async ({ tenantId }, { keyId, nonce, usableUntilMs }) => {
      const variables = { tenantId, keyId, nonce, usableUntil: new Date(usableUntilMs).toISOString() };
      return (await ask(nonceAnswer, NONCE, variables)).useRequestNonce;
    },
  };
};
