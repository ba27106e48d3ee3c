import type { AuthenticatedCallerResolvers, CallerIdentityResolvers } from "../generated/resolvers.ts";
import { readOwnTenant } from "../operations/read-own-tenant.ts";
import { timeTextOrNull } from "./time-text.ts";

/** Who is calling. */
export const CallerIdentity: CallerIdentityResolvers = {
  tenant: ({ tenantId }, _args, { loaders }) => readOwnTenant(loaders.tenant, tenantId),
  permissions: ({ permissions }) => [...permissions].toSorted(),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
};

/** Who stands behind a presented key. */
export const AuthenticatedCaller: AuthenticatedCallerResolvers = {
  permissions: ({ permissions }) => [...permissions].toSorted(),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
};
