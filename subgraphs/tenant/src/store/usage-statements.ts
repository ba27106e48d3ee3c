import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { UsageDimension, UsageFilter, UsageGranularity, UsageQuestion } from "../domain/usage.ts";
import type { UsageRecord } from "../domain/usage-record.ts";

const time = (ms: number): string => new Date(ms).toISOString();

const recordColumns = (record: UsageRecord) => ({
  execution_id: record.executionId,
  started_at: time(record.startedAtMs),
  subject_kind: record.subject.kind,
  subject_id: record.subject.id,
  kind: record.kind,
  operation: record.operation,
  decision: record.decision,
  cost_points: record.costPoints,
  rows_read: record.rowsRead,
  bytes_read: record.bytesRead,
  store_ms: record.storeMs,
  elapsed_ms: record.elapsedMs,
  response_bytes: record.responseBytes,
  events: record.events,
  subscription_seconds: record.subscriptionSeconds,
  predictions: record.predictions,
});

/** Writes records that are not there yet, and their share of the rollups, in one statement; one row: how many were new. */
export const recordUsageStatement = (
  tenantId: TenantId,
  records: readonly UsageRecord[],
  keptSinceMs: number,
): SqlStatement => ({
  name: "record-usage",
  text: "SELECT record_usage($1, $2::jsonb, $3) AS added",
  params: [tenantId, JSON.stringify(records.map(recordColumns)), time(keptSinceMs)],
});

const BUCKET: Readonly<Record<UsageGranularity, string>> = {
  HOUR: "hour",
  DAY: "date_trunc('day', hour, 'UTC')",
  WEEK: "date_trunc('week', hour, 'UTC')",
  MONTH: "date_trunc('month', hour, 'UTC')",
  TOTAL: "$2::timestamptz",
};
const COLUMNS: Readonly<Record<UsageDimension, readonly string[]>> = {
  KIND: ["kind"],
  OPERATION: ["operation"],
  SUBJECT: ["subject_kind", "subject_id"],
  API_KEY: ["CASE WHEN subject_kind = 'API_KEY' THEN subject_id END AS api_key_id"],
};

const executionsOf = (kind: string, alias: string): string =>
  `coalesce(sum(executions) FILTER (WHERE kind = '${kind}'), 0) AS ${alias}`;

const MEASURES = [
  "coalesce(sum(executions), 0) AS executions",
  executionsOf("QUERY", "queries"),
  executionsOf("MUTATION", "mutations"),
  executionsOf("SUBSCRIPTION", "subscriptions"),
  executionsOf("JOB", "jobs"),
  executionsOf("EXPORT", "exports"),
  "coalesce(sum(response_bytes) FILTER (WHERE kind = 'EXPORT'), 0) AS export_bytes",
  ...["refused", "failed", "cost_points", "rows_read", "bytes_read", "store_ms", "elapsed_ms"].map(
    (column) => `coalesce(sum(${column}), 0) AS ${column}`,
  ),
  ...["response_bytes", "events", "predictions"].map((column) => `coalesce(sum(${column}), 0) AS ${column}`),
  "coalesce(sum(subscription_seconds), 0) / 60 AS subscription_minutes",
].join(", ");

const CONDITIONS: readonly { readonly of: keyof UsageFilter; readonly sql: (place: string) => string }[] = [
  { of: "kinds", sql: (place) => `kind = ANY(${place})` },
  { of: "operations", sql: (place) => `operation = ANY(${place})` },
  { of: "subjects", sql: (place) => `subject_id = ANY(${place})` },
  { of: "apiKeys", sql: (place) => `(subject_kind = 'API_KEY' AND subject_id = ANY(${place}))` },
];

/** Sums of the ledger by bucket and dimension, oldest bucket first, then what cost most; one row more than `limit` when there are more. */
export const usageStatement = (tenantId: TenantId, question: UsageQuestion, limit: number): SqlStatement => {
  const narrowed = CONDITIONS.filter(({ of }) => question.filter[of].length > 0);
  const where = narrowed.map(({ sql }, index) => ` AND ${sql(`$${index + 5}::text[]`)}`).join("");
  const columns = question.dimensions.flatMap((dimension) => COLUMNS[dimension]);
  const groups = columns.map((_column, index) => `, ${index + 2}`).join("");
  const select = [`${BUCKET[question.granularity]} AS bucket`, ...columns, MEASURES].join(", ");
  const { granularity } = question;
  const shape = [granularity, ...question.dimensions, ...narrowed.map(({ of }) => of)].join("-");
  return {
    name: `usage-${shape}`.slice(0, 60),
    text: `SELECT ${select} FROM usage_hour WHERE tenant_id = $1 AND hour >= $2 AND hour < $3${where}
GROUP BY 1${groups} ORDER BY 1, cost_points DESC, executions DESC${groups} LIMIT $4`,
    params: [
      tenantId,
      time(question.fromMs),
      time(question.toMs),
      limit + 1,
      ...narrowed.map(({ of }) => question.filter[of]),
    ],
  };
};

/** Mean bytes of the storage samples by bucket, oldest first. */
export const storageStatement = (
  tenantId: TenantId,
  question: Pick<UsageQuestion, "fromMs" | "toMs" | "granularity">,
): SqlStatement => ({
  name: `usage-storage-${question.granularity}`,
  text: `SELECT ${BUCKET[question.granularity]} AS bucket, round(avg(bytes)) AS bytes FROM usage_storage
WHERE tenant_id = $1 AND hour >= $2 AND hour < $3 GROUP BY 1 ORDER BY 1`,
  params: [tenantId, time(question.fromMs), time(question.toMs)],
});

/**
 * By hour: how many records the ledger holds, how many executions its rollup counts, and the sum of a 64-bit hash of every execution id, by which
 * another book of the same executions can be compared without listing them.
 */
export const ledgerHoursStatement = (tenantId: TenantId, fromMs: number, toMs: number): SqlStatement => ({
  name: "ledger-hours",
  text: `SELECT hour, coalesce(r.records, 0) AS records, coalesce(h.rolled_up, 0) AS rolled_up, coalesce(r.checksum, 0)::text AS checksum FROM
  (SELECT date_trunc('hour', started_at, 'UTC') AS hour, count(*) AS records, sum(hashtextextended(execution_id::text, 0)::numeric) AS checksum
    FROM usage_record WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3 GROUP BY 1) r
  FULL JOIN (SELECT hour, sum(executions) AS rolled_up FROM usage_hour WHERE tenant_id = $1 AND hour >= $2 AND hour < $3 GROUP BY 1) h USING (hour)
ORDER BY hour`,
  params: [tenantId, time(fromMs), time(toMs)],
});

/** Notes one storage sample, unless the hour has one. */
export const noteStorageStatement = (
  tenantId: TenantId,
  sample: { readonly hourMs: number; readonly events: number; readonly bytes: number },
): SqlStatement => ({
  name: "note-storage",
  text: "INSERT INTO usage_storage (tenant_id, hour, events, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
  params: [tenantId, time(sample.hourMs), Math.round(sample.events), Math.round(sample.bytes)],
});
