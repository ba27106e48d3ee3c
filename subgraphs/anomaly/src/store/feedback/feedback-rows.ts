import { parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { ExpectedPeriod, Feedback } from "../../domain/feedback/feedback.ts";
import { groupColumn, severityColumn, subjectColumn } from "../anomaly-row.ts";
import { idColumn, msColumn } from "../rule-row.ts";

/** Columns of what was said of an anomaly, under the names their parser reads; the table is `f`. */
export const FEEDBACK_COLUMNS = `f.id, f.anomaly_id AS "anomalyId", f.rule_id AS "ruleId", f.verdict, f.cause, f.note, f.expected, f.expires_at AS "expiresAt",
  f.seen, f.given_by AS "by", f.at, (SELECT max(d.at) FROM anomaly_cause_done d
    WHERE d.tenant_id = f.tenant_id AND d.cause = f.cause AND d.at >= f.at) AS "doneAt"`;

const span = { fromMs: z.number(), untilMs: z.number() };
const recurring = { timeZone: z.string(), fromHour: z.number(), hours: z.number(), untilMs: z.number() };
const expectedColumn: z.ZodType<ExpectedPeriod> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ONCE"), ...span }),
  z.object({ kind: z.enum(["DAILY", "WEEKLY"]), ...recurring }),
]);

const feedbackColumns = z.object({
  id: z.string(),
  ...{ anomalyId: idColumn(parseAnomalyId), ruleId: idColumn(parseRuleId) },
  verdict: z.enum(["TRUE", "FALSE", "EXPECTED", "KNOWN_ISSUE", "WITHDRAWN"]),
  ...{ cause: z.string().nullable(), note: z.string().nullable(), expected: expectedColumn.nullable() },
  seen: z.object({
    ...{ fingerprint: z.string(), group: groupColumn, ...span, score: z.number(), judgedBy: z.string() },
    ...{ side: z.enum(["ABOVE", "BELOW"]).nullable(), severity: severityColumn },
  }),
  ...{ by: subjectColumn, at: msColumn, expiresAt: msColumn.nullable(), doneAt: msColumn.nullable() },
});

/** Reads what was said of an anomaly; throws ZodError when the row is broken. */
export const feedbackRow = (row: unknown): Feedback => {
  const { at, expiresAt, doneAt, ...same } = feedbackColumns.parse(row);
  return { ...same, atMs: at, expiresAtMs: expiresAt, doneAtMs: doneAt };
};
