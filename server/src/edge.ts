import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { createAddressWatch, type AddressWatch } from "@tessera/platform/abuse/address-watch";
import { createThrottledAuthenticator } from "@tessera/platform/abuse/throttled-authenticator";
import { createAuthenticator, type Authenticator } from "@tessera/platform/auth/authenticator";
import { createLimitedAuthenticator, DEFAULT_FAILURES_PER_MINUTE } from "@tessera/platform/auth/limited-authenticator";
import type { ProofNonces } from "@tessera/platform/auth/proof-nonces";
import { createClientAddress, type ClientAddress } from "@tessera/platform/http/client-address";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { createSignatureGate, type SignatureGate } from "@tessera/platform/signatures/signature-gate";
import type { Limiting } from "./limiting.ts";
import { createAskAbuse } from "./ask-abuse.ts";
import { createApiKeyVerifier } from "./api-key-verifier.ts";
import { createAskTenant } from "./ask-tenant.ts";
import type { Shell } from "./shell.ts";
import { createSigningPorts } from "./signing-ports.ts";
import { createTokenPorts, type TokenSource } from "./token-ports.ts";

/** What an edge knows beside the tenant room. */
export interface EdgeOptions {
  /** Null: this process knows API keys alone. Asked when the first request comes, since a port may be known only then. */
  readonly tokens?: (() => TokenSource | null) | undefined;
  /** Sees through trusted proxies; without it the address of the connection counts. */
  readonly clientAddress?: ClientAddress | undefined;
  /** Where clients reach the installation, which signatures of requests name; null when only the Host field tells. */
  readonly publicUrl?: (() => string | null) | undefined;
  /** Wrong credentials one address may present per minute; 0: no limit. */
  readonly failuresPerMinute?: number | undefined;
  /** Where wrong credentials are counted, and which proofs were used, for all processes; without it this one knows alone. */
  readonly limiting?: Pick<Limiting, "budgets" | "useMark"> | undefined;
  /** Nonces that DPoP proofs must carry; null: they need none. */
  readonly proofNonces?: ProofNonces | null | undefined;
  /** Where the process complains when it can't tell of refused credentials; without it, it neither tells nor holds addresses back. */
  readonly logger?: Logger | undefined;
}

/** What an edge takes from its process. */
export const edgeOf = (
  shell: Shell,
  limiting: Limiting,
): Pick<EdgeOptions, "clientAddress" | "failuresPerMinute" | "publicUrl" | "limiting" | "proofNonces" | "logger"> => ({
  ...{ clientAddress: shell.clientAddress, failuresPerMinute: shell.authFailuresPerMinute },
  ...{ limiting, proofNonces: shell.proofNonces, logger: shell.logger },
  publicUrl: () => shell.publicUrl,
});

/** How a process that faces the outside knows its callers: by asking the tenant subgraph, wherever it runs. */
export const createEdge = (
  tenant: SubgraphConnection<GatewayCall> | undefined,
  role: string,
  options: EdgeOptions = {},
): Authenticator => {
  if (tenant === undefined) throw new Error("supergraph.yaml names no tenant subgraph.");
  const ask = createAskTenant(tenant, role);
  const { logger } = options;
  const watch: AddressWatch | null =
    logger === undefined
      ? null
      : createAddressWatch({ exchange: createAskAbuse(tenant, role), nowMs: systemNowMs, logger });
  let authenticator: Authenticator | null = null;
  const build = (): Authenticator => {
    const source = options.tokens?.() ?? null;
    const { clientAddress = createClientAddress([]), failuresPerMinute = DEFAULT_FAILURES_PER_MINUTE } = options;
    const proofs = { useMark: options.limiting?.useMark, nonces: options.proofNonces };
    const authenticate = createAuthenticator({
      verifyApiKey: createApiKeyVerifier(ask),
      tokens: source === null ? undefined : createTokenPorts(source, ask, proofs),
      nowMs: systemNowMs,
      clientAddress,
    });
    const { budgets } = options.limiting ?? {};
    const limits = { failuresPerMinute, nowMs: systemNowMs, budgets };
    const limited = createLimitedAuthenticator({ authenticate, clientAddress, ...limits });
    return watch === null
      ? limited
      : createThrottledAuthenticator({ authenticate: limited, watch, clientAddress, nowMs: systemNowMs });
  };
  const isSigned: SignatureGate = createSignatureGate({
    ...createSigningPorts(tenant, role),
    publicUrl: options.publicUrl ?? (() => null),
    nowMs: systemNowMs,
  });
  return async (authorizationHeader, presented) => {
    authenticator ??= build();
    const caller = await authenticator(authorizationHeader, presented);
    if (presented !== undefined && presented !== "AGAIN" && presented.request !== undefined)
      await isSigned(caller, presented.request);
    return caller;
  };
};
