import type { Subject } from "@tessera/contracts/caller";
import { TENANT_CHANGED, type TenantChanged } from "@tessera/contracts/events/tenant-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Tenant, TenantState } from "../domain/tenant.ts";
import type { Tier } from "@tessera/contracts/features";
import type { SettingKey, SettingValue } from "../domain/settings.ts";
import { tenantIdColumn, timeColumn } from "./stored-row.ts";
import type { TenantHistory } from "./tenant-history.ts";

/** Who changes a tenant, and when. */
export interface ChangeNote {
  readonly by: Subject;
  readonly atMs: number;
  readonly detail: string;
}

/** What is changed about tenants themselves; each change is told in the event log and noted in the tenant's history. */
export interface LifecycleStore {
  /** Makes a tenant, and its organisation where it is new; null when the slug is taken. */
  create(tenant: Tenant, organisationName: string | null, note: ChangeNote): Promise<Tenant | null>;
  /** Moves the tenant from one of some states to another; null when it is in none of them, or not there. */
  move(
    tenantId: TenantId,
    step: {
      readonly from: readonly TenantState[];
      readonly to: TenantState;
      readonly deleteAtMs: number | null;
      readonly change: TenantChanged["change"];
    },
    note: ChangeNote,
  ): Promise<Tenant | null>;
  /** Gives the tenant a tier; null when it is not there. */
  setTier(tenantId: TenantId, tier: Tier, note: ChangeNote): Promise<Tenant | null>;
  settings(tenantId: TenantId): Promise<ReadonlyMap<string, unknown>>;
  setSettings(
    tenantId: TenantId,
    settings: readonly { readonly key: SettingKey; readonly value: SettingValue }[],
    note: ChangeNote,
  ): Promise<void>;
  /** Tenants whose grace is over, at most so many. */
  toEraseAcrossTenants(nowMs: number, limit: number): Promise<readonly TenantId[]>;
  /** Removes everything of the tenant from this database, leaves a tombstone; how many rows went, null when its grace is not over. */
  erase(tenantId: TenantId, nowMs: number): Promise<number | null>;
}

const tenantRow = z
  .object({
    ...{ id: tenantIdColumn, name: z.string(), slug: z.string(), created_at: timeColumn },
    state: z.enum(["ACTIVE", "SUSPENDED", "DELETING"]),
    tier: z.enum(["FREE", "TEAM", "BUSINESS", "ENTERPRISE"]),
    ...{ organisation_id: z.string().nullable(), delete_at: timeColumn.nullable() },
  })
  .transform((row): Tenant => ({
    ...{ id: row.id, name: row.name, slug: row.slug, state: row.state, tier: row.tier, createdAtMs: row.created_at },
    ...{ organisationId: row.organisation_id, deleteAtMs: row.delete_at },
  }));
const parseTenant = (row: unknown): Tenant => tenantRow.parse(row);
const nothing = (): null => null;
const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const time = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

const insertTenant = (tenant: Tenant): SqlStatement =>
  statement(
    "insert-tenant",
    `INSERT INTO tenant (id, name, slug, state, tier, organisation_id, created_at) VALUES ($1, $2, $3, 'ACTIVE', $4, $5, $6)
ON CONFLICT (slug) DO NOTHING`,
    [tenant.id, tenant.name, tenant.slug, tenant.tier, tenant.organisationId, time(tenant.createdAtMs)],
  );
const findTenant = (tenantId: TenantId): SqlStatement =>
  statement("find-tenant", "SELECT * FROM tenant WHERE id = $1", [tenantId]);

/** Tells of a change and notes it, in the transaction that makes it. */
const createTell =
  ({ eventLog, history }: { readonly eventLog: EventLog; readonly history: TenantHistory }) =>
  async (transaction: SqlTransaction, tenant: Tenant, change: TenantChanged["change"], note: ChangeNote) => {
    const { id: tenantId, state, tier } = tenant;
    const payload: TenantChanged = { tenantId, change, state, tier, changedAtMs: note.atMs };
    await history.noteWith(transaction, tenantId, { change, detail: note.detail, by: note.by, atMs: note.atMs });
    const dedupeKey = `${change}:${note.atMs}`;
    await eventLog.appendWith(transaction, { tenantId, topic: TENANT_CHANGED, dedupeKey, payload });
    return tenant;
  };
