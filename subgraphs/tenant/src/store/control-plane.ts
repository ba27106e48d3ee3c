import { PrismaPg } from "@prisma/adapter-pg";
import type { TenantId } from "@tessera/contracts/ids";
import { inTenantScope } from "@tessera/platform/auth/tenant-scope";
import { withMeaning } from "@tessera/platform/db/sql";
import type { TenantPool } from "@tessera/platform/db/tenant-pool";
import { PrismaClient } from "@tessera/prisma/client";

/** The part of Prisma's client that is the same inside and outside a transaction. */
export type Models = Pick<PrismaClient, "tenant" | "tenantUser" | "apiKey" | "$queryRaw">;

/** The tenant room's tables through Prisma: each piece of work names its tenant, and row-level security holds it to that tenant. */
export interface ControlPlane {
  run<T>(tenantId: TenantId, work: (models: Models) => Promise<T>): Promise<T>;
  /** One transaction in which the tenant's own row is locked, so that counts stay true until it commits; null when there is no such tenant. */
  lockingTenant<T>(tenantId: TenantId, work: (models: Models) => Promise<T>): Promise<T | null>;
  /** Lets go of the pool, which stays open; for work that ends before the process does. */
  close(): Promise<void>;
}

/**
 * Opens Prisma over the tenant-bound pool. Stores read single rows with `findFirst`: Prisma joins `findUnique` calls of one tick into one
 * statement, also across tenants, and one of them would then see nothing.
 */
export const createControlPlane = (pool: TenantPool): ControlPlane => {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    run: (tenantId, work) => withMeaning(inTenantScope(tenantId, async () => work(prisma))),
    lockingTenant: (tenantId, work) =>
      withMeaning(
        inTenantScope(tenantId, () =>
          prisma.$transaction(async (models) => {
            const locked = await models.$queryRaw<
              readonly unknown[]
            >`SELECT id FROM tenant WHERE id = ${tenantId}::uuid FOR UPDATE`;
            return locked.length === 0 ? null : work(models);
          }),
        ),
      ),
    close: () => prisma.$disconnect(),
  };
};
