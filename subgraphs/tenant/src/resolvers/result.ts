import type { CreateApiKeyOutcome } from "../operations/create-api-key.ts";
import type { CreateUserOutcome } from "../operations/create-user.ts";
import type { RevokeApiKeyOutcome } from "../operations/revoke-api-key.ts";

/** The outcome of `createApiKey` as a member of its result union. */
export const toCreateApiKeyResult = (outcome: CreateApiKeyOutcome) => {
  if (outcome.kind === "CREATED")
    return { __typename: "ApiKeyCreated", apiKey: outcome.apiKey, secret: outcome.secret } as const;
  if (outcome.kind === "CREATED_BEFORE") return { __typename: "ApiKeyAlreadyCreated", apiKey: outcome.apiKey } as const;
  if (outcome.kind === "NOT_HELD")
    return { __typename: "PermissionsNotHeld", permissions: outcome.permissions } as const;
  return { __typename: "ApiKeyLimitReached", limit: outcome.limit } as const;
};

/** The outcome of `revokeApiKey` as a member of its result union. */
export const toRevokeApiKeyResult = (outcome: RevokeApiKeyOutcome) =>
  outcome.kind === "REVOKED"
    ? ({ __typename: "ApiKeyRevoked", apiKey: outcome.apiKey } as const)
    : ({ __typename: "ApiKeyNotFound", id: outcome.id } as const);

/** The outcome of `createUser` as a member of its result union. */
export const toCreateUserResult = (outcome: CreateUserOutcome) => {
  if (outcome.kind === "CREATED") return { __typename: "UserCreated", user: outcome.user } as const;
  if (outcome.kind === "EMAIL_TAKEN") return { __typename: "EmailTaken", user: outcome.user } as const;
  if (outcome.kind === "NOT_HELD")
    return { __typename: "PermissionsNotHeld", permissions: outcome.permissions } as const;
  return { __typename: "UserLimitReached", limit: outcome.limit } as const;
};
