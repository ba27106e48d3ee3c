import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import {
  isAboutEverything,
  MAX_USAGE_ROWS,
  totalUsage,
  usageInterval,
  usageQuestion,
  withStorage,
  type UsageAsked,
  type UsageMeasures,
  type UsageQuestion,
  type UsageRow,
} from "../domain/usage.ts";
import type { LedgerHour, LedgerStore } from "../store/ledger-store.ts";
import type { TargetTenant } from "./target-tenant.ts";

/** Usage as it is answered. */
export interface UsageAnswer {
  readonly tenantId: TenantId;
  readonly question: UsageQuestion;
  readonly rows: readonly UsageRow[];
  /** Of the rows that are shown. */
  readonly totals: UsageMeasures;
  readonly truncated: boolean;
  readonly asOfMs: number;
}

/** Builds `usage`: what a tenant used, by bucket and dimension. */
export const createReadUsage =
  (deps: { readonly ledger: LedgerStore; readonly targetTenant: TargetTenant; readonly nowMs: NowMs }) =>
  async (
    caller: Caller,
    asked: UsageAsked & { readonly tenantId?: string | null | undefined },
  ): Promise<UsageAnswer> => {
    const tenantId = await deps.targetTenant(caller, asked.tenantId);
    const question = usageQuestion(asked);
    const read = await deps.ledger.usage(tenantId, question, MAX_USAGE_ROWS);
    const shown = read.slice(0, MAX_USAGE_ROWS);
    const rows = isAboutEverything(question)
      ? withStorage(shown, await deps.ledger.storage(tenantId, question)).filter(
          ({ measures, storageBytes }) => measures.executions > 0n || storageBytes !== null,
        )
      : shown.filter(({ measures }) => measures.executions > 0n);
    const truncated = read.length > MAX_USAGE_ROWS;
    return { tenantId, question, rows, totals: totalUsage(rows), truncated, asOfMs: deps.nowMs() };
  };

/** Builds `ledgerHours`: what the ledger holds by hour, for comparison with the audit log. */
export const createReadLedgerHours =
  (deps: { readonly ledger: LedgerStore; readonly targetTenant: TargetTenant }) =>
  async (
    caller: Caller,
    asked: {
      readonly interval: { readonly from: string; readonly to: string };
      readonly tenantId?: string | null | undefined;
    },
  ): Promise<readonly LedgerHour[]> => {
    const tenantId = await deps.targetTenant(caller, asked.tenantId);
    const { fromMs, toMs } = usageInterval(asked.interval);
    return deps.ledger.hours(tenantId, fromMs, toMs);
  };
