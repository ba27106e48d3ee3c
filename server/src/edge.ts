import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { createAuthenticator, type Authenticator } from "@tessera/platform/auth/authenticator";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createApiKeyVerifier } from "./api-key-verifier.ts";

/** How a process that faces the outside knows its callers: by asking the tenant subgraph, wherever it runs. */
export const createEdge = (tenant: SubgraphConnection<GatewayCall> | undefined, role: string): Authenticator => {
  if (tenant === undefined) throw new Error("supergraph.yaml names no tenant subgraph.");
  return createAuthenticator({ verifyApiKey: createApiKeyVerifier(tenant, role), nowMs: systemNowMs });
};
