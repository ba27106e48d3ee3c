import type { TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { rollupRow, rollupVersionRow } from "./rollup-rows.ts";
import * as statements from "./rollup-statements.ts";
import type { DefineRollupOutcome, RollupStore } from "./rollup-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
}

const nothing = (): null => null;
const counted = (row: unknown) => z.object({ names: z.number(), rollups: z.number() }).parse(row);

const define =
  ({ sql, nowMs }: Deps): RollupStore["define"] =>
  (tenantId, draft, bounds) =>
    sql.transaction(tenantId, async (transaction): Promise<DefineRollupOutcome> => {
      await transaction.run(statements.lockRollupsStatement(tenantId), nothing);
      const byName = statements.rollupByNameStatement(tenantId, draft.name);
      const [now] = await transaction.run(byName, rollupRow);
      const { version = 0 } = now ?? {};
      if ((draft.expectedVersion ?? version) !== version) return { kind: "OTHER_VERSION", version };
      if (now !== undefined && !now.archived && now.build?.state !== "FAILED") {
        const same = statements.sameRollupContentStatement(tenantId, now.id, version, draft.content);
        if ((await transaction.run(same, nothing)).length > 0) return { kind: "DEFINED", rollup: now, changed: false };
      }
      const [counts = { names: 0, rollups: 0 }] = await transaction.run(
        statements.countRollupsStatement(tenantId),
        counted,
      );
      if (now === undefined && counts.names >= bounds.names) return { kind: "TOO_MANY", limit: bounds.names };
      if (now?.archived !== false && counts.rollups >= bounds.rollups)
        return { kind: "TOO_MANY", limit: bounds.rollups };
      const next = { id: now?.id ?? draft.id, version: version + 1, content: draft.content, by: draft.by };
      if (now === undefined) await transaction.run(statements.insertRollupStatement(tenantId, draft, nowMs()), nothing);
      await transaction.run(statements.insertRollupVersionStatement(tenantId, next, nowMs()), nothing);
      await transaction.run(statements.setRollupVersionStatement(tenantId, next.id, next.version), nothing);
      // What answers goes on answering, as the version it is of, until the new build is complete.
      await transaction.run(statements.dropBuildsStatement(tenantId, next.id, ["BUILDING"], nowMs()), nothing);
      const build = { buildId: draft.buildId, rollupId: next.id, version: next.version };
      await transaction.run(statements.insertBuildStatement(tenantId, build, nowMs()), nothing);
      const [kept] = await transaction.run(byName, rollupRow);
      if (kept === undefined) throw new Error("The rollup was not stored.");
      return { kind: "DEFINED", rollup: kept, changed: true };
    });

const archive =
  ({ sql, nowMs }: Deps): RollupStore["archive"] =>
  (tenantId, id) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.lockRollupsStatement(tenantId), nothing);
      await transaction.run(statements.archiveRollupStatement(tenantId, id, nowMs()), nothing);
      await transaction.run(statements.dropBuildsStatement(tenantId, id, ["BUILDING", "READY"], nowMs()), nothing);
      return (await transaction.run(statements.rollupByIdStatement(tenantId, id), rollupRow))[0] ?? null;
    });

/** Builds {@link RollupStore}. */
export const createRollupStore = (deps: Deps): RollupStore => {
  const { sql } = deps;
  return {
    define: define(deps),
    archive: archive(deps),
    find: async (tenantId, id) =>
      (await sql.run(tenantId, statements.rollupByIdStatement(tenantId, id), rollupRow))[0] ?? null,
    list: (tenantId, page) => sql.run(tenantId, statements.listRollupsStatement(tenantId, page), rollupRow),
    versions: (tenantId, id, first) =>
      sql.run(tenantId, statements.rollupVersionsStatement(tenantId, id, first), rollupVersionRow),
  };
};
