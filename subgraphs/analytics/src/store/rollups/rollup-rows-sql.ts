import { isUuid } from "@tessera/contracts/ids";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { CompiledRollup } from "../../domain/rollups/rollup.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { conditionSql } from "../condition-sql.ts";
import { createParams, type Params } from "../params.ts";
import { momentSql, sinceSql, untilSql } from "../time-sql.ts";
import { digestSql, keySql, numberSql, sketchSql } from "./slot-sql.ts";

/** Groups one statement may make: far more than a slice of a history has within the bound of rows per bucket. */
export const MAX_GROUPS_AT_ONCE = 2_000_000;

/** Which events were stored before a build began, as it is kept with the build: those received before a moment, and those of some batches received since. */
export interface History {
  readonly cutMs: number;
  readonly batchIds: readonly string[];
}

interface Selected {
  readonly column: string;
  readonly sql: string;
}

const GRAINS = { MINUTE: "toStartOfMinute(time)", HOUR: "toStartOfHour(time)", DAY: "toStartOfDay(time)" } as const;

const selectedOf = (rollup: CompiledRollup, params: Params): readonly Selected[] => [
  ...rollup.dimensions.map((field, place) => ({ column: `k${place}`, sql: keySql(field, params) })),
  { column: "events", sql: "count()" },
  ...(["revenues", "numbers"] as const).flatMap((kind) =>
    rollup[kind].flatMap((of, place) =>
      Object.entries(numberSql(of, params)).map(([part, sql]) => ({
        column: `${kind === "revenues" ? "r" : "x"}${place}_${part}`,
        sql,
      })),
    ),
  ),
  ...rollup.uniques.map((of, place) => ({ column: `u${place}`, sql: sketchSql(of, params) })),
  ...rollup.quantiles.map((of, place) => ({ column: `q${place}`, sql: digestSql(of, params) })),
];

/** A token is of ids and numbers of ours alone; it stands in the text, since settings take no parameters. */
const tokenText = (buildId: string, of: string): string => {
  if (!isUuid(buildId) || !/^[0-9a-f-]+$/.test(of)) throw new Error("A build or batch has an id that is none.");
  return `'${buildId}:${of}'`;
};

/**
 * Counts some events in a build. The token makes it once, however often it is run: all groups come as one block, and the table has no partitions, so that
 * one insert is one part.
 */
const countStatement = (
  build: { readonly tenantId: string; readonly buildId: string; readonly rollup: CompiledRollup },
  token: string,
  which: (params: Params) => readonly string[],
): StoreStatement => {
  const { tenantId, buildId, rollup } = build;
  const params = createParams();
  const selected = selectedOf(rollup, params);
  const keys = ["bucket", ...rollup.dimensions.map((_field, place) => `k${place}`)];
  const tenant = params.place("String", tenantId);
  const where = [`tenant_id = ${tenant}`, ...which(params), ...rollup.filter.map((test) => conditionSql(test, params))];
  const columns = ["tenant_id", "build_id", "bucket", ...selected.map(({ column }) => column)];
  const values = selected.map(({ column, sql }) => `${sql} AS ${column}`);
  const text = [
    `INSERT INTO worker_rollup_rows (${columns.join(", ")})`,
    `SETTINGS insert_deduplication_token = ${token}, max_insert_threads = 1, min_insert_block_size_rows = ${MAX_GROUPS_AT_ONCE * 2},`,
    `  min_insert_block_size_bytes = 0, max_rows_to_group_by = ${MAX_GROUPS_AT_ONCE}, group_by_overflow_mode = 'throw'`,
    `SELECT ${[tenant, params.place("UUID", buildId), `toDateTime(${GRAINS[rollup.grain]}, 'UTC') AS bucket`, ...values].join(", ")}`,
    `FROM events WHERE ${where.join(" AND ")} GROUP BY ${keys.join(", ")}`,
  ].join("\n");
  return { name: "count-in-rollup", text, params: params.values };
};

/** Counts a stored batch in a build. */
export const countBatchStatement = (
  build: Parameters<typeof countStatement>[0],
  batch: { readonly batchId: string; readonly minTimeMs: number; readonly maxTimeMs: number },
): StoreStatement =>
  countStatement(build, tokenText(build.buildId, batch.batchId), (params) => [
    sinceSql(batch.minTimeMs, params),
    untilSql(batch.maxTimeMs, params, true),
    `batch_id = ${params.place("UUID", batch.batchId)}`,
  ]);

const ofHistory = ({ cutMs, batchIds }: History, params: Params): string => {
  const before = `received_at < ${momentSql(cutMs, params)}`;
  return batchIds.length === 0 ? before : `(${before} OR batch_id IN ${params.place("Array(UUID)", batchIds)})`;
};

/** Counts a slice of a history in a build. */
export const countSliceStatement = (
  build: Parameters<typeof countStatement>[0],
  history: History,
  slice: TimeRange,
): StoreStatement =>
  countStatement(build, tokenText(build.buildId, `${slice.fromMs}-${slice.toMs}`), (params) => [
    sinceSql(slice.fromMs, params),
    untilSql(slice.toMs, params),
    ofHistory(history, params),
  ]);

/** Rows `day` (milliseconds since the epoch) and `events`: how many events of a history lie on each UTC day, in order. */
export const historyDaysStatement = (tenantId: string, history: History): StoreStatement => {
  const params = createParams();
  const text = `SELECT toUnixTimestamp(toStartOfDay(time)) * 1000 AS day, count() AS events FROM events
WHERE tenant_id = ${params.place("String", tenantId)} AND ${ofHistory(history, params)} GROUP BY day ORDER BY day`;
  return { name: "history-days", text, params: params.values };
};

/** One row: how many rows a build has, and how many distinct keys its widest bucket of a range has, which one that is. */
export const buildSizeStatement = (tenantId: string, buildId: string, range: TimeRange | null): StoreStatement => {
  const params = createParams();
  const within =
    range === null
      ? ""
      : ` AND bucket >= toDateTime(${params.place("Int64", Math.floor(range.fromMs / 1_000))}, 'UTC') - INTERVAL 1 DAY AND bucket <= toDateTime(${params.place("Int64", Math.floor(range.toMs / 1_000))}, 'UTC')`;
  const text = `SELECT sum(keys) AS rows, max(keys) AS widest, toUnixTimestamp(argMax(bucket, keys)) * 1000 AS at FROM (
  SELECT bucket, uniqCombined64(12)(k0, k1, k2, k3, k4, k5) AS keys FROM worker_rollup_rows
  WHERE tenant_id = ${params.place("String", tenantId)} AND build_id = ${params.place("UUID", buildId)}${within} GROUP BY bucket)`;
  return { name: "rollup-size", text, params: params.values };
};

/** Removes the rows of a build. */
export const dropBuildStatement = (tenantId: string, buildId: string): StoreStatement => {
  const params = createParams();
  const text = `ALTER TABLE worker_rollup_rows DELETE WHERE tenant_id = ${params.place("String", tenantId)} AND build_id = ${params.place("UUID", buildId)}`;
  return { name: "drop-rollup-build", text, params: params.values };
};
