import type { AuthenticatedCallerResolvers, CallerIdentityResolvers } from "../generated/resolvers.ts";
import { readOwnTenant } from "../operations/read-own-tenant.ts";
import { filtersOf, masksOf } from "./policy-shapes.ts";
import { timeTextOrNull } from "./time-text.ts";

/** Who is calling. */
export const CallerIdentity: CallerIdentityResolvers = {
  tenant: ({ tenantId }, _args, { loaders }) => readOwnTenant(loaders.tenant, tenantId),
  permissions: ({ permissions }) => [...permissions].toSorted(),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
  roles: ({ roles }) => [...roles].toSorted(),
  policies: (caller, _args, { operations }) => operations.policiesOf(caller),
  rowFilters: ({ dataPolicy }) => filtersOf(dataPolicy),
  masks: ({ dataPolicy }) => masksOf(dataPolicy),
};

/** Who stands behind a presented key. */
export const AuthenticatedCaller: AuthenticatedCallerResolvers = {
  permissions: ({ permissions }) => [...permissions].toSorted(),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
  dataPolicy: ({ dataPolicy }) => (dataPolicy === null ? null : JSON.stringify(dataPolicy)),
};