type Tell = ReturnType<typeof createTell>;

const createTenant =
  (sql: TenantSql, tell: Tell): LifecycleStore["create"] =>
  (tenant, organisationName, note) =>
    sql.transaction(tenant.id, async (transaction) => {
      if (tenant.organisationId !== null) {
        const params = [tenant.organisationId, organisationName ?? tenant.name];
        const text = "SELECT ensure_organisation_across_tenants($1, $2)";
        await transaction.run(statement("ensure-organisation-across-tenants", text, params), nothing);
      }
      await transaction.run(insertTenant(tenant), nothing);
      const [made] = await transaction.run(findTenant(tenant.id), parseTenant);
      return made === undefined ? null : tell(transaction, made, "CREATED", note);
    });

const createSettings = (sql: TenantSql, history: TenantHistory): Pick<LifecycleStore, "settings" | "setSettings"> => ({
  settings: async (tenantId) => {
    const row = z.object({ key: z.string(), value: z.unknown() });
    const text = "SELECT key, value FROM tenant_setting WHERE tenant_id = $1 ORDER BY key";
    const rows = await sql.run(tenantId, statement("tenant-settings", text, [tenantId]), (raw) => row.parse(raw));
    return new Map(rows.map(({ key, value }) => [key, value]));
  },
  setSettings: (tenantId, settings, note) =>
    sql.transaction(tenantId, async (transaction) => {
      const text = `INSERT INTO tenant_setting (tenant_id, key, value, set_at) VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, set_at = excluded.set_at`;
      for (const { key, value } of settings) {
        const params = [tenantId, key, JSON.stringify(value), time(note.atMs)];
        await transaction.run(statement("set-tenant-setting", text, params), nothing);
      }
      await history.noteWith(transaction, tenantId, { change: "SETTINGS_SET", ...note });
    }),
});

/** Builds {@link LifecycleStore}. */
export const createLifecycleStore = (deps: {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly history: TenantHistory;
}): LifecycleStore => {
  const { sql, history } = deps;
  const tell = createTell(deps);
  return {
    create: createTenant(sql, tell),
    move: (tenantId, { from, to, deleteAtMs, change }, note) =>
      sql.transaction(tenantId, async (transaction) => {
        const params = [from, to, time(deleteAtMs)];
        const text = "SELECT * FROM change_tenant_state($1, $2, $3)";
        const [moved] = await transaction.run(statement("change-tenant-state", text, params), parseTenant);
        return moved === undefined ? null : tell(transaction, moved, change, note);
      }),
    setTier: (tenantId, tier, note) =>
      sql.transaction(tenantId, async (transaction) => {
        const text = "SELECT * FROM change_tenant_tier($1)";
        const [changed] = await transaction.run(statement("change-tenant-tier", text, [tier]), parseTenant);
        return changed === undefined ? null : tell(transaction, changed, "TIER_CHANGED", note);
      }),
    ...createSettings(sql, history),
    toEraseAcrossTenants: (nowMs, limit) => {
      const text = "SELECT id FROM tenants_to_erase_across_tenants($1, $2)";
      const parse = (row: unknown): TenantId => z.object({ id: tenantIdColumn }).parse(row).id;
      return sql.runAcrossTenants(statement("tenants-to-erase-across-tenants", text, [time(nowMs), limit]), parse);
    },
    erase: async (tenantId, nowMs) => {
      const row = z.object({ erased: z.coerce.number().nullable() });
      const text = "SELECT erase_tenant($1) AS erased";
      const [answer] = await sql.run(tenantId, statement("erase-tenant", text, [time(nowMs)]), (raw) => row.parse(raw));
      return answer?.erased ?? null;
    },
  };
};
