import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Rollup, RollupBuild, RollupContent, RollupVersion } from "../../domain/rollups/rollup.ts";

const meanings = z.object({
  found: z.array(
    z.object({
      ...{ written: z.string(), version: z.number().nullable() },
      expression: z.record(z.string(), z.unknown()),
    }),
  ),
  unknown: z.array(z.never()),
});

/** What is kept of a version: written by {@link RollupStore.define} alone, and read into columns by `compileRollup`, which refuses what it can't. */
export const rollupContent = z
  .object({
    ...{ description: z.string(), dimensions: z.array(z.string()), grain: z.enum(["MINUTE", "HOUR", "DAY"]) },
    filter: z.record(z.string(), z.unknown()).nullable(),
    meanings: meanings.exactOptional(),
    measures: z.array(
      z.object({
        function: z.enum(["UNIQUES", "SUM", "AVG", "MIN", "MAX", "QUANTILES"]),
        of: z.string(),
        currency: z.string().optional(),
      }),
    ),
  })
  // boundary: a filter is read again by parseFilter, and an expression by parseExpression, which tell every mistake in them.
  .transform((content) => content as RollupContent);

const time = z.date().transform((date) => date.getTime());
const count = z.coerce.number();

const rollup = z.object({
  ...{ id: z.string(), tenant_id: z.string(), name: z.string(), version: z.number() },
  ...{ archived_at: time.nullable(), created_by: z.string(), created_at: time },
  ...{ content: rollupContent, defined_by: z.string(), defined_at: time },
  ...{ build_id: z.string().nullable(), build_version: z.number().nullable() },
  state: z.enum(["BUILDING", "READY", "FAILED", "DROPPED"]).nullable(),
  ...{ events_total: count.nullable(), events_done: count.nullable(), rows: count.nullable() },
  ...{ started_at: time.nullable(), ready_at: time.nullable() },
  ...{ failed_code: z.string().nullable(), failed_detail: z.string().nullable(), answering: z.number().nullable() },
});

const buildOf = (row: z.infer<typeof rollup>): RollupBuild | null => {
  const { build_id: id, build_version: version, state, started_at: startedAtMs } = row;
  if (id === null || version === null || state === null || startedAtMs === null) return null;
  return {
    ...{ id, version, state, startedAtMs, rows: row.rows, readyAtMs: row.ready_at },
    ...{ eventsTotal: row.events_total, eventsDone: row.events_done ?? 0 },
    failure: row.failed_code === null ? null : { code: row.failed_code, detail: row.failed_detail ?? "" },
  };
};

/** Reads a rollup. */
export const rollupRow = (raw: unknown): Rollup => {
  const row = rollup.parse(raw);
  const tenantId = parseTenantId(row.tenant_id);
  if (tenantId === null) throw new Error("A rollup names no tenant.");
  return {
    ...{ id: row.id, tenantId, name: row.name, version: row.version, content: row.content },
    ...{ archived: row.archived_at !== null, createdBy: row.created_by, createdAtMs: row.created_at },
    ...{ definedBy: row.defined_by, definedAtMs: row.defined_at, build: buildOf(row), answering: row.answering },
  };
};

const version = z.object({ version: z.number(), content: rollupContent, defined_by: z.string(), defined_at: time });

/** Reads a version. */
export const rollupVersionRow = (raw: unknown): RollupVersion => {
  const row = version.parse(raw);
  return { version: row.version, content: row.content, definedBy: row.defined_by, definedAtMs: row.defined_at };
};
