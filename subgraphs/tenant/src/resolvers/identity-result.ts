import type { CreateOAuthClientOutcome } from "../operations/create-oauth-client.ts";
import type { InviteUserOutcome } from "../operations/invite-user.ts";
import type { RevokeOAuthClientOutcome } from "../operations/revoke-oauth-client.ts";
import type { DistrustIssuerOutcome, TrustIssuerOutcome } from "../operations/trust-issuer.ts";
import { timeText } from "./time-text.ts";

/** The outcome of `createOAuthClient` as a member of its result union. */
export const toCreateOAuthClientResult = (outcome: CreateOAuthClientOutcome) => {
  if (outcome.kind === "CREATED")
    return { __typename: "OAuthClientCreated", client: outcome.client, secret: outcome.secret } as const;
  if (outcome.kind === "NOT_HELD")
    return { __typename: "PermissionsNotHeld", permissions: outcome.permissions } as const;
  return { __typename: "OAuthClientLimitReached", limit: outcome.limit } as const;
};

/** The outcome of `revokeOAuthClient` as a member of its result union. */
export const toRevokeOAuthClientResult = (outcome: RevokeOAuthClientOutcome) =>
  outcome.kind === "REVOKED"
    ? ({ __typename: "OAuthClientRevoked", client: outcome.client } as const)
    : ({ __typename: "OAuthClientNotFound", id: outcome.id } as const);

/** The outcome of `inviteUser` as a member of its result union. */
export const toInviteUserResult = (outcome: InviteUserOutcome) => {
  if (outcome.kind === "INVITED") {
    const { user, link, expiresAtMs } = outcome;
    return { __typename: "UserInvited", user, link, expiresAt: timeText(expiresAtMs) } as const;
  }
  if (outcome.kind === "NOT_HELD")
    return { __typename: "PermissionsNotHeld", permissions: outcome.permissions } as const;
  return { __typename: "InvitedUserNotFound", id: outcome.id } as const;
};

/** The outcome of `trustIssuer` as a member of its result union. */
export const toTrustIssuerResult = (outcome: TrustIssuerOutcome) => {
  if (outcome.kind === "TRUSTED") return { __typename: "IssuerTrusted", issuer: outcome.issuer } as const;
  if (outcome.kind === "TRUSTED_BEFORE") return { __typename: "IssuerTrustedBefore", issuer: outcome.issuer } as const;
  if (outcome.kind === "NOT_HELD")
    return { __typename: "PermissionsNotHeld", permissions: outcome.permissions } as const;
  return { __typename: "IssuerLimitReached", limit: outcome.limit } as const;
};

/** The outcome of `distrustIssuer` as a member of its result union. */
export const toDistrustIssuerResult = (outcome: DistrustIssuerOutcome) =>
  outcome.kind === "DISTRUSTED"
    ? ({ __typename: "IssuerDistrusted", issuer: outcome.issuer } as const)
    : ({ __typename: "TrustedIssuerNotFound", id: outcome.id } as const);
