import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { Refusal } from "@tessera/platform/errors/refusal";
import { compareLogCursors, type LogCursor } from "@tessera/platform/events/log-cursor";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { ApartOptions } from "@tessera/platform/events/tenants-apart";
import type { EventStore } from "@tessera/platform/store/event-store";
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
  readonly builds: Pick<BuildStore, "fed" | "fail" | "restart" | "pass" | "doubt" | "setRows">;
  readonly data: Pick<RollupData, "countBatch" | "size">;
  /** Asked whether it answers, when a batch can't be counted. */
  readonly eventStore: Pick<EventStore, "ping">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly logger: Logger;
  /** Rows a bucket may have. */
  readonly maxRowsPerBucket?: number;
  /** How tenants stand apart, if not as from all consumers. */
  readonly apart?: ApartOptions;
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

/** A batch that is told of, at its place. */
interface Told extends z.infer<typeof told> {
  readonly cursor: LogCursor;
}

/** Counts in a build what the log tells of after its beginning; each batch once, however often it is told of. */
const countIn = async (
  deps: CountDeps,
  look: ReturnType<typeof createWidthLook>,
  tenantId: TenantId,
  build: FedBuild,
  entries: readonly Told[],
): Promise<void> => {
  // What the engine may have forgotten is counted with the history of another build.
  if (build.doubted) return deps.builds.restart(tenantId, build.id, deps.newId());
  const batches = entries.filter(({ cursor }) => compareLogCursors(cursor, build.beginning) > 0);
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
 * Counts in all builds of a tenant, in each what it can; answers those of which it can't be told what is counted, and why. The others are past the entries
 * then, which come again for the sake of those.
 */
const countInAll = async (
  deps: CountDeps,
  look: ReturnType<typeof createWidthLook>,
  tenantId: TenantId,
  fed: readonly FedBuild[],
  entries: readonly Told[],
): Promise<{ readonly unsure: readonly string[]; readonly thrown: unknown }> => {
  const { builds, logger } = deps;
  const [unsure, counted]: [string[], string[]] = [[], []];
  let thrown: unknown = null;
  for (const build of fed) {
    try {
      await countIn(deps, look, tenantId, build, entries);
      counted.push(build.id);
    } catch (error) {
      if (error instanceof Refusal && !PASSING.includes(error.code)) {
        logger.warn({ build: build.id, code: error.code }, "A batch can't be counted in a rollup.");
        await builds.fail(tenantId, build.id, { code: error.code, detail: error.message });
      } else {
        thrown = error;
        unsure.push(build.id);
      }
    }
  }
  const last = entries.at(-1);
  if (unsure.length > 0 && counted.length > 0 && last !== undefined) await builds.pass(tenantId, counted, last.cursor);
  return { unsure, thrown };
};

/**
 * Builds the part that counts stored batches in tenants' rollups, in the order of the event log. A tenant's place moves once everything of its that was taken is counted, so
 * that what stands behind it is what questions read from single events. A batch that comes again is known by its token as long as everybody waits for it; of a tenant that is
 * left behind the builds that were being counted in are made anew.
 */
export const createRollupConsumer = (deps: CountDeps, name = ROLLUP_CONSUMER): LogConsumer => {
  const look = createWidthLook(deps);
  /** Builds of which it can't be told what is counted, for tenants whose last entries could not be taken. */
  const doubts = new Map<TenantId, ReadonlySet<string>>();
  const inDoubt = (tenantId: TenantId, builds: readonly string[]): void =>
    void doubts.set(tenantId, new Set([...(doubts.get(tenantId) ?? []), ...builds]));
  return createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name, topic: BATCH_STORED },
    ...(deps.apart === undefined ? {} : { apart: deps.apart }),
    probes: [{ name: "event store", check: () => deps.eventStore.ping() }],
    handle: async (own, tenantId, entries) => {
      const batches = entries.map(({ cursor, payload }) => ({ ...told.parse(payload), cursor }));
      const fed = await deps.builds.fed(tenantId, own);
      if (fed.length === 0) return;
      const before = doubts.get(tenantId) ?? new Set<string>();
      inDoubt(
        tenantId,
        fed.map(({ id }) => id),
      );
      const { unsure, thrown } = await countInAll(deps, look, tenantId, fed, batches);
      doubts.delete(tenantId);
      if (unsure.length === 0) return;
      inDoubt(tenantId, [...before, ...unsure]);
      throw thrown;
    },
    leftBehind: async (tenantId) => {
      await deps.builds.doubt(tenantId, [...(doubts.get(tenantId) ?? [])]);
      doubts.delete(tenantId);
    },
  });
};
