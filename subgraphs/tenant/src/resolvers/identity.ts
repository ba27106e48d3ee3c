import { audienceOf } from "../domain/trusted-issuer.ts";
import type {
  MutationResolvers,
  OAuthClientResolvers,
  QueryResolvers,
  TrustedIssuerResolvers,
} from "../generated/resolvers.ts";
import {
  toCreateOAuthClientResult,
  toDistrustIssuerResult,
  toInviteUserResult,
  toRevokeOAuthClientResult,
  toTrustIssuerResult,
} from "./identity-result.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

/** What the room answers about OAuth clients, trusted issuers and access tokens. */
export const IdentityQuery: Pick<
  QueryResolvers,
  "oauthClients" | "trustedIssuers" | "authenticateToken" | "authenticateExternalToken" | "accessOfSubject"
> = {
  oauthClients: (_root, args, { caller, operations }) => operations.oauthClients(caller.tenantId, args),
  trustedIssuers: (_root, _args, { caller, operations }) => operations.trustedIssuers(caller.tenantId),
  authenticateToken: (_root, { claims }, { operations }) => operations.authenticateToken(claims),
  accessOfSubject: (_root, { tenantId, subjectKind, subjectId }, { operations }) =>
    operations.accessOfSubject(tenantId, { kind: subjectKind, id: subjectId }),
  authenticateExternalToken: (_root, { token }, { operations }) => operations.authenticateExternalToken(token),
};

/** What the room changes about them. */
export const IdentityMutation: Pick<
  MutationResolvers,
  "createOAuthClient" | "revokeOAuthClient" | "inviteUser" | "trustIssuer" | "distrustIssuer"
> = {
  createOAuthClient: (_root, { input }, { caller, operations }) =>
    operations.createOAuthClient(caller, input).then(toCreateOAuthClientResult),
  revokeOAuthClient: (_root, { id }, { caller, operations }) =>
    operations.revokeOAuthClient(caller, id).then(toRevokeOAuthClientResult),
  inviteUser: (_root, { userId }, { caller, operations }) =>
    operations.inviteUser(caller, userId).then(toInviteUserResult),
  trustIssuer: (_root, { input }, { caller, operations }) =>
    operations.trustIssuer(caller, input).then(toTrustIssuerResult),
  distrustIssuer: (_root, { id }, { caller, operations }) =>
    operations.distrustIssuer(caller, id).then(toDistrustIssuerResult),
};

/** An OAuth client as it is listed. */
export const OAuthClient: OAuthClientResolvers = {
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
  revokedAt: ({ revokedAtMs }) => timeTextOrNull(revokedAtMs),
};

/** An issuer a tenant trusts. */
export const TrustedIssuer: TrustedIssuerResolvers = {
  audience: ({ tenantId }) => audienceOf(tenantId),
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
};
