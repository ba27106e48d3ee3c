import type { IncomingMessage } from "node:http";
import type { Caller } from "@tessera/contracts/caller";
import type { ClientAddress } from "../http/client-address.ts";
import type { NowMs } from "../time/clock.ts";
import type { Authenticator } from "./authenticator.ts";
import { createIdentityReader, type IdentitySigner } from "./identity.ts";

/** Authorization scheme under which one process of the platform tells the gateway whom it has verified. */
const SCHEME = "Tessera-Identity";
const FORWARDED = /^Tessera-Identity +(\S+)$/;
/** For whom such identities are signed; one that was made for a subgraph is none here. */
const AUDIENCE = "gateway";

/**
 * Makes the Authorization header with which an edge process (the REST bridge) calls the gateway for a caller it has verified against its own request:
 * proofs, signatures and network lists belong to that request and are never presented again.
 */
export type ForwardCaller = (caller: Caller, clientAddress: string) => Promise<string>;

/** Builds {@link ForwardCaller}; a header serves one call, or an open stream until the next look at its credential. */
export const createForwardCaller =
  (sign: IdentitySigner): ForwardCaller =>
  async (caller, clientAddress) =>
    `${SCHEME} ${await sign(caller, AUDIENCE, clientAddress)}`;

/** How a gateway knows callers, forwarded ones among them. */
export interface ForwardedCallers {
  readonly authenticate: Authenticator;
  /** Where a request came from: what an edge process has seen of a caller it forwards, the request's own address for others. */
  readonly clientAddress: ClientAddress;
  /** Whether an edge process asked for a caller it has verified. */
  readonly isForwarded: (request: IncomingMessage) => boolean;
}

/**
 * Adds to an authenticator the callers that the platform's own edge processes forward. A header of their scheme that the installation did not sign, that is
 * over, or was made for somebody else is what any wrong credential is: refused with UNAUTHENTICATED, and counted against its address.
 */
export const acceptForwardedCallers = (deps: {
  readonly authenticate: Authenticator;
  readonly clientAddress: ClientAddress;
  /** The installation's shared secret. */
  readonly secret: string;
  readonly nowMs: NowMs;
}): ForwardedCallers => {
  const read = createIdentityReader({ secret: deps.secret, audience: AUDIENCE, nowMs: deps.nowMs });
  const addresses = new WeakMap<object, string | null>();
  const authenticate: Authenticator = async (header, presented) => {
    const token = FORWARDED.exec(header ?? "")?.[1];
    if (token === undefined) return deps.authenticate(header, presented);
    const identity = await read(token).catch(async (error: unknown) => {
      if (presented !== "AGAIN") await deps.authenticate(header, presented);
      throw error;
    });
    if (presented !== undefined && presented !== "AGAIN" && presented.request !== undefined)
      addresses.set(presented.request, identity.clientAddress);
    return identity.caller;
  };
  return {
    authenticate,
    clientAddress: (request) => addresses.get(request) ?? deps.clientAddress(request),
    isForwarded: (request) => addresses.has(request),
  };
};
