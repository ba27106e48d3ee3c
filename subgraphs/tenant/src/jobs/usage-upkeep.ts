import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { RECORDS_KEPT_DAYS } from "../domain/usage-record.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { StoredEvents } from "../store/stored-events.ts";
import { forEachTenant } from "./each-tenant.ts";
import { createSchedule, type Schedule } from "./schedule.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Milliseconds between rounds; an hour that has its sample is not sampled again. */
const ROUND_MS = 600_000;
/** Records removed in one statement. */
const PRUNE_BATCH = 5_000;

/** Builds the schedule that samples each tenant's storage once an hour and removes records past their age. */
export const createUsageUpkeep = (deps: {
  readonly ledger: LedgerStore;
  readonly storedEvents: StoredEvents;
  readonly logger: Logger;
  readonly nowMs: NowMs;
}): Schedule => {
  const { ledger, storedEvents, logger, nowMs } = deps;
  const sample = async (): Promise<void> => {
    const hourMs = Math.floor(nowMs() / HOUR_MS) * HOUR_MS;
    await forEachTenant({ list: ledger.tenantsAcrossTenants, logger, what: "storage samples" }, async (tenantId) => {
      if (await ledger.hasStorage(tenantId, hourMs)) return;
      await ledger.noteStorage(tenantId, { hourMs, ...(await storedEvents.size(tenantId)) });
    });
  };
  const prune = async (): Promise<void> => {
    const olderThanMs = nowMs() - RECORDS_KEPT_DAYS * DAY_MS;
    for (let pruned = PRUNE_BATCH; pruned === PRUNE_BATCH;)
      pruned = await ledger.pruneAcrossTenants(olderThanMs, PRUNE_BATCH);
  };
  return createSchedule({
    name: "tenant.usage-upkeep",
    everyMs: ROUND_MS,
    logger,
    work: async () => {
      await sample();
      await prune();
    },
  });
};
