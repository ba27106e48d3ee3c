import type { MutationResolvers } from "../generated/resolvers.ts";
import { toSealAuditLogResult } from "./audit-result.ts";

/** What the governance room changes. */
export const Mutation: MutationResolvers = {
  sealAuditLog: (_root, _args, { caller, audit, nowMs }) =>
    audit.sealLog(caller.tenantId).then((outcome) => toSealAuditLogResult(outcome, nowMs())),
};
