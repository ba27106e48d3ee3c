import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { ANOMALY_RAISED, type AnomalyRaised } from "@tessera/contracts/events/anomaly-raised";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { Rule } from "../domain/rule.ts";
import type { SettledSeries } from "../domain/rules/settle-series.ts";
import { keepCourseStatement, trimCourseStatement } from "./explain/course-statements.ts";
import { addAnomaliesStatement, addStepsStatement, changeAnomaliesStatement } from "./series-statements.ts";

const nothing = (): null => null;

/**
 * Milliseconds a transaction that settles may wait for its process: one that stands still there would hold its rule, and the event log's readers behind it, for as long as it stands.
 * More than the series of a rule take, and hardly more than a lease lasts.
 */
const MAX_SETTLING_PAUSE_MS = 15_000;

/** Begins to settle: the database ends what stands still. */
export const beginSettling = async (transaction: SqlTransaction): Promise<void> => {
  const text = "SELECT set_config('idle_in_transaction_session_timeout', $1, true)";
  await transaction.run({ name: "anomaly-begin-settling", text, params: [String(MAX_SETTLING_PAUSE_MS)] }, nothing);
};

/** A transaction, and the log that is written with it. */
export interface Settling {
  readonly transaction: SqlTransaction;
  readonly eventLog: EventLog;
}

/** Writes what follows from the steps of some series of a rule: their transitions, their anomalies, and what the event log tells of both. */
export const writeSettled = async (
  { transaction, eventLog }: Settling,
  { tenantId, id: ruleId }: Pick<Rule, "tenantId" | "id">,
  settled: readonly SettledSeries[],
): Promise<void> => {
  const steps = settled.flatMap((series) => series.steps);
  const anomalies = settled.flatMap((series) => series.anomalies.map((write) => ({ series, write })));
  const begun = anomalies.filter(({ write }) => write.begun !== null);
  const changed = anomalies.filter(({ write }) => write.begun === null);
  // What ends makes room for what begins: a series has one anomaly at a time that is not resolved.
  if (changed.length > 0) await transaction.run(changeAnomaliesStatement(tenantId, changed), nothing);
  if (begun.length > 0) await transaction.run(addAnomaliesStatement(tenantId, ruleId, begun), nothing);
  if (steps.length > 0) await transaction.run(addStepsStatement(tenantId, ruleId, steps), nothing);
  const courses = settled.flatMap(({ fingerprint, course = [] }) =>
    course.length > 0 ? [{ fingerprint, course }] : [],
  );
  if (courses.length > 0) {
    await transaction.run(keepCourseStatement(tenantId, ruleId, courses), nothing);
    const fingerprints = begun.map(({ series: { fingerprint } }) => fingerprint);
    if (begun.length > 0) await transaction.run(trimCourseStatement(tenantId, ruleId, fingerprints), nothing);
  }
  const raised = begun.map(({ write }) => {
    const payload: AnomalyRaised = { tenantId, anomalyId: write.id, ruleId, raisedAtMs: write.begun?.atMs ?? 0 };
    return { tenantId, topic: ANOMALY_RAISED, dedupeKey: write.id, payload };
  });
  const changes = steps.map(({ told }) => ({
    ...{ tenantId, topic: ALERT_CHANGED, dedupeKey: told.transitionId, payload: told },
  }));
  await eventLog.appendAllWith(transaction, [...raised, ...changes]);
};
