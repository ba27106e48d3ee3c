import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { compareLogCursors } from "@tessera/platform/events/log-cursor";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { compileRollup } from "../../domain/rollups/compile-rollup.ts";
import { MAX_ROWS_PER_BUCKET } from "../../domain/rollups/rollup.ts";
import { tooWide } from "../../domain/rollups/too-wide.ts";
import type { BuildStore, FedBuild } from "../../store/rollups/rollup-store-types.ts";
import type { RollupData } from "../../store/rollups/rollup-data.ts";

/** Name of the consumer in the event log: its place tells what is counted in rollups. */
export const ROLLUP_CONSUMER = "analytics.rollups";

/** Statements that count at a time: each is of one batch, and short. */
const AT_A_TIME = 4;
/** Milliseconds between looks at how wide the buckets of a build have become. */
const WIDTH_LOOK_MS = 60_000;
/** Builds whose last look a process remembers. */
const MAX_REMEMBERED = 10_000;

/** Trouble that passes: everything waits for it. Any other refusal would come again, and ends the build alone. */
const PASSING: readonly string[] = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED", "QUERY_TIMEOUT", "QUERY_CANCELLED"];

/** What counting stored batches in rollups needs. */
export interface CountDeps {
  readonly sql: TenantSql;
  readonly builds: Pick<BuildStore, "fed" | "fail" | "restart" | "setRows">;
  readonly data: Pick<RollupData, "countBatch" | "size">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly logger: Logger;
  /** Rows a bucket may have. */
  readonly maxRowsPerBucket?: number;
}

const told = z.object({
  batchId: z.string().refine((text) => parseBatchId(text) !== null),
  ...{ minTimeMs: z.number(), maxTimeMs: z.number(), receivedAtMs: z.number() },
});

/** Looks from time to time whether a build has grown too wide to be one, and notes its size. */
const createWidthLook = ({ builds, data, nowMs, maxRowsPerBucket = MAX_ROWS_PER_BUCKET }: CountDeps) => {
  const lookedAt = new Map<string, number>();
  return async (tenantId: TenantId, { id, content }: FedBuild, range: { fromMs: number; toMs: number }) => {
    if (nowMs() - (lookedAt.get(id) ?? 0) < WIDTH_LOOK_MS) return;
    if (lookedAt.size >= MAX_REMEMBERED) lookedAt.clear();
    lookedAt.set(id, nowMs());
    const { widest, widestAtMs } = await data.size(tenantId, id, range);
    if (widest > maxRowsPerBucket)
      await builds.fail(tenantId, id, tooWide(content, { rows: widest, atMs: widestAtMs }, maxRowsPerBucket));
    else await builds.setRows(tenantId, id, (await data.size(tenantId, id, null)).rows);
  };
};

/** Counts in a build what the log tells of after its beginning; each batch once, however often it is told of. */
const countIn = async (
  deps: CountDeps,
  look: ReturnType<typeof createWidthLook>,
  tenantId: TenantId,
  build: FedBuild,
  entries: readonly LogEntry[],
): Promise<void> => {
  const later = entries.filter(({ cursor }) => compareLogCursors(cursor, build.beginning) > 0);
  const batches = later.map(({ payload }) => told.parse(payload));
  if (batches.length === 0) return;
  // Such a batch is of the history, which may have been counted before all of it was stored.
  if (batches.some(({ receivedAtMs }) => receivedAtMs < build.cutMs))
    return deps.builds.restart(tenantId, build.id, deps.newId());
  const written = { tenantId, buildId: build.id, rollup: compileRollup(build.content) };
  for (let from = 0; from < batches.length; from += AT_A_TIME)
    await Promise.all(batches.slice(from, from + AT_A_TIME).map((batch) => deps.data.countBatch(written, batch)));
  const fromMs = Math.min(...batches.map(({ minTimeMs }) => minTimeMs));
  await look(tenantId, build, { fromMs, toMs: Math.max(...batches.map(({ maxTimeMs }) => maxTimeMs)) });
};

/**
 * Builds the part that counts stored batches in tenants' rollups, in the order of the event log. Its place moves once everything it took is counted, so
 * that what stands behind it is what questions read from single events.
 */
export const createRollupConsumer = (deps: CountDeps, name = ROLLUP_CONSUMER): LogConsumer => {
  const look = createWidthLook(deps);
  return createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name, topic: BATCH_STORED },
    handle: async (own, tenantId, entries) => {
      for (const build of await deps.builds.fed(tenantId, own)) {
        try {
          await countIn(deps, look, tenantId, build, entries);
        } catch (error) {
          if (!(error instanceof Refusal) || PASSING.includes(error.code)) throw error;
          deps.logger.warn({ build: build.id, code: error.code }, "A batch can't be counted in a rollup.");
          await deps.builds.fail(tenantId, build.id, { code: error.code, detail: error.message });
        }
      }
    },
  });
};
