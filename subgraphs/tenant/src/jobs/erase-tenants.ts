import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { LifecycleStore } from "../store/lifecycle-store.ts";
import { createSchedule, type Schedule } from "./schedule.ts";

/** Milliseconds between looks for tenants whose grace is over. */
const ROUND_MS = 60_000;
/** Tenants erased in one round. */
const ERASE_BATCH = 20;

/** Removes every event and result of a tenant from the event store; the same when done twice. */
export type EraseEvents = (tenantId: TenantId) => Promise<void>;

/**
 * Builds the schedule that erases tenants whose grace is over: first from the event store, then from this database, which forgets the tenant last.
 * Whatever ends it in between, the next round begins again at the start.
 */
export const createTenantErasure = (deps: {
  readonly lifecycle: LifecycleStore;
  readonly eraseEvents: EraseEvents;
  readonly logger: Logger;
  readonly nowMs: NowMs;
}): Schedule =>
  createSchedule({
    name: "tenant.erasure",
    everyMs: ROUND_MS,
    logger: deps.logger,
    work: async () => {
      for (const tenantId of await deps.lifecycle.toEraseAcrossTenants(deps.nowMs(), ERASE_BATCH))
        try {
          await deps.eraseEvents(tenantId);
          const rows = await deps.lifecycle.erase(tenantId, deps.nowMs());
          deps.logger.info({ tenantId, rows }, "A tenant was erased.");
        } catch (error) {
          deps.logger.error({ tenantId, error: errorMessage(error) }, "A tenant could not be erased; trying again.");
        }
    },
  });
