import { EXECUTION_RECORDED } from "@tessera/contracts/events/execution-recorded";
import { EXECUTIONS_GATHER_MS } from "@tessera/platform/executions/execution-record";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Resources } from "@tessera/platform/runtime/resources";
import { auditEntryOf } from "../domain/audit-entry.ts";
import type { AppendRecords } from "../operations/append-records.ts";

/** Under what name the audit log's place in the event log is kept. */
export const AUDIT_CONSUMER = "governance.audit";

/**
 * Makes an audit record of every execution that is told of, exactly once. What can't be read as an execution leaves an error in the log and a
 * count, and holds nobody else up.
 */
export const recordExecutions = (
  deps: Pick<Resources, "sql" | "logger" | "metrics"> & { readonly append: AppendRecords },
): LogConsumer => {
  const recorded = deps.metrics.counter("tessera_audit_records_total", "Executions recorded in audit logs.");
  const unreadable = deps.metrics.counter(
    "tessera_audit_unreadable_total",
    "Entries of the event log that could not be read as executions.",
  );
  return createLogConsumer({
    sql: deps.sql,
    logger: deps.logger,
    name: AUDIT_CONSUMER,
    topic: EXECUTION_RECORDED,
    gatherMs: EXECUTIONS_GATHER_MS,
    handle: async (transaction, tenantId, entries) => {
      const read = entries.map(({ payload }) => auditEntryOf(payload));
      const good = read.filter((entry) => entry !== null);
      if (good.length < read.length) {
        unreadable.inc(read.length - good.length);
        deps.logger.error(
          { tenantId, unreadable: read.length - good.length },
          "Executions were told in a form the audit log can't read.",
        );
      }
      recorded.inc(await deps.append(transaction, tenantId, good));
    },
  });
};
