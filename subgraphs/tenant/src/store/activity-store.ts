import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { MeteredUse } from "../domain/limits.ts";

const DAY_MS = 86_400_000;

/** A metered value by day, oldest first; days without use are 0. */
export interface DailySeries {
  readonly firstDayMs: number;
  readonly daily: readonly number[];
}

/** What a tenant did lately, from the rollups of the ledger. */
export interface ActivityStore {
  /** Use of each of so many whole days before a day (UTC). Begins with the tenant's first use within them, because before it there is nothing to learn from. */
  daily(tenantId: TenantId, metric: keyof MeteredUse, todayMs: number, days: number): Promise<DailySeries>;
  /** Executions by day up to and with today, oldest first, and what they were. */
  summary(
    tenantId: TenantId,
    todayMs: number,
    days: number,
  ): Promise<{
    readonly daily: readonly number[];
    readonly executions: number;
    readonly failed: number;
    readonly operations: number;
    readonly subjects: number;
  }>;
  /** Mean number of queries at work in the busiest hour since a time: milliseconds of work over milliseconds of the hour. */
  peakLoad(tenantId: TenantId, sinceMs: number): Promise<number>;
}

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const DAILY: Readonly<Record<keyof MeteredUse, string>> = {
  EVENTS_PER_MONTH:
    "SELECT day::text AS day, events AS value FROM usage_day WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date",
  ROWS_READ_PER_DAY:
    "SELECT day::text AS day, rows_read AS value FROM usage_day WHERE tenant_id = $1 AND day >= $2::date AND day < $3::date",
  STORAGE_BYTES: `SELECT (hour AT TIME ZONE 'UTC')::date::text AS day, round(avg(bytes)) AS value FROM usage_storage
WHERE tenant_id = $1 AND hour >= $2::date AND hour < $3::date GROUP BY 1`,
};
const valueRow = z.object({ day: z.string(), value: z.coerce.number() });
const summaryRow = z.object({
  executions: z.coerce.number(),
  failed: z.coerce.number(),
  operations: z.coerce.number(),
  subjects: z.coerce.number(),
});

/** Values of days in a row; a day nobody told of is 0. */
const inARow = (rows: readonly z.infer<typeof valueRow>[], firstDayMs: number, days: number): readonly number[] => {
  const byDay = new Map(rows.map(({ day, value }) => [day, value]));
  return Array.from({ length: days }, (_, index) => byDay.get(date(firstDayMs + index * DAY_MS)) ?? 0);
};

/** Builds {@link ActivityStore}. */
export const createActivityStore = (sql: TenantSql): ActivityStore => ({
  daily: async (tenantId, metric, todayMs, days) => {
    const params = [tenantId, date(todayMs - days * DAY_MS), date(todayMs)];
    const rows = await sql.run(tenantId, statement(`daily-${metric}`, DAILY[metric], params), (row) =>
      valueRow.parse(row),
    );
    const first = rows.map(({ day }) => Date.parse(day)).toSorted((a, b) => a - b)[0] ?? todayMs;
    return { firstDayMs: first, daily: inARow(rows, first, Math.round((todayMs - first) / DAY_MS)) };
  },
  summary: async (tenantId, todayMs, days) => {
    const firstDayMs = todayMs - (days - 1) * DAY_MS;
    const params = [tenantId, date(firstDayMs)];
    const text = "SELECT day::text AS day, executions AS value FROM usage_day WHERE tenant_id = $1 AND day >= $2::date";
    const rows = await sql.run(tenantId, statement("activity-days", text, params), (row) => valueRow.parse(row));
    const totals = `SELECT coalesce(sum(executions), 0) AS executions, coalesce(sum(failed), 0) AS failed, count(DISTINCT operation) AS operations,
  count(DISTINCT (subject_kind, subject_id)) AS subjects FROM usage_hour WHERE tenant_id = $1 AND hour >= $2::date`;
    const [row] = await sql.run(tenantId, statement("activity-totals", totals, params), (raw) => summaryRow.parse(raw));
    const nothing = { executions: 0, failed: 0, operations: 0, subjects: 0 };
    return { daily: inARow(rows, firstDayMs, days), ...(row ?? nothing) };
  },
  peakLoad: async (tenantId, sinceMs) => {
    const text = `SELECT coalesce(max(busy), 0) AS value FROM
  (SELECT sum(store_ms) / 3600000 AS busy FROM usage_hour WHERE tenant_id = $1 AND hour >= $2 GROUP BY hour) hours`;
    const value = z.object({ value: z.coerce.number() });
    const params = [tenantId, new Date(sinceMs)];
    const [row] = await sql.run(tenantId, statement("peak-load", text, params), (raw) => value.parse(raw));
    return row?.value ?? 0;
  },
});
