import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { newBreaches } from "../domain/limits.ts";
import type { LimitStore } from "../store/limit-store.ts";

/** Looks whether use has passed a limit since it was last looked, and tells of it, in the transaction that wrote the use. */
export type WatchLimits = (transaction: SqlTransaction, tenantId: TenantId) => Promise<void>;

/** Builds {@link WatchLimits}. */
export const createWatchLimits =
  (deps: { readonly limits: LimitStore; readonly nowMs: NowMs }): WatchLimits =>
  async (transaction, tenantId) => {
    const nowMs = deps.nowMs();
    const facts = await deps.limits.factsWith(transaction, tenantId, null, nowMs);
    if (facts !== null) await deps.limits.noteWith(transaction, tenantId, newBreaches(facts, nowMs));
  };
