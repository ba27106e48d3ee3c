import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Definition } from "../../domain/semantic/definition.ts";
import { definitionRow, definitionVersionRow } from "./definition-rows.ts";
import type {
  ArchiveOutcome,
  DefineOutcome,
  DefinitionReader,
  DefinitionStore,
  Draft,
} from "./definition-store-types.ts";
import * as statements from "./definition-statements.ts";

type Run = <Row>(statement: SqlStatement, parse: (row: unknown) => Row) => Promise<readonly Row[]>;

const nothing = (): null => null;
const nameRow = (row: unknown): string => z.object({ name: z.string() }).parse(row).name;
const countRow = (row: unknown): number => z.object({ found: z.number() }).parse(row).found;

const readerOf = (tenantId: TenantId, run: Run): DefinitionReader => ({
  find: async (wanted) =>
    wanted.length === 0 ? [] : run(statements.findDefinitionsStatement(tenantId, wanted), definitionRow),
  names: (kind) => run(statements.definitionNamesStatement(tenantId, kind), nameRow),
});

interface Next {
  readonly id: string;
  readonly version: number;
  readonly by: string;
  readonly draft: Draft;
  readonly nowMs: number;
}

const keepVersion = async (transaction: SqlTransaction, tenantId: TenantId, next: Next): Promise<Definition> => {
  const { id, version, by, draft, nowMs } = next;
  const { content, refersTo, cohorts = [] } = draft;
  await transaction.run(
    statements.insertDefinitionVersionStatement(tenantId, { id, version, content, by }, nowMs),
    nothing,
  );
  await transaction.run(statements.setVersionStatement(tenantId, id, version), nothing);
  await transaction.run(statements.dropDefinitionReferencesStatement(tenantId, id), nothing);
  await transaction.run(statements.insertDefinitionReferencesStatement(tenantId, id, refersTo), nothing);
  await transaction.run(statements.dropCohortReferencesStatement(tenantId, id), nothing);
  await transaction.run(statements.insertCohortReferencesStatement(tenantId, id, cohorts), nothing);
  const [kept] = await transaction.run(statements.definitionByIdStatement(tenantId, id, null), definitionRow);
  if (kept === undefined) throw new Error("The definition was not stored.");
  return kept;
};

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
}

const define =
  ({ sql, nowMs }: Deps): DefinitionStore["define"] =>
  (tenantId, one, decide) =>
    sql.transaction(tenantId, async (transaction): Promise<DefineOutcome> => {
      const { kind, name, by, limit } = one;
      await transaction.run(statements.lockDefinitionsStatement(tenantId), nothing);
      const reader = readerOf(tenantId, (statement, parse) => transaction.run(statement, parse));
      const [now] = await reader.find([{ kind, name, version: null }]);
      const draft = await decide(now ?? null, reader);
      if (now === undefined) {
        const [found = 0] = await transaction.run(statements.countDefinitionsStatement(tenantId, kind), countRow);
        if (found >= limit) return { kind: "TOO_MANY", limit };
        await transaction.run(statements.insertDefinitionStatement(tenantId, one, nowMs()), nothing);
      } else if (!now.archived) {
        const same = statements.sameContentStatement(tenantId, now.id, now.version, draft.content);
        if ((await transaction.run(same, nothing)).length > 0)
          return { kind: "DEFINED", definition: now, changed: false };
      }
      const next = { id: now?.id ?? one.id, version: (now?.version ?? 0) + 1, by, draft, nowMs: nowMs() };
      return { kind: "DEFINED", definition: await keepVersion(transaction, tenantId, next), changed: true };
    });

const archive =
  ({ sql, nowMs }: Deps): DefinitionStore["archive"] =>
  (tenantId, id, first) =>
    sql.transaction(tenantId, async (transaction): Promise<ArchiveOutcome> => {
      await transaction.run(statements.lockDefinitionsStatement(tenantId), nothing);
      const usedBy = await transaction.run(statements.definitionUsersStatement(tenantId, id, first), definitionRow);
      if (usedBy.length > 0) return { kind: "IN_USE", usedBy };
      await transaction.run(statements.archiveDefinitionStatement(tenantId, id, nowMs()), nothing);
      await transaction.run(statements.dropCohortReferencesStatement(tenantId, id), nothing);
      const [kept] = await transaction.run(statements.definitionByIdStatement(tenantId, id, null), definitionRow);
      return kept === undefined ? { kind: "NOT_FOUND", id } : { kind: "ARCHIVED", definition: kept };
    });

/** Builds {@link DefinitionStore}. */
export const createDefinitionStore = (deps: Deps): DefinitionStore => {
  const { sql } = deps;
  return {
    reader: (tenantId) => readerOf(tenantId, (statement, parse) => sql.run(tenantId, statement, parse)),
    byId: async (tenantId, id, version) =>
      (await sql.run(tenantId, statements.definitionByIdStatement(tenantId, id, version), definitionRow))[0] ?? null,
    findMany: (tenantId, ids) => sql.run(tenantId, statements.definitionsByIdStatement(tenantId, ids), definitionRow),
    list: (tenantId, kind, page) =>
      sql.run(tenantId, statements.listDefinitionsStatement(tenantId, kind, page), definitionRow),
    versions: (tenantId, id, first) =>
      sql.run(tenantId, statements.definitionVersionsStatement(tenantId, id, first), definitionVersionRow),
    usedBy: (tenantId, id, first) =>
      sql.run(tenantId, statements.definitionUsersStatement(tenantId, id, first), definitionRow),
    define: define(deps),
    archive: archive(deps),
  };
};
