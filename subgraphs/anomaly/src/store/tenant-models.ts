import { PrismaPg } from "@prisma/adapter-pg";
import type { TenantId } from "@tessera/contracts/ids";
import { inTenantScope } from "@tessera/platform/auth/tenant-scope";
import { withMeaning } from "@tessera/platform/db/sql";
import type { TenantPool } from "@tessera/platform/db/tenant-pool";
import { PrismaClient } from "@tessera/prisma/client";

/** The room's tables through Prisma. */
export type Models = Pick<PrismaClient, "anomalyRule" | "anomaly">;

/** Runs reads through Prisma for a tenant; row-level security holds them to it. */
export interface TenantModels {
  read<T>(tenantId: TenantId, work: (models: Models) => Promise<T>): Promise<T>;
}

/**
 * Opens Prisma over the tenant-bound pool. Single rows are read with `findFirst`: Prisma joins `findUnique` calls of one tick into one
 * statement, also across tenants, and all but one of them would then see nothing.
 */
export const createTenantModels = (pool: TenantPool): TenantModels => {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return { read: (tenantId, work) => withMeaning(inTenantScope(tenantId, async () => work(prisma))) };
};
