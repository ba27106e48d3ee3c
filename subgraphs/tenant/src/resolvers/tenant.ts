import { parseTenantId } from "@tessera/contracts/ids";
import type { TenantResolvers } from "../generated/resolvers.ts";
import { featuresOf } from "@tessera/contracts/features";
import { timeText, timeTextOrNull } from "./time-text.ts";

/** A tenant; its lists are those of the caller's tenant, which is the only one a caller can hold. */
export const Tenant: TenantResolvers = {
  __resolveReference: ({ id }, { loaders }) => {
    const tenantId = parseTenantId(id);
    return tenantId === null ? null : loaders.tenant.load(tenantId);
  },
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
  features: ({ tier }) => featuresOf(tier),
  deleteAt: ({ deleteAtMs }) => timeTextOrNull(deleteAtMs),
  limits: ({ id }, _args, { caller, operations }) => operations.administration.limits(caller, id),
  apiKeys: ({ id }, args, { operations }) => operations.apiKeys(id, args),
  users: ({ id }, args, { operations }) => operations.users(id, args),
};
