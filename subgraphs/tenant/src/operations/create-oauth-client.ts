import type { Caller } from "@tessera/contracts/caller";
import type { Permission } from "@tessera/contracts/permissions";
import type { RandomBytes } from "@tessera/platform/auth/api-key";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { newOAuthClient } from "@tessera/platform/auth/oauth-client";
import type { NowMs } from "@tessera/platform/time/clock";
import { requireWholeAccess } from "../domain/hand-on.ts";
import { grantablePermissions, permissionsNotHeld } from "../domain/grant.ts";
import { displayName } from "../domain/input-text.ts";
import { redirectUrisOf, type OAuthClient, type OAuthClientKind } from "../domain/oauth-client.ts";
import type { OAuthClientStore } from "../store/oauth-client-store.ts";

/** Working clients a tenant may have. */
export const MAX_WORKING_OAUTH_CLIENTS = 100;

/** What a new client shall be, as the caller wrote it. */
export interface NewOAuthClientRequest {
  readonly name: string;
  readonly kind: OAuthClientKind;
  readonly redirectUris?: readonly string[] | undefined;
  readonly permissions: readonly string[];
  readonly dpopRequired?: boolean | undefined;
}

/** What came of it. */
export type CreateOAuthClientOutcome =
  | { readonly kind: "CREATED"; readonly client: OAuthClient; readonly secret: string | null }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** Builds `createOAuthClient`: a caller hands on permissions it holds itself; a public client gets no secret. */
export const createCreateOAuthClient =
  (deps: { clients: OAuthClientStore; keyedHash: KeyedHash; randomBytes: RandomBytes; nowMs: NowMs }) =>
  async (caller: Caller, request: NewOAuthClientRequest): Promise<CreateOAuthClientOutcome> => {
    requireWholeAccess(caller);
    const name = displayName(request.name, "input.name");
    const permissions = grantablePermissions(request.permissions, "input.permissions");
    const redirectUris = redirectUrisOf(request.redirectUris ?? [], request.kind, "input.redirectUris");
    const lacking = permissionsNotHeld(caller.permissions, permissions);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const made = newOAuthClient(deps.randomBytes);
    const client: OAuthClient = {
      ...{ id: made.clientId, tenantId: caller.tenantId, name, kind: request.kind, redirectUris, permissions },
      dpopRequired: request.dpopRequired ?? false,
      createdAtMs: deps.nowMs(),
      createdBy: caller.subject,
      revokedAtMs: null,
    };
    const isPublic = request.kind === "PUBLIC";
    const secretHash = isPublic ? null : deps.keyedHash.of(made.credentialHash);
    const added = await deps.clients.add(client, secretHash, MAX_WORKING_OAUTH_CLIENTS);
    if (!added) return { kind: "FULL", limit: MAX_WORKING_OAUTH_CLIENTS };
    return { kind: "CREATED", client, secret: isPublic ? null : made.secret };
  };
