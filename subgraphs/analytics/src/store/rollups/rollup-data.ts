import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { z } from "zod";
import type { CompiledRollup } from "../../domain/rollups/rollup.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import {
  buildSizeStatement,
  countBatchStatement,
  countSliceStatement,
  dropBuildStatement,
  historyDaysStatement,
  type History,
} from "./rollup-rows-sql.ts";

/** Seconds the engine may work on one statement that counts, lays out or removes. */
export const MAX_COUNT_SECONDS = 300;

/** A build as its rows are written. */
export interface WrittenBuild {
  readonly tenantId: TenantId;
  readonly buildId: string;
  readonly rollup: CompiledRollup;
}

/** How large a build is. */
export interface BuildSize {
  readonly rows: number;
  /** Rows of the bucket with the most, and the moment it begins. */
  readonly widest: number;
  readonly widestAtMs: number;
}

/** Rows of rollups in the event store: written by workers, once for each token. */
export interface RollupData {
  countBatch(
    build: WrittenBuild,
    batch: { readonly batchId: string; readonly minTimeMs: number; readonly maxTimeMs: number },
  ): Promise<void>;
  countSlice(build: WrittenBuild, history: History, slice: TimeRange): Promise<void>;
  /** Events of a history by UTC day, in order. */
  days(tenantId: TenantId, history: History): Promise<readonly { readonly dayMs: number; readonly events: number }[]>;
  /** Of a whole build, or of the buckets of a range. */
  size(tenantId: TenantId, buildId: string, range: TimeRange | null): Promise<BuildSize>;
  drop(tenantId: TenantId, buildId: string): Promise<void>;
}

const dayRow = z
  .object({ day: z.coerce.number(), events: z.coerce.number() })
  .transform(({ day, events }) => ({ dayMs: day, events }));
const sizeRow = z
  .object({ rows: z.coerce.number(), widest: z.coerce.number(), at: z.coerce.number() })
  .transform(({ rows, widest, at }) => ({ rows, widest, widestAtMs: at }));

/** Builds {@link RollupData}. Persons are those of the time an event was stored: a question that counts linked people apart does not come to a rollup. */
export const createRollupData = (deps: {
  readonly eventStore: Pick<EventStore, "query">;
  readonly longQueries: Pick<LongQueryStore, "fill" | "stream">;
}): RollupData => {
  const { eventStore, longQueries } = deps;
  const options = { maxSeconds: MAX_COUNT_SECONDS };
  return {
    countBatch: async (build, batch) => {
      await longQueries.fill(wholeTenant(build.tenantId), countBatchStatement(build, batch), options);
    },
    countSlice: async (build, history, slice) => {
      await longQueries.fill(wholeTenant(build.tenantId), countSliceStatement(build, history, slice), options);
    },
    days: async (tenantId, history) => {
      const days: { readonly dayMs: number; readonly events: number }[] = [];
      const asked = { ...options, signal: new AbortController().signal, onProgress: () => undefined };
      const statement = historyDaysStatement(tenantId, history);
      for await (const rows of longQueries.stream(wholeTenant(tenantId), statement, (row) => dayRow.parse(row), asked))
        days.push(...rows);
      return days;
    },
    size: async (tenantId, buildId, range) => {
      const statement = buildSizeStatement(tenantId, buildId, range);
      const { rows } = await eventStore.query(wholeTenant(tenantId), statement, (row) => sizeRow.parse(row));
      return rows[0] ?? { rows: 0, widest: 0, widestAtMs: 0 };
    },
    drop: async (tenantId, buildId) => {
      await longQueries.fill(wholeTenant(tenantId), dropBuildStatement(tenantId, buildId), options);
    },
  };
};
