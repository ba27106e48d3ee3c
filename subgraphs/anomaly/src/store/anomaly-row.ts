import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { parseAnomalyId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Anomaly, Evidence, Standing } from "../domain/anomaly.ts";
import { idColumn, msColumn } from "./rule-row.ts";

/** The columns of an anomaly in SQL, under the names Prisma gives them, so that one parser reads both. */
export const ANOMALY_COLUMNS = `tenant_id AS "tenantId", id, rule_id AS "ruleId", state, evidence, raised_at AS "raisedAt",
  last_seen_at AS "lastSeenAt", last_value AS "lastValue", times_seen AS "timesSeen", acknowledgement, resolution`;

const evidenceColumn = z.object({
  value: z.number(),
  threshold: z.number(),
  direction: z.enum(["ABOVE", "BELOW"]),
  samples: z.number(),
  window: z.object({ fromMs: z.number(), toMs: z.number() }),
});
const subjectColumn = z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() });
const noteColumns = { atMs: z.number(), by: subjectColumn, note: z.string().nullable() };
const acknowledgementColumn = z.object(noteColumns);
const resolutionColumn = z.discriminatedUnion("cause", [
  z.object({ cause: z.literal("METRIC_RETURNED"), atMs: z.number() }),
  z.object({ cause: z.enum(["CALLER", "RULE_DELETED"]), ...noteColumns }),
]);

const standingColumns = z.discriminatedUnion("state", [
  z.object({ state: z.literal("OPEN") }),
  z.object({ state: z.literal("ACKNOWLEDGED"), acknowledgement: acknowledgementColumn }),
  z.object({
    state: z.literal("RESOLVED"),
    acknowledgement: acknowledgementColumn.nullable(),
    resolution: resolutionColumn,
  }),
]);

const anomalyRow = z.object({
  tenantId: idColumn(parseTenantId),
  id: idColumn(parseAnomalyId),
  ruleId: idColumn(parseRuleId),
  evidence: evidenceColumn,
  raisedAt: msColumn,
  lastSeenAt: msColumn,
  lastValue: z.number(),
  timesSeen: z.number(),
});

/** Reads an anomaly from a row of PostgreSQL or of Prisma; throws ZodError when the row is broken. */
export const parseAnomalyRow = (row: unknown): Anomaly => {
  const { raisedAt, lastSeenAt, ...same } = anomalyRow.parse(row);
  return { ...same, raisedAtMs: raisedAt, lastSeenAtMs: lastSeenAt, standing: standingColumns.parse(row) };
};

/** A standing as the columns state, acknowledgement and resolution hold it. */
export const standingColumnsOf = (
  standing: Standing,
): { readonly state: string; readonly acknowledgement: string | null; readonly resolution: string | null } => {
  const acknowledgement = standing.state === "OPEN" ? null : standing.acknowledgement;
  const resolution = standing.state === "RESOLVED" ? standing.resolution : null;
  return {
    state: standing.state,
    acknowledgement: acknowledgement === null ? null : JSON.stringify(acknowledgement),
    resolution: resolution === null ? null : JSON.stringify(resolution),
  };
};

/** Writes evidence as the store keeps it. */
export const evidenceJson = (evidence: Evidence): string => JSON.stringify(evidence);
