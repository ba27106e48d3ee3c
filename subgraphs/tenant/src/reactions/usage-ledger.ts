import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { EXECUTIONS_GATHER_MS, executionRecord } from "@tessera/platform/executions/execution-record";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { RECORDS_KEPT_DAYS, usageRecordOf } from "../domain/usage-record.ts";
import type { LedgerStore } from "../store/ledger-store.ts";

const DAY_MS = 86_400_000;
/** Latest time a ledger can hold: the end of the year 9999. */
const LATEST_MS = 253_402_300_799_999;

/** What the ledger's consumer needs. */
export interface UsageLedgerDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly ledger: LedgerStore;
  readonly nowMs: NowMs;
  /** Looks at a tenant's limits after its usage grew, in the transaction that wrote it. */
  readonly watchLimits: (transaction: SqlTransaction, tenantId: TenantId) => Promise<void>;
}

const executionOf = (payload: unknown, logger: Logger): readonly ExecutionRecorded[] => {
  const parsed = executionRecord.safeParse(payload);
  if (parsed.success && parsed.data.startedAtMs >= 0 && parsed.data.startedAtMs <= LATEST_MS) return [parsed.data];
  // Waiting for it would hold back every tenant's usage for ever; whoever wrote it has a fault that the log tells of.
  logger.error({ topic: EXECUTION_RECORDED }, "An entry that is no record of an execution was left out of the ledger.");
  return [];
};

/**
 * Builds the background part that keeps the ledger: every told execution becomes one record, once, whatever comes again. The record and its share
 * of the rollups are one statement, and the consumer's place moves after it.
 */
export const createUsageLedger = (deps: UsageLedgerDeps): LogConsumer =>
  createLogConsumer({
    sql: deps.sql,
    logger: deps.logger,
    name: "tenant.usage-ledger",
    topic: EXECUTION_RECORDED,
    gatherMs: EXECUTIONS_GATHER_MS,
    handle: async (transaction, tenantId, entries) => {
      const records = entries.flatMap(({ payload }) => executionOf(payload, deps.logger)).map(usageRecordOf);
      if (records.length === 0) return;
      const keptSinceMs = deps.nowMs() - RECORDS_KEPT_DAYS * DAY_MS;
      const added = await deps.ledger.record(transaction, tenantId, records, keptSinceMs);
      if (added > 0) await deps.watchLimits(transaction, tenantId);
    },
  });
