import { parseTenantId } from "@tessera/contracts/ids";
import type { MutationResolvers, QueryResolvers } from "../generated/resolvers.ts";

/** What administration answers. */
export const AdministrationQuery: QueryResolvers = {
  usage: (_root, args, { caller, operations }) => operations.administration.usage(caller, args),
  ledgerHours: (_root, args, { caller, operations }) => operations.administration.ledgerHours(caller, args),
  limits: (_root, { tenantId }, { caller, operations }) => operations.administration.limits(caller, tenantId),
  limitForecast: (_root, { tenantId }, { caller, operations }) =>
    operations.administration.limitForecast(caller, tenantId),
  tenantSettings: (_root, { tenantId }, { caller, operations }) => operations.administration.settings(caller, tenantId),
  tenantHistory: (_root, args, { caller, operations }) => operations.administration.history(caller, args),
  scaleRequests: (_root, args, { caller, operations }) => operations.administration.scaleRequests(caller, args),
  simulateInvoice: (_root, args, { caller, operations }) => operations.administration.simulateInvoice(caller, args),
  chargeback: (_root, args, { caller, operations }) => operations.administration.chargeback(caller, args),
  tenantHealth: (_root, { tenantId }, { caller, operations }) =>
    operations.administration.tenantHealth(caller, tenantId),
  effectiveLimits: (_root, { tenantId, subjectKind, subjectId }, { operations }) => {
    const id = parseTenantId(tenantId);
    return id === null ? null : operations.administration.effectiveLimits(id, { kind: subjectKind, id: subjectId });
  },
};

/** What administration changes. */
export const AdministrationMutation: MutationResolvers = {
  createTenant: (_root, { input }, { caller, operations }) =>
    operations.administration
      .createTenant(caller, input)
      .then((outcome) =>
        outcome.kind === "CREATED"
          ? ({ __typename: "TenantCreated", tenant: outcome.tenant } as const)
          : ({ __typename: "SlugTaken", slug: outcome.slug } as const),
      ),
  suspendTenant: (_root, { input }, { caller, operations }) => operations.administration.suspendTenant(caller, input),
  resumeTenant: (_root, { input }, { caller, operations }) => operations.administration.resumeTenant(caller, input),
  deleteTenant: (_root, { input }, { caller, operations }) => operations.administration.deleteTenant(caller, input),
  setTenantTier: (_root, { input }, { caller, operations }) => operations.administration.setTenantTier(caller, input),
  setTenantSettings: (_root, { input }, { caller, operations }) => operations.administration.setSettings(caller, input),
  setLimits: (_root, { input }, { caller, operations }) => operations.administration.setLimits(caller, input),
  scaleTenant: (_root, { input }, { caller, operations }) => operations.administration.scaleTenant(caller, input),
  decideScaleRequest: (_root, { input }, { caller, operations }) =>
    operations.administration.decideScaleRequest(caller, input),
  setBillingPlan: (_root, { input }, { caller, operations }) => operations.administration.setBillingPlan(caller, input),
  grantCredit: (_root, { input }, { caller, operations }) => operations.administration.grantCredit(caller, input),
  setTeam: (_root, { input }, { caller, operations }) =>
    operations.administration.setTeam(caller, input).then((members) => ({ name: input.name.trim(), members })),
};
