import type { RandomBytes } from "@tessera/platform/auth/api-key";
import { createExternalTokenVerifier } from "@tessera/platform/auth/external-token";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { createPublicFetch } from "@tessera/platform/http/public-fetch";
import type { Resources } from "@tessera/platform/runtime/resources";
import {
  createAccessOfSubject,
  createAuthenticateExternalToken,
  createAuthenticateToken,
} from "./authenticate-token.ts";
import { createCreateOAuthClient } from "./create-oauth-client.ts";
import { createInviteUser } from "./invite-user.ts";
import { createListPage } from "./list-page.ts";
import { createRevokeOAuthClient } from "./revoke-oauth-client.ts";
import { createDistrustIssuer, createTrustIssuer } from "./trust-issuer.ts";
import type { AccessStore } from "../store/access-store.ts";
import type { OAuthClientStore } from "../store/oauth-client-store.ts";
import type { StandingStore } from "../store/standing-store.ts";
import type { TokenStore } from "../store/token-store.ts";
import type { TrustedIssuerStore } from "../store/trusted-issuer-store.ts";
import type { UserStore } from "../store/user-store.ts";

/** What concerns access tokens and who may sign in. */
export interface IdentityOptions {
  /** Address clients use, without a path; links that are handed out begin with it, and are paths alone without it. */
  readonly publicUrl?: (() => string) | undefined;
  /** Whether issuers on 127.0.0.1 may be asked for their keys, which tests do; never in production. */
  readonly allowLoopbackIssuers?: boolean;
}

/** Stores they work on. */
export interface IdentityStores {
  readonly users: UserStore;
  readonly access: AccessStore;
  readonly clients: OAuthClientStore;
  readonly issuers: TrustedIssuerStore;
  readonly tokens: TokenStore;
  readonly standing: StandingStore;
}

/** Builds the room's operations on OAuth clients, invitations, trusted issuers and access tokens. */
export const createIdentityOperations = (
  resources: Pick<Resources, "logger" | "nowMs" | "newId">,
  deps: IdentityStores & { keyedHash: KeyedHash; randomBytes: RandomBytes },
  options: IdentityOptions,
) => {
  const { logger, nowMs, newId } = resources;
  const { users, access, clients, issuers, tokens, standing, keyedHash, randomBytes } = deps;
  const { publicUrl = () => "" } = options;
  const fetchJson = createPublicFetch({ allowLoopback: options.allowLoopbackIssuers ?? false });
  const verify = createExternalTokenVerifier({ fetchJson, nowMs });
  return {
    authenticateToken: createAuthenticateToken({ tokens, access, keyedHash }),
    accessOfSubject: createAccessOfSubject({ standing, access, keyedHash, nowMs }),
    authenticateExternalToken: createAuthenticateExternalToken({ issuers, access, keyedHash, verify, logger }),
    createOAuthClient: createCreateOAuthClient({ clients, keyedHash, randomBytes, nowMs }),
    revokeOAuthClient: createRevokeOAuthClient({ clients, nowMs }),
    oauthClients: createListPage((tenantId, page) => clients.list(tenantId, page)),
    inviteUser: createInviteUser({ users, access, tokens, publicUrl, randomBytes, nowMs }),
    trustIssuer: createTrustIssuer({ issuers, newId, nowMs }),
    distrustIssuer: createDistrustIssuer({ issuers }),
    trustedIssuers: (tenantId: Parameters<typeof issuers.list>[0]) => issuers.list(tenantId),
  };
};

/** What {@link createIdentityOperations} builds. */
export type IdentityOperations = ReturnType<typeof createIdentityOperations>;
