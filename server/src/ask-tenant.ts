import { SUBJECT_KINDS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { dataPolicyShape } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import { createTenantRoom, unavailable } from "./tenant-room.ts";

/** What every question about a credential selects. */
export const CALLER_FIELDS = "tenantId subject { kind id } permissions expiresAt roles networks dataPolicy grantId";

const answer = z.object({
  caller: z
    .object({
      tenantId: z.string(),
      subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
      permissions: z.array(z.string()),
      expiresAt: z.string().nullable(),
      roles: z.array(z.string()),
      networks: z.array(z.string()).nullable(),
      dataPolicy: z.string().nullable(),
      grantId: z.string().nullable(),
    })
    .nullable(),
});

const toCaller = ({ caller }: z.infer<typeof answer>): Caller | null => {
  if (caller === null) return null;
  const tenantId = parseTenantId(caller.tenantId);
  if (tenantId === null) throw new Error("The tenant room answered without a tenant.");
  const { subject, permissions, expiresAt, dataPolicy, roles, networks, grantId } = caller;
  return {
    tenantId,
    subject,
    permissions: new Set(permissions.filter(isPermission)),
    expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt),
    ...{ roles, networks, grantId },
    dataPolicy: dataPolicy === null ? null : dataPolicyShape.parse(JSON.parse(dataPolicy)),
  };
};

/** Asks the tenant room, wherever it runs, who stands behind a credential; the query answers it as `caller`, null when nobody does. */
export type AskTenant = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<Caller | null>;

/** Builds {@link AskTenant} for a process of this role. */
export const createAskTenant = (tenant: SubgraphConnection<GatewayCall>, role: string): AskTenant => {
  const ask = createTenantRoom(tenant, role, unavailable("Credentials can't be verified at the moment."));
  return async (query, variables) => toCaller(await ask(answer, query, variables));
};
