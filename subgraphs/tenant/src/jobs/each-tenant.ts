import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** Tenants read in one statement. */
const TENANT_PAGE = 500;

/** Does something for every tenant, one after the other; what fails for one is logged and does not keep it from the others. */
export const forEachTenant = async (
  deps: {
    readonly list: (after: TenantId | null, limit: number) => Promise<readonly TenantId[]>;
    readonly logger: Logger;
    readonly what: string;
  },
  work: (tenantId: TenantId) => Promise<void>,
): Promise<void> => {
  let page = await deps.list(null, TENANT_PAGE);
  while (page.length > 0) {
    for (const tenantId of page)
      await work(tenantId).catch((error: unknown) =>
        deps.logger.warn({ what: deps.what, error: errorMessage(error) }, "A round left out one tenant."),
      );
    page = page.length < TENANT_PAGE ? [] : await deps.list(page.at(-1) ?? null, TENANT_PAGE);
  }
};
