import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Tenant } from "../domain/tenant.ts";
import type { ControlPlane } from "./control-plane.ts";
import { tenantIdColumn, timeColumn } from "./stored-row.ts";

/** Rows of `tenant`. */
export interface TenantStore {
  find(tenantId: TenantId): Promise<Tenant | null>;
  /** Gives the tenant another name; null when there is no such tenant. */
  rename(tenantId: TenantId, name: string): Promise<Tenant | null>;
  /** Makes the tenant, of the largest tier, unless it is there already. */
  ensure(tenant: Pick<Tenant, "id" | "name" | "slug" | "createdAtMs">): Promise<void>;
}

const tenantRow = z
  .object({
    id: tenantIdColumn,
    name: z.string(),
    slug: z.string(),
    state: z.enum(["ACTIVE", "SUSPENDED", "DELETING"]),
    tier: z.enum(["FREE", "TEAM", "BUSINESS", "ENTERPRISE"]),
    organisationId: z.string().nullable(),
    deleteAt: timeColumn.nullable(),
    createdAt: timeColumn,
  })
  .transform(({ createdAt, deleteAt, ...row }): Tenant => ({ ...row, createdAtMs: createdAt, deleteAtMs: deleteAt }));

const parse = (row: unknown): Tenant | null => (row === null ? null : tenantRow.parse(row));

/** Builds {@link TenantStore}. */
export const createTenantStore = (controlPlane: ControlPlane): TenantStore => {
  const find = (tenantId: TenantId): Promise<Tenant | null> =>
    controlPlane.run(tenantId, async ({ tenant }) => parse(await tenant.findFirst({ where: { id: tenantId } })));
  return {
    find,
    rename: async (tenantId, name) => {
      await controlPlane.run(tenantId, ({ tenant }) => tenant.updateMany({ where: { id: tenantId }, data: { name } }));
      return find(tenantId);
    },
    ensure: async ({ createdAtMs, ...tenant }) => {
      await controlPlane.run(tenant.id, (models) =>
        models.tenant.createMany({ data: [{ ...tenant, createdAt: new Date(createdAtMs) }], skipDuplicates: true }),
      );
    },
  };
};
