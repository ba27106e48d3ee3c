import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { CALLER_FIELDS, createAskTenant } from "./ask-tenant.ts";

const ACCESS = `query AccessOfSubject($tenantId: ID!, $kind: CallerKind!, $id: ID!) {
  caller: accessOfSubject(tenantId: $tenantId, subjectKind: $kind, subjectId: $id) { ${CALLER_FIELDS} }
}`;

/** Builds {@link AccessOfSubject} for a process of this role over the tenant room, wherever it runs. */
export const createAskSubjectAccess = (tenant: SubgraphConnection<GatewayCall>, role: string): AccessOfSubject => {
  const ask = createAskTenant(tenant, role);
  return async (tenantId, { kind, id }) => {
    const caller = await ask(ACCESS, { tenantId, kind, id });
    if (caller !== null && caller.tenantId !== tenantId)
      throw new Error("The tenant room answered for another tenant.");
    return caller;
  };
};
