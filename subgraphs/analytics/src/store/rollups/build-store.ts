import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import * as statements from "./build-statements.ts";
import { rollupContent } from "./rollup-rows.ts";
import { insertBuildStatement, lockRollupsStatement } from "./rollup-statements.ts";
import type { Answering, BuildStore, ClaimedBuild, FedBuild } from "./rollup-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
  /** Name of the consumer that counts stored batches; its place tells which are counted. */
  readonly consumer: string;
}

/** Milliseconds within which a batch is told of that was received: what is told of later than that begins a build anew. */
const TOLD_WITHIN_MS = 600_000;

const nothing = (): null => null;
const time = z.date().transform((date) => date.getTime());

const answeringRow = (raw: unknown): Answering => {
  const row = z
    .object({
      builds: z.array(
        z.object({
          ...{ id: z.string(), name: z.string(), content: rollupContent },
          ...{ rows: z.number().nullable(), events: z.number() },
        }),
      ),
      waiting: z.array(z.tuple([z.number(), z.number()])),
    })
    .parse(raw);
  const waiting = row.waiting.map(([fromMs, toMs]) => ({ fromMs, toMs }));
  return { builds: row.builds, waiting: waiting.length > statements.MAX_WAITING ? null : waiting };
};

const fedRow = (raw: unknown): FedBuild => {
  const row = z
    .object({
      ...{ id: z.string(), rollup_id: z.string(), name: z.string(), content: rollupContent },
      ...{ log_transaction: z.string(), log_sequence: z.string(), cut_at: time, doubted: z.boolean() },
    })
    .parse(raw);
  const beginning = { transaction: BigInt(row.log_transaction), sequence: BigInt(row.log_sequence) };
  const { id, name, content, doubted } = row;
  return { id, rollupId: row.rollup_id, name, content, beginning, cutMs: row.cut_at, doubted };
};

const claim = z.object({ tenant_id: z.string(), id: z.string(), run: z.number() });
const ended = z.object({ tenant_id: z.string(), id: z.string() });
const tenantOf = (text: string): TenantId => {
  const tenantId = parseTenantId(text);
  if (tenantId === null) throw new Error("A build names no tenant.");
  return tenantId;
};

const claimedRow =
  (tenantId: TenantId) =>
  (raw: unknown): ClaimedBuild => {
    const row = z
      .object({
        ...{ id: z.string(), run: z.number(), rollup_id: z.string(), content: rollupContent, cut_at: time.nullable() },
        history_batches: z.array(z.string()),
        slices: z.array(z.tuple([z.number(), z.number(), z.number()])).nullable(),
        ...{ slices_done: z.number(), events_done: z.coerce.number() },
      })
      .parse(raw);
    return {
      ...{ tenantId, id: row.id, run: row.run, rollupId: row.rollup_id, content: row.content },
      history: row.cut_at === null ? null : { cutMs: row.cut_at, batchIds: row.history_batches },
      slices: row.slices?.map(([fromMs, toMs, events]) => ({ fromMs, toMs, events })) ?? null,
      ...{ slicesDone: row.slices_done, eventsDone: row.events_done },
    };
  };

const begin =
  ({ sql, nowMs, consumer }: Deps): BuildStore["begin"] =>
  (build) =>
    sql.transaction(build.tenantId, async (transaction) => {
      const { tenantId, id, run } = build;
      await transaction.run(statements.holdConsumerStatement(consumer), nothing);
      await transaction.run(statements.placeConsumerStatement(consumer), nothing);
      await transaction.run(statements.beginBuildStatement(build, consumer, nowMs() - TOLD_WITHIN_MS), nothing);
      const [begun] = await transaction.run(statements.claimedBuildStatement(tenantId, id, run), claimedRow(tenantId));
      return begun ?? build;
    });

