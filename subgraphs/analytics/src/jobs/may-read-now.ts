import type { TenantId } from "@tessera/contracts/ids";
import type { Quotas } from "@tessera/platform/limits/quotas";

/** Who asks for a tenant's limits on behalf of its jobs. */
const ASKER = { kind: "SERVICE", id: "long-queries" } as const;

/** Tells whether a tenant's jobs may begin: not while the ledger says that its rows of the day are used up. Where nothing is known, they may. */
export const mayReadNow =
  (quotas: Quotas) =>
  async (tenantId: TenantId): Promise<boolean> => {
    const { limits } = await quotas.of({ tenantId, subject: ASKER });
    const rows = limits?.limits.find(({ metric }) => metric === "ROWS_READ_PER_DAY");
    return rows?.standing !== "BLOCKED";
  };
