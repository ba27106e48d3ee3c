import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryStatistics } from "@tessera/platform/store/event-store";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { CompiledRollup } from "../../domain/rollups/rollup.ts";
import { createParams } from "../params.ts";
import { sinceSql, untilSql } from "../time-sql.ts";
import { keySql } from "./slot-sql.ts";

const GRAINS = { MINUTE: "toStartOfMinute(time)", HOUR: "toStartOfHour(time)", DAY: "toStartOfDay(time)" } as const;
const DAY_MS = 86_400_000;

/** Sizes of rollups that are none yet, estimated from the tenant's newest day of events. */
export interface ShapeSizes {
  /** Rows that a day of events would have in each, and how many events it has. Null for a tenant without events. */
  of(
    tenantId: TenantId,
    rollups: readonly CompiledRollup[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly rows: readonly number[]; readonly events: number; readonly cost: QueryStatistics } | null>;
}

const newestStatement = (tenantId: TenantId) => {
  const params = createParams();
  const text = `SELECT count() AS batches, toUnixTimestamp64Milli(max(max_time)) AS newest FROM batches WHERE tenant_id = ${params.place("String", tenantId)}`;
  return { name: "newest-event", text, params: params.values };
};
const newestRow = z.object({ batches: z.coerce.number(), newest: z.coerce.number() });

const sizesStatement = (tenantId: TenantId, rollups: readonly CompiledRollup[], newestMs: number) => {
  const params = createParams();
  const sizes = rollups.map(({ grain, dimensions }, place) => {
    const keys = [GRAINS[grain], ...dimensions.map((field) => keySql(field, params))];
    return `uniqCombined64(12)(${keys.join(", ")}) AS s${place}`;
  });
  const text = `SELECT ${["count() AS events", ...sizes].join(", ")} FROM events
WHERE tenant_id = ${params.place("String", tenantId)} AND ${sinceSql(newestMs - DAY_MS, params)} AND ${untilSql(newestMs, params, true)}`;
  return { name: "rollup-sizes", text, params: params.values };
};
const sizesRow = z.record(z.string(), z.coerce.number());

/** Builds {@link ShapeSizes}. */
export const createShapeSizes = (eventStore: Pick<EventStore, "query">): ShapeSizes => ({
  of: async (tenantId, rollups, signal) => {
    const options = signal === undefined ? {} : { signal };
    const reader = wholeTenant(tenantId);
    const newest = await eventStore.query(reader, newestStatement(tenantId), (row) => newestRow.parse(row), options);
    const [at] = newest.rows;
    if (at === undefined || at.batches === 0) return null;
    const statement = sizesStatement(tenantId, rollups, at.newest);
    const { rows, statistics } = await eventStore.query(reader, statement, (row) => sizesRow.parse(row), options);
    const [row = {}] = rows;
    return {
      rows: rollups.map((_rollup, place) => row[`s${place}`] ?? 0),
      events: row["events"] ?? 0,
      cost: statistics,
    };
  },
});
