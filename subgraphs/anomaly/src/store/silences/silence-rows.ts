import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { SavedInhibition, Silence } from "../../domain/silences/silence.ts";
import { idColumn, msColumn } from "../rule-row.ts";

/** The columns of a silence, under the names that its parser reads. */
export const SILENCE_COLUMNS =
  'tenant_id AS "tenantId", id, kind, matchers, silent, comment, created_by AS "createdBy", created_at AS "createdAt", ended_at AS "endedAt"';
/** The columns of an inhibition. */
export const INHIBITION_COLUMNS = 'tenant_id AS "tenantId", id, name, source, target, equal, created_at AS "createdAt"';

const matchers = z.array(
  z.object({
    label: z.string(),
    operator: z.enum(["EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "REGEX", "NOT_REGEX"]),
    values: z.array(z.string()),
  }),
);
const span = { fromMs: z.number(), untilMs: z.number() };
const silent = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ONCE"), ...span }),
  z.object({
    ...{ kind: z.literal("RECURRING"), cron: z.string(), timeZone: z.string(), durationMs: z.number() },
    ...{ fromMs: z.number(), untilMs: z.number().nullable() },
  }),
]);
const silenceColumns = z.object({
  tenantId: idColumn(parseTenantId),
  id: z.string(),
  kind: z.enum(["SUPPRESSED", "MAINTENANCE"]),
  matchers,
  silent,
  comment: z.string(),
  createdBy: z.object({ kind: z.enum(["API_KEY", "USER", "SERVICE", "CLIENT", "LINK"]), id: z.string() }),
  createdAt: msColumn,
  endedAt: msColumn.nullable(),
});
const inhibitionColumns = z.object({
  ...{ tenantId: idColumn(parseTenantId), id: z.string(), name: z.string(), source: matchers, target: matchers },
  ...{ equal: z.array(z.string()), createdAt: msColumn },
});
const openAlertColumns = z.object({
  fingerprint: z.string(),
  group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  ...{ severity: z.string(), sinceMs: z.number(), rule: z.string(), labels: z.record(z.string(), z.string()) },
});

/** Reads a silence. */
export const silenceRow = (row: unknown): Silence => {
  const { silent: window, createdAt, endedAt, ...same } = silenceColumns.parse(row);
  return { ...same, window, createdAtMs: createdAt, endedAtMs: endedAt };
};

/** Reads an inhibition. */
export const inhibitionRow = (row: unknown): SavedInhibition => {
  const { createdAt, ...same } = inhibitionColumns.parse(row);
  return { ...same, createdAtMs: createdAt };
};

/** An alert that is open, with what its labels are made of. */
export type StoredOpenAlert = z.infer<typeof openAlertColumns>;

/** Reads an open alert. */
export const openAlertRow = (row: unknown): StoredOpenAlert => openAlertColumns.parse(row);
