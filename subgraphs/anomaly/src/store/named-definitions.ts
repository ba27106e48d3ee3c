import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { msColumn } from "./rule-row.ts";

/** What a tenant defines by name, version by version, and where it is kept: tables of the same columns. */
type DefinitionTable = "event_calendar" | "escalation_policy" | "on_call_schedule" | "service_objective";

/** A definition to be saved: a new one, or another version of one that was read. */
export interface DefinitionToSave<Definition> {
  readonly id: string;
  /** The version that was read; null makes a new one. */
  readonly version: number | null;
  readonly definition: Definition;
}

/** What became of a definition to be saved; STALE tells what stands there. */
export type DefinitionOutcome<Saved> =
  | { readonly kind: "SAVED" | "STALE"; readonly saved: Saved }
  | { readonly kind: "NOT_FOUND" | "NAME_TAKEN" }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** Definitions of one kind as their store writes them. */
export interface NamedDefinitions<Definition, Saved> {
  /** Within a transaction: whoever changes which definitions a tenant has does so one after the other. */
  lock(transaction: SqlTransaction, tenantId: TenantId): Promise<unknown>;
  save(tenantId: TenantId, toSave: DefinitionToSave<Definition>, nowMs: number): Promise<DefinitionOutcome<Saved>>;
  /** The same within a transaction of the tenant. */
  saveWithin(
    transaction: SqlTransaction,
    tenantId: TenantId,
    toSave: DefinitionToSave<Definition>,
    nowMs: number,
  ): Promise<DefinitionOutcome<Saved>>;
  /** Whether there was one to remove. */
  removeWithin(transaction: SqlTransaction, tenantId: TenantId, id: string): Promise<boolean>;
  /** Whether there was one to remove. */
  remove(tenantId: TenantId, id: string): Promise<boolean>;
}

/** The columns that all of them have. */
export const definitionColumns = z.object({
  ...{ id: z.string(), definition: z.unknown(), version: z.number(), createdAt: msColumn, changedAt: msColumn },
});

/** Reads a definition by its codec; throws ZodError when the row is broken. */
export const savedDefinition = <Definition>(
  { createdAt, changedAt, definition, ...same }: z.infer<typeof definitionColumns>,
  codec: { read(stored: unknown): Definition },
) => ({ ...same, definition: codec.read(definition), createdAtMs: createdAt, changedAtMs: changedAt });

const nothing = (): null => null;
const nameRow = (row: unknown) => z.object({ id: z.string(), name: z.string(), version: z.number() }).parse(row);

const lockStatement = (table: DefinitionTable, tenantId: TenantId): SqlStatement => ({
  name: `${table}-lock`,
  text: "SELECT pg_advisory_xact_lock(hashtextextended($1 || ':' || $2, 0))",
  params: [table, tenantId],
});
const namesStatement = (table: DefinitionTable, tenantId: TenantId): SqlStatement => ({
  name: `${table}-names`,
  text: `SELECT id, name, version FROM ${table} WHERE tenant_id = $1`,
  params: [tenantId],
});
const writeStatement = (
  table: DefinitionTable,
  tenantId: TenantId,
  {
    id,
    name,
    stored,
    nowMs,
  }: { readonly id: string; readonly name: string; readonly stored: unknown; readonly nowMs: number },
): SqlStatement => ({
  name: `${table}-write`,
  text: `INSERT INTO ${table} (tenant_id, id, name, definition, created_at, changed_at) VALUES ($1, $2, $3, $4::jsonb, $5, $5)
    ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, definition = excluded.definition, changed_at = excluded.changed_at,
      version = ${table}.version + 1`,
  params: [tenantId, id, name, JSON.stringify(stored), new Date(nowMs)],
});
const removeStatement = (table: DefinitionTable, tenantId: TenantId, id: string): SqlStatement => ({
  name: `${table}-remove`,
  text: `DELETE FROM ${table} WHERE tenant_id = $1 AND id = $2 RETURNING id`,
  params: [tenantId, id],
});

/** Builds {@link NamedDefinitions} of one table; `read` reads one as it stands there. */
export const createNamedDefinitions = <Definition extends { readonly name: string }, Saved>(deps: {
  readonly sql: TenantSql;
  readonly table: DefinitionTable;
  /** How many a tenant may have. */
  readonly most: number;
  readonly codec: { write(definition: Definition): unknown };
  readonly read: (
    transaction: SqlTransaction,
    tenantId: TenantId,
    id: string,
    nowMs: number,
  ) => Promise<readonly Saved[]>;
}): NamedDefinitions<Definition, Saved> => {
  const { sql, table, most, codec, read } = deps;
  const lock = (transaction: SqlTransaction, tenantId: TenantId) =>
    transaction.run(lockStatement(table, tenantId), nothing);
  const removeWithin = async (transaction: SqlTransaction, tenantId: TenantId, id: string): Promise<boolean> =>
    (await transaction.run(removeStatement(table, tenantId, id), nothing)).length > 0;
  const saveWithin: NamedDefinitions<Definition, Saved>["saveWithin"] = async (
    transaction,
    tenantId,
    { id, version, definition },
    nowMs,
  ) => {
    await lock(transaction, tenantId);
    const names = await transaction.run(namesStatement(table, tenantId), nameRow);
    const there = names.find((one) => one.id === id);
    const found = async (): Promise<Saved> => {
      const [saved] = await read(transaction, tenantId, id, nowMs);
      if (saved === undefined) throw new Error(`There is nothing in ${table} where something was just now.`);
      return saved;
    };
    if (version !== null && there === undefined) return { kind: "NOT_FOUND" };
    if (version !== null && there?.version !== version) return { kind: "STALE", saved: await found() };
    if (names.some((one) => one.name === definition.name && one.id !== id)) return { kind: "NAME_TAKEN" };
    if (there === undefined && names.length >= most) return { kind: "LIMIT_REACHED", limit: most };
    const row = { id, name: definition.name, stored: codec.write(definition), nowMs };
    await transaction.run(writeStatement(table, tenantId, row), nothing);
    return { kind: "SAVED", saved: await found() };
  };
  return {
    ...{ lock, saveWithin, removeWithin },
    save: (tenantId, toSave, nowMs) =>
      sql.transaction(tenantId, (transaction) => saveWithin(transaction, tenantId, toSave, nowMs)),
    remove: (tenantId, id) => sql.transaction(tenantId, (transaction) => removeWithin(transaction, tenantId, id)),
  };
};
