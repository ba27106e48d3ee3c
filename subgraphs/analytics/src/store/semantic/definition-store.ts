import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Definition, DefinitionContent, DefinitionKind } from "../../domain/semantic/definition.ts";
import { definitionRow, definitionVersionRow } from "./definition-rows.ts";
import * as statements from "./definition-statements.ts";

/** A definition by its name, in a version; null for the one now. */
export interface Wanted {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly version: number | null;
}

/** A version of a definition, its content as it was kept. */
export interface DefinitionVersion {
  readonly version: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly definedBy: string;
  readonly definedAtMs: number;
}

/** What looking up names needs. */
export interface DefinitionReader {
  /** In no particular order; what there is not is left out. */
  find(wanted: readonly Wanted[]): Promise<readonly Definition[]>;
  /** Names that are not archived, sorted: as many as may be defined. */
  names(kind: DefinitionKind): Promise<readonly string[]>;
}

/** What a definition is to be. */
export interface Draft {
  readonly content: DefinitionContent;
  /** Ids of the definitions it refers to. */
  readonly refersTo: readonly string[];
}

/** Decides on a draft, given what stands now and what else there is; refuses what must not be. */
export type Decide = (now: Definition | null, reader: DefinitionReader) => Promise<Draft>;

/** A name that is to stand for something; the id is of use when nothing has the name. */
export interface NewDefinition {
  readonly id: string;
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly by: string;
  /** Names of the kind a tenant may have. */
  readonly limit: number;
}

/** How defining ended; what stood already is unchanged. */
export type DefineOutcome =
  | { readonly kind: "DEFINED"; readonly definition: Definition; readonly changed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number };

/** How archiving ended. */
export type ArchiveOutcome =
  | { readonly kind: "ARCHIVED"; readonly definition: Definition }
  | { readonly kind: "IN_USE"; readonly usedBy: readonly Definition[] }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Metrics, segments and saved queries in PostgreSQL; all changes of one tenant's follow each other, so that references are checked without a race. */
export interface DefinitionStore {
  reader(tenantId: TenantId): DefinitionReader;
  byId(tenantId: TenantId, id: string, version: number | null): Promise<Definition | null>;
  /** By name after a name; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    kind: DefinitionKind,
    page: { readonly first: number; readonly after: string | null; readonly archived: boolean },
  ): Promise<readonly Definition[]>;
  versions(tenantId: TenantId, id: string, first: number): Promise<readonly DefinitionVersion[]>;
  usedBy(tenantId: TenantId, id: string, first: number): Promise<readonly Definition[]>;
  define(tenantId: TenantId, one: NewDefinition, decide: Decide): Promise<DefineOutcome>;
  /** Archives it unless others refer to it, of which at most `first` are answered. */
  archive(tenantId: TenantId, id: string, first: number): Promise<ArchiveOutcome>;
}

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
  const { content, refersTo } = draft;
  await transaction.run(
    statements.insertDefinitionVersionStatement(tenantId, { id, version, content, by }, nowMs),
    nothing,
  );
  await transaction.run(statements.setVersionStatement(tenantId, id, version), nothing);
  await transaction.run(statements.dropDefinitionReferencesStatement(tenantId, id), nothing);
  await transaction.run(statements.insertDefinitionReferencesStatement(tenantId, id, refersTo), nothing);
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
