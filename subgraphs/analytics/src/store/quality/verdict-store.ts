import { parseTenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { expectationRow, verdictRow } from "./expectation-rows.ts";
import { expectationByIdStatement } from "./expectation-statements.ts";
import * as statements from "./verdict-statements.ts";
import type { ExpectationRun, VerdictStore } from "./verdict-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly nowMs: NowMs;
  /** Verdicts kept of an expectation. */
  readonly kept: number;
}

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const claimed = z.object({ tenant_id: z.string(), id: z.string(), run: z.number() });

/** Builds {@link VerdictStore}. */
export const createVerdictStore = ({ sql, eventLog, nowMs, kept }: Deps): VerdictStore => ({
  claimDueAcrossTenants: async (leaseSeconds, most) => {
    const begun = statements.claimExpectationsStatement(nowMs(), leaseSeconds, most);
    const runs: ExpectationRun[] = [];
    for (const { tenant_id, id, run } of await sql.runAcrossTenants(begun, (row) => claimed.parse(row))) {
      const tenantId = parseTenantId(tenant_id);
      if (tenantId === null) throw new Error("An expectation names no tenant.");
      const [expectation] = await sql.run(tenantId, expectationByIdStatement(tenantId, id), expectationRow);
      if (expectation !== undefined) runs.push({ expectation, run });
    }
    return runs;
  },
  finish: (run, { verdict, dueAtMs }, record) =>
    sql.transaction(run.expectation.tenantId, async (transaction): Promise<boolean> => {
      const ended = await transaction.run(statements.endExpectationRunStatement(run, dueAtMs), idRow);
      if (ended.length === 0) return false;
      await transaction.run(statements.insertVerdictStatement(run, verdict), nothing);
      await transaction.run(statements.pruneVerdictsStatement(run, kept), nothing);
      await eventLog.appendWith(transaction, executionEntry(record));
      return true;
    }),
  list: (tenantId, expectationId, first) =>
    sql.run(tenantId, statements.listVerdictsStatement(tenantId, expectationId, first), verdictRow),
});
