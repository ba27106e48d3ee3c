import { parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { AlertStep } from "../domain/rules/alert-step.ts";
import { severityColumn, subjectColumn } from "./anomaly-row.ts";
import { idColumn, msColumn } from "./rule-row.ts";

/** The columns of a step, under the names the parser knows. */
export const STEP_COLUMNS = `id, rule_id AS "ruleId", fingerprint, anomaly_id AS "anomalyId", from_state AS "from", to_state AS "to", reason, severity, notify,
  silence, escalation_step AS "escalationStep", at, actor, note`;

/** Where an alert may stand. */
export const statesColumn = z.enum(["OK", "PENDING", "FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"]);
const reasons = z.enum([
  ...(["BREACHED", "BREACHED_LONG_ENOUGH", "RETURNED_BEFORE_FIRING", "RETURNED", "RETURNED_LONG_ENOUGH"] as const),
  ...([
    "BREACHED_AGAIN",
    "ACKNOWLEDGED_BY_CALLER",
    "ACKNOWLEDGED_BY_CHANNEL",
    "RESOLVED_BY_CALLER",
    "NO_DATA",
  ] as const),
  ...(["NO_DATA_LONG_ENOUGH", "SERIES_GONE", "RULE_CHANGED", "RULE_DELETED", "SEVERITY_ROSE", "ESCALATED"] as const),
  ...(["RENOTIFIED", "SNOOZED", "SNOOZE_ENDED", "FLAPPING_BEGAN", "FLAPPING_ENDED", "SILENCE_ENDED"] as const),
  "AUTO_RESOLVED" as const,
]);
const silences = z.enum(["SNOOZED", "SUPPRESSED", "MAINTENANCE", "INHIBITED", "FEEDBACK", "FLAPPING", "RENOTIFY_CAP"]);

const stepRow = z.object({
  id: z.string(),
  ruleId: idColumn(parseRuleId),
  fingerprint: z.string(),
  anomalyId: idColumn(parseAnomalyId).nullable(),
  ...{ from: statesColumn, to: statesColumn, reason: reasons, severity: severityColumn, notify: z.boolean() },
  ...{ silence: silences.nullable(), escalationStep: z.number().nullable(), at: msColumn },
  actor: subjectColumn.nullable(),
  note: z.string().nullable(),
});

/** Reads a step from its row; throws ZodError when the row is broken. */
export const parseStepRow = (row: unknown): AlertStep => {
  const { at, actor, ...same } = stepRow.parse(row);
  return { ...same, atMs: at, by: actor };
};
