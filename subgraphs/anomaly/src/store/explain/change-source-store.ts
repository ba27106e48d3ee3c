import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { ChangeSource } from "../../domain/explain/change-source.ts";
import { msColumn } from "../rule-row.ts";

/** Which stored events of tenants are changes. */
export interface ChangeSourceStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly ChangeSource[]>;
  /** Saves a source, in the place of one of the same name; null where the tenant has as many as it may. */
  save(tenantId: TenantId, source: ChangeSource): Promise<ChangeSource | null>;
  /** What was removed; null where there was none. */
  remove(tenantId: TenantId, name: string): Promise<ChangeSource | null>;
}

/** How mappings are read. */
type Mapping = Pick<ChangeSource, "title" | "link" | "labels">;

const COLUMNS = `name, kind, event, mapping, saved_by AS "savedBy", saved_at AS "savedAt"`;
const columns = z.object({
  ...{ name: z.string(), event: z.string(), mapping: z.unknown(), savedAt: msColumn },
  kind: z.enum(["DEPLOY", "FLAG", "EXPERIMENT", "CAMPAIGN", "CONFIGURATION", "OTHER"]),
  savedBy: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
});

const statements = {
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "change-sources-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('change_source:' || $1, 0))",
    params: [tenantId],
  }),
  list: (tenantId: TenantId, most: number): SqlStatement => ({
    name: "change-sources",
    text: `SELECT ${COLUMNS} FROM change_source WHERE tenant_id = $1 ORDER BY name LIMIT $2`,
    params: [tenantId, most],
  }),
  save: (tenantId: TenantId, { name, kind, event, title, link, labels, ...saved }: ChangeSource): SqlStatement => ({
    name: "change-source-save",
    text: `INSERT INTO change_source (tenant_id, name, kind, event, mapping, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7)
      ON CONFLICT (tenant_id, name) DO UPDATE SET kind = excluded.kind, event = excluded.event, mapping = excluded.mapping,
        saved_by = excluded.saved_by, saved_at = excluded.saved_at`,
    params: [
      ...[tenantId, name, kind, event, JSON.stringify({ title, link, labels })],
      ...[JSON.stringify(saved.savedBy), new Date(saved.savedAtMs)],
    ],
  }),
  remove: (tenantId: TenantId, name: string): SqlStatement => ({
    name: "change-source-remove",
    text: `DELETE FROM change_source WHERE tenant_id = $1 AND name = $2 RETURNING ${COLUMNS}`,
    params: [tenantId, name],
  }),
};

const nothing = (): null => null;

/** Builds {@link ChangeSourceStore}; `most` is how many a tenant may have, `readMapping` reads what is kept of one. */
export const createChangeSourceStore = ({
  sql,
  most,
  readMapping,
}: {
  readonly sql: TenantSql;
  readonly most: number;
  readonly readMapping: (stored: unknown) => Mapping;
}): ChangeSourceStore => {
  const parse = (row: unknown): ChangeSource => {
    const { mapping, savedAt: savedAtMs, ...same } = columns.parse(row);
    return { ...same, ...readMapping(mapping), savedAtMs };
  };
  return {
    list: (tenantId) => sql.run(tenantId, statements.list(tenantId, most), parse),
    save: (tenantId, source) =>
      sql.transaction(tenantId, async (transaction) => {
        await transaction.run(statements.lock(tenantId), nothing);
        const known = await transaction.run(statements.list(tenantId, most), parse);
        if (known.length >= most && !known.some(({ name }) => name === source.name)) return null;
        await transaction.run(statements.save(tenantId, source), nothing);
        return source;
      }),
    remove: async (tenantId, name) => (await sql.run(tenantId, statements.remove(tenantId, name), parse))[0] ?? null,
  };
};