const finish =
  ({ sql, nowMs }: Deps): BuildStore["finish"] =>
  (build, rows) =>
    sql.transaction(build.tenantId, async (transaction) => {
      const { tenantId, id, run } = build;
      await transaction.run(lockRollupsStatement(tenantId), nothing);
      const mine = statements.claimedBuildStatement(tenantId, id, run);
      if ((await transaction.run(mine, nothing)).length === 0) return false;
      await transaction.run(statements.replaceAnsweringStatement(build, nowMs()), nothing);
      return (await transaction.run(statements.finishBuildStatement(build, rows, nowMs()), nothing)).length > 0;
    });

const restart =
  ({ sql, nowMs }: Deps): BuildStore["restart"] =>
  (tenantId, buildId, newBuildId) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(lockRollupsStatement(tenantId), nothing);
      const drop = statements.dropBuildForAnotherStatement(tenantId, buildId, nowMs());
      const dropped = z.object({ rollup_id: z.string(), version: z.number(), another: z.boolean() });
      const [of] = await transaction.run(drop, (row) => dropped.parse(row));
      if (of === undefined || of.another) return;
      const next = { buildId: newBuildId, rollupId: of.rollup_id, version: of.version };
      await transaction.run(insertBuildStatement(tenantId, next, nowMs()), nothing);
    });

/** Builds {@link BuildStore}. */
export const createBuildStore = (deps: Deps): BuildStore => {
  const { sql, nowMs, consumer } = deps;
  const wrote = async (tenantId: TenantId, statement: SqlStatement): Promise<boolean> =>
    (await sql.run(tenantId, statement, nothing)).length > 0;
  const claimed: BuildStore["claimed"] = (tenantId, id, run) =>
    sql.run(tenantId, statements.claimedBuildStatement(tenantId, id, run), claimedRow(tenantId));
  return {
    answering: async (tenantId) => {
      const [row] = await sql.run(tenantId, statements.answeringStatement(tenantId, consumer), answeringRow);
      return row ?? { builds: [], waiting: null };
    },
    fed: (tenantId, transaction) => transaction.run(statements.fedBuildsStatement(tenantId), fedRow),
    claimed,
    claimAcrossTenants: async (leaseSeconds, max) => {
      const due = statements.claimBuildsStatement(nowMs(), leaseSeconds, max);
      const builds: ClaimedBuild[] = [];
      for (const { tenant_id, id, run } of await sql.runAcrossTenants(due, (row) => claim.parse(row)))
        builds.push(...(await claimed(tenantOf(tenant_id), id, run)));
      return builds;
    },
    begin: begin(deps),
    layOut: (build, slices) => wrote(build.tenantId, statements.layOutStatement(build, slices)),
    advance: (build, done, leaseSeconds) =>
      wrote(build.tenantId, statements.advanceBuildStatement(build, done, nowMs() + leaseSeconds * 1_000)),
    finish: finish(deps),
    fail: async (tenantId, buildId, failure) => {
      await sql.run(tenantId, statements.failBuildStatement(tenantId, buildId, failure, nowMs()), nothing);
    },
    restart: restart(deps),
    pass: async (tenantId, ids, place) => {
      await sql.run(tenantId, statements.passBuildsStatement(tenantId, ids, place), nothing);
    },
    doubt: async (tenantId, ids) => {
      await sql.run(tenantId, statements.doubtBuildsStatement(tenantId, ids), nothing);
    },
    setRows: async (tenantId, buildId, rows) => {
      await sql.run(tenantId, statements.setBuildRowsStatement(tenantId, buildId, rows), nothing);
    },
    endedAcrossTenants: async (beforeMs, max) =>
      (await sql.runAcrossTenants(statements.endedBuildsStatement(beforeMs, max), (row) => ended.parse(row))).map(
        ({ tenant_id, id }) => ({ tenantId: tenantOf(tenant_id), id }),
      ),
    noteRemoved: async (tenantId, buildId) => {
      await sql.run(tenantId, statements.noteRemovedStatement(tenantId, buildId, nowMs()), nothing);
    },
  };
};
