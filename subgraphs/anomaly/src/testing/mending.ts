import type { TenantId } from "@tessera/contracts/ids";
import type { TestResources } from "@tessera/platform/testing/test-resources";
import { mendTimesAhead } from "../jobs/mend-times-ahead.ts";
import { createTimesAheadStore } from "../store/times-ahead-store.ts";

/** More tenants than the engines of a test run hold: those of other tests, whose clocks are others, are found and left alone. */
const ALL_TENANTS = 1_000_000;

/** Puts right what a clock put down that was ahead, of one tenant of the engines of the test run; answers whether there was anything. */
export const mendingOf = ({ resources }: TestResources) => {
  const { sql, logger, nowMs } = resources;
  const times = createTimesAheadStore(sql);
  return async (tenantId: TenantId): Promise<boolean> => {
    const own: typeof times = {
      ...times,
      tenantsAcrossTenants: async (now) =>
        (await times.tenantsAcrossTenants(now, ALL_TENANTS)).filter((one) => one === tenantId),
    };
    return (await mendTimesAhead({ times: own, nowMs, logger })()) > 0;
  };
};
