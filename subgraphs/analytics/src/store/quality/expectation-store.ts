import type { TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { expectationInVersionRow, expectationRow, expectationVersionRow } from "./expectation-rows.ts";
import type { ExpectationStore, SaveExpectationOutcome } from "./expectation-store-types.ts";
import * as statements from "./expectation-statements.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
}

const nothing = (): null => null;
const counted = (row: unknown) => z.object({ all: z.number(), of_event: z.number() }).parse(row);

const save =
  ({ sql, nowMs }: Deps): ExpectationStore["save"] =>
  (tenantId, draft, bounds) =>
    sql.transaction(tenantId, async (transaction): Promise<SaveExpectationOutcome> => {
      const { name, content, by } = draft;
      await transaction.run(statements.lockExpectationsStatement(tenantId), nothing);
      const byName = statements.expectationByNameStatement(tenantId, name);
      const [now] = await transaction.run(byName, expectationRow);
      const { version = 0 } = now ?? {};
      if ((draft.expectedVersion ?? version) !== version) return { kind: "OTHER_VERSION", version };
      if (now !== undefined) {
        const same = statements.sameExpectationStatement(tenantId, now.id, version, content);
        if ((await transaction.run(same, nothing)).length > 0)
          return { kind: "SAVED", expectation: now, changed: false };
      }
      const others = statements.countExpectationsStatement(tenantId, name, content.event);
      const [counts = { all: 0, of_event: 0 }] = await transaction.run(others, counted);
      if (counts.all >= bounds.ofTenant) return { kind: "TOO_MANY", limit: bounds.ofTenant, event: null };
      if (counts.of_event >= bounds.ofEvent) return { kind: "TOO_MANY", limit: bounds.ofEvent, event: content.event };
      const next = { id: now?.id ?? draft.id, version: version + 1, content, by };
      if (now === undefined)
        await transaction.run(statements.insertExpectationStatement(tenantId, draft, nowMs()), nothing);
      await transaction.run(statements.insertExpectationVersionStatement(tenantId, next, nowMs()), nothing);
      const { id: nextId, version: nextVersion } = next;
      await transaction.run(
        statements.setExpectationVersionStatement(tenantId, nextId, nextVersion, content.event, nowMs()),
        nothing,
      );
      const [kept] = await transaction.run(byName, expectationRow);
      if (kept === undefined) throw new Error("The expectation was not stored.");
      return { kind: "SAVED", expectation: kept, changed: true };
    });

/** Builds {@link ExpectationStore}. */
export const createExpectationStore = (deps: Deps): ExpectationStore => {
  const { sql } = deps;
  return {
    save: save(deps),
    list: (tenantId, event, most) =>
      sql.run(tenantId, statements.listExpectationsStatement(tenantId, event, most), expectationRow),
    versions: (tenantId, id, first) =>
      sql.run(tenantId, statements.expectationVersionsStatement(tenantId, id, first), expectationVersionRow),
    inVersions: (tenantId, wanted) =>
      sql.run(tenantId, statements.expectationsInVersionsStatement(tenantId, wanted), expectationInVersionRow),
    remove: async (tenantId, id) =>
      (await sql.run(tenantId, statements.deleteExpectationStatement(tenantId, id), nothing)).length > 0,
  };
};
