import { visiblePrefixOf } from "@tessera/platform/auth/api-key";
import { apiKeyState } from "../domain/api-key.ts";
import type { ApiKeyResolvers } from "../generated/resolvers.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

/** An API key as it is listed. */
export const ApiKey: ApiKeyResolvers = {
  prefix: ({ id }) => visiblePrefixOf(id),
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
  lastUsedAt: ({ lastUsedAtMs }) => timeTextOrNull(lastUsedAtMs),
  rotatedAt: ({ rotatedAtMs }) => timeTextOrNull(rotatedAtMs),
  oldSecretUntil: ({ previousValidUntilMs }) => timeTextOrNull(previousValidUntilMs),
  revokedAt: ({ revokedAtMs }) => timeTextOrNull(revokedAtMs),
  state: (key, _args, { nowMs }) => apiKeyState(key, nowMs()),
};
