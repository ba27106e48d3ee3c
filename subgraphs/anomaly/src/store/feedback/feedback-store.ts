import type { Subject } from "@tessera/contracts/caller";
import { ANOMALY_JUDGED, type AnomalyJudged } from "@tessera/contracts/events/anomaly-judged";
import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Feedback } from "../../domain/feedback/feedback.ts";
import { FEEDBACK_COLUMNS, feedbackRow } from "./feedback-rows.ts";

/** Verdicts on one anomaly that are put down: who changes their mind more often is asked to stay with it. */
export const MAX_FEEDBACK_OF_ANOMALY = 200;
/** Verdicts on a rule's anomalies that are looked at, the newest: each evaluation of the rule reads them. */
const MAX_FEEDBACK_OF_RULE = 2_000;

/** What is to be put down of what somebody said. */
export type NewFeedback = Omit<Feedback, "doneAtMs">;

/** What somebody says is done. */
export interface CauseDone {
  readonly id: string;
  readonly cause: string;
  readonly note: string | null;
  readonly by: Subject;
  readonly atMs: number;
}

/** What people say of a tenant's anomalies. */
export interface FeedbackStore {
  /**
   * Puts down what somebody said, unless `isSaid` finds it said already by all that was said before, and tells of it what `judged` makes of all that is said then; false when the anomaly has as many verdicts as
   * it may.
   */
  give(
    tenantId: TenantId,
    feedback: NewFeedback,
    isSaid: (history: readonly Feedback[]) => boolean,
    judged: (history: readonly Feedback[]) => AnomalyJudged,
  ): Promise<boolean>;
  /** All that was said of these anomalies, in the order it was said. */
  ofAnomalies(tenantId: TenantId, ids: readonly AnomalyId[]): Promise<readonly Feedback[]>;
  /** What was said of a rule's anomalies since a moment, in the order it was said. */
  ofRule(tenantId: TenantId, ruleId: RuleId, sinceMs: number): Promise<readonly Feedback[]>;
  /** Says that a cause is done; answers how many verdicts name it that were not done before. */
  markDone(tenantId: TenantId, done: CauseDone): Promise<number>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const countRow = (row: unknown): number => z.object({ count: z.number() }).parse(row).count;

const statements = {
  /** The rule first, as whoever evaluates it does: two that hold the one and wait for the other would wait for ever. */
  holdRule: (tenantId: TenantId, ruleId: RuleId): SqlStatement => ({
    name: "feedback-hold-rule",
    text: "SELECT id FROM anomaly_rule WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE",
    params: [tenantId, ruleId],
  }),
  /** Who says something of an anomaly does so one after the other. */
  hold: (tenantId: TenantId, anomalyId: AnomalyId): SqlStatement => ({
    name: "feedback-hold-anomaly",
    text: "SELECT id FROM anomaly WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
    params: [tenantId, anomalyId],
  }),
  ofAnomalies: (tenantId: TenantId, ids: readonly AnomalyId[]): SqlStatement => ({
    name: "feedback-of-anomalies",
    text: `SELECT ${FEEDBACK_COLUMNS} FROM anomaly_feedback f WHERE f.tenant_id = $1 AND f.anomaly_id = ANY ($2) ORDER BY f.seq LIMIT $3`,
    params: [tenantId, ids, ids.length * MAX_FEEDBACK_OF_ANOMALY],
  }),
  ofRule: (tenantId: TenantId, ruleId: RuleId, sinceMs: number): SqlStatement => ({
    name: "feedback-of-rule",
    text: `SELECT ${FEEDBACK_COLUMNS} FROM (SELECT * FROM anomaly_feedback WHERE tenant_id = $1 AND rule_id = $2 AND at > $3 ORDER BY seq DESC LIMIT $4) f
      ORDER BY f.seq`,
    params: [tenantId, ruleId, at(sinceMs), MAX_FEEDBACK_OF_RULE],
  }),
  insert: (tenantId: TenantId, feedback: NewFeedback): SqlStatement => ({
    name: "feedback-insert",
    text: `INSERT INTO anomaly_feedback (tenant_id, id, anomaly_id, rule_id, verdict, cause, note, expected, expires_at, seen, given_by, at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10::jsonb, $11::jsonb, $12)`,
    params: [
      ...[tenantId, feedback.id, feedback.anomalyId, feedback.ruleId, feedback.verdict, feedback.cause, feedback.note],
      feedback.expected === null ? null : JSON.stringify(feedback.expected),
      feedback.expiresAtMs === null ? null : at(feedback.expiresAtMs),
      ...[JSON.stringify(feedback.seen), JSON.stringify(feedback.by), at(feedback.atMs)],
    ],
  }),
  countOfCause: (tenantId: TenantId, { cause, atMs }: CauseDone): SqlStatement => ({
    name: "feedback-count-of-cause",
    text: `SELECT count(*)::integer AS count FROM anomaly_feedback f WHERE f.tenant_id = $1 AND f.cause = $2 AND f.at <= $3
      AND NOT EXISTS (SELECT 1 FROM anomaly_cause_done d WHERE d.tenant_id = f.tenant_id AND d.cause = f.cause AND d.at >= f.at)`,
    params: [tenantId, cause, at(atMs)],
  }),
  insertDone: (tenantId: TenantId, { id, cause, note, by, atMs }: CauseDone): SqlStatement => ({
    name: "feedback-insert-done",
    text: "INSERT INTO anomaly_cause_done (tenant_id, id, cause, note, done_by, at) VALUES ($1, $2, $3, $4, $5::jsonb, $6)",
    params: [tenantId, id, cause, note, JSON.stringify(by), at(atMs)],
  }),
};

/** Builds {@link FeedbackStore}. */
export const createFeedbackStore = ({
  sql,
  eventLog,
}: {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
}): FeedbackStore => ({
  give: (tenantId, feedback, isSaid, judged) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.holdRule(tenantId, feedback.ruleId), nothing);
      await transaction.run(statements.hold(tenantId, feedback.anomalyId), nothing);
      const history = await transaction.run(statements.ofAnomalies(tenantId, [feedback.anomalyId]), feedbackRow);
      if (isSaid(history)) return true;
      if (history.length >= MAX_FEEDBACK_OF_ANOMALY) return false;
      await transaction.run(statements.insert(tenantId, feedback), nothing);
      const payload = judged([...history, { ...feedback, doneAtMs: null }]);
      await eventLog.appendWith(transaction, { tenantId, topic: ANOMALY_JUDGED, dedupeKey: feedback.id, payload });
      return true;
    }),
  ofAnomalies: (tenantId, ids) => sql.run(tenantId, statements.ofAnomalies(tenantId, ids), feedbackRow),
  ofRule: (tenantId, ruleId, sinceMs) => sql.run(tenantId, statements.ofRule(tenantId, ruleId, sinceMs), feedbackRow),
  markDone: (tenantId, done) =>
    sql.transaction(tenantId, async (transaction) => {
      const [count = 0] = await transaction.run(statements.countOfCause(tenantId, done), countRow);
      // A cause that nothing names is not put down: it would be done for whatever names it in the same moment alone.
      if (count > 0) await transaction.run(statements.insertDone(tenantId, done), nothing);
      return count;
    }),
});
