import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { parseAnomalyId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Anomaly } from "../domain/anomaly.ts";
import { idColumn, msColumn } from "./rule-row.ts";

/** The columns of an anomaly in SQL, under the names Prisma gives them, so that one parser reads both. */
export const ANOMALY_COLUMNS = `tenant_id AS "tenantId", id, rule_id AS "ruleId", fingerprint, series_group AS "group", severity, state, evidence,
  raised_at AS "raisedAt", last_seen_at AS "lastSeenAt", last_value AS "lastValue", times_seen AS "timesSeen", acknowledgement, resolution`;

/** The group of a series as it is kept. */
export const groupColumn = z.array(z.object({ name: z.string(), value: z.string().nullable() }));
/** A severity as it is kept. */
export const severityColumn = z.enum(["INFO", "WARNING", "ERROR", "CRITICAL"]);

const number = z.number().nullable();
const evidenceColumn = z.object({
  ...{ value: number, samples: number, score: z.number(), expected: number, low: number, high: number },
  side: z.enum(["ABOVE", "BELOW"]).nullable(),
  because: z.string(),
  weighed: z.array(z.object({ atMs: z.number(), share: z.number(), group: groupColumn.exactOptional() })),
  impact: z.object({ amount: z.number(), currency: z.string().nullable() }).nullable().default(null),
  window: z.object({ fromMs: z.number(), toMs: z.number() }),
});
/** Who acted, as it is kept. */
export const subjectColumn = z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() });
const note = z.string().nullable();
const acknowledgementColumn = z.object({ atMs: z.number(), by: subjectColumn, note });
const resolutionColumn = z.object({
  cause: z.enum([
    ...([
      "CALLER",
      "METRIC_RETURNED",
      "NO_DATA",
      "SERIES_GONE",
      "AUTO_RESOLVED",
      "RULE_CHANGED",
      "RULE_DELETED",
    ] as const),
  ]),
  atMs: z.number(),
  by: subjectColumn.nullable().default(null),
  note: note.default(null),
});

const anomalyRow = z.object({
  tenantId: idColumn(parseTenantId),
  id: idColumn(parseAnomalyId),
  ruleId: idColumn(parseRuleId),
  fingerprint: z.string(),
  group: groupColumn,
  severity: severityColumn,
  state: z.enum(["FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"]),
  evidence: evidenceColumn,
  raisedAt: msColumn,
  lastSeenAt: msColumn,
  lastValue: number,
  timesSeen: z.number(),
  acknowledgement: acknowledgementColumn.nullable(),
  resolution: resolutionColumn.nullable(),
});

/** Reads an anomaly from a row of PostgreSQL or of Prisma; throws ZodError when the row is broken. */
export const parseAnomalyRow = (row: unknown): Anomaly => {
  const { raisedAt, lastSeenAt, ...same } = anomalyRow.parse(row);
  return { ...same, raisedAtMs: raisedAt, lastSeenAtMs: lastSeenAt };
};
