import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { BilledMetric, Plan } from "../domain/billing/plan.ts";
import { timeColumn } from "./stored-row.ts";

/** Credits a tenant may have. */
export const MAX_CREDITS = 200;

/** A credit as it was granted; amounts are decimal text. */
export interface GrantedCredit {
  readonly id: string;
  readonly amount: string;
  readonly currency: string;
  readonly priority: number;
  /** First day of the first month it can be drawn in, `2026-11-01`. */
  readonly fromMonth: string;
  readonly expiresAtMs: number | null;
  readonly note: string;
}

/** A key, client or person, and the team its share of the bill goes to. */
export interface TeamMember {
  readonly kind: "API_KEY" | "USER" | "CLIENT";
  readonly id: string;
  readonly team: string;
}

/** Plans, credits and teams of tenants. */
export interface BillingStore {
  /** The plan that holds in a month (its first day, `2026-11-01`); null when none was set. */
  plan(tenantId: TenantId, month: string): Promise<Plan | null>;
  setPlan(tenantId: TenantId, fromMonth: string, plan: Plan, atMs: number): Promise<void>;
  credits(tenantId: TenantId): Promise<readonly GrantedCredit[]>;
  /** Adds a credit; false when the tenant has {@link MAX_CREDITS}. */
  grant(tenantId: TenantId, credit: GrantedCredit, atMs: number): Promise<boolean>;
  teams(tenantId: TenantId): Promise<readonly TeamMember[]>;
  /** Puts exactly these members into a team, and out of any other. */
  setTeam(tenantId: TenantId, team: string, members: readonly Omit<TeamMember, "team">[]): Promise<void>;
  /** People of the tenant at a time. */
  countUsers(tenantId: TenantId, beforeMs: number): Promise<number>;
}

const BILLED = [
  ...(["EVENTS", "QUERIES", "COST_POINTS", "ROWS_READ", "BYTES_READ", "STORE_MS", "RESPONSE_BYTES"] as const),
  ...(["EXPORT_BYTES", "JOBS", "PREDICTIONS", "SUBSCRIPTION_MINUTES", "STORAGE_GIB"] as const),
] as const satisfies readonly BilledMetric[];
const step = z.object({ upTo: z.string().nullable(), unitPrice: z.string(), flatFee: z.string() });
const price = z.discriminatedUnion("model", [
  z.object({ model: z.literal("FLAT"), unitPrice: z.string() }),
  z.object({ model: z.literal("GRADUATED"), steps: z.array(step) }),
  z.object({ model: z.literal("VOLUME"), steps: z.array(step) }),
  z.object({ model: z.literal("PACKAGE"), packageSize: z.string(), packagePrice: z.string() }),
]);
const part = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("FIXED"), name: z.string(), fee: z.string() }),
  z.object({ kind: z.literal("PER_USER"), name: z.string(), fee: z.string(), includedUsers: z.number() }),
  z.object({ kind: z.literal("USAGE"), name: z.string(), metric: z.enum(BILLED), included: z.string(), price }),
]);
const planRow = z.object({
  plan: z.object({ name: z.string(), currency: z.string(), parts: z.array(part), commitment: z.string().nullable() }),
});
const memberRow = z.object({ kind: z.enum(["API_KEY", "USER", "CLIENT"]), id: z.string(), team: z.string() });
const creditRow = z
  .object({
    ...{ id: z.string(), amount: z.string(), currency: z.string(), priority: z.number(), from_month: z.string() },
    ...{ expires_at: timeColumn.nullable(), note: z.string() },
  })
  .transform((row): GrantedCredit => ({
    ...{ id: row.id, amount: row.amount, currency: row.currency, priority: row.priority, note: row.note },
    ...{ fromMonth: row.from_month, expiresAtMs: row.expires_at },
  }));
const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const nothing = (): null => null;

/** Builds {@link BillingStore}. */
export const createBillingStore = (sql: TenantSql): BillingStore => ({
  plan: async (tenantId, month) => {
    const text =
      "SELECT plan FROM billing_plan WHERE tenant_id = $1 AND from_month <= $2::date ORDER BY from_month DESC LIMIT 1";
    const found = statement("billing-plan", text, [tenantId, month]);
    return (await sql.run(tenantId, found, (row) => planRow.parse(row).plan))[0] ?? null;
  },
  setPlan: async (tenantId, fromMonth, plan, atMs) => {
    const text = `INSERT INTO billing_plan (tenant_id, from_month, plan, set_at) VALUES ($1, $2::date, $3::jsonb, $4)
ON CONFLICT (tenant_id, from_month) DO UPDATE SET plan = excluded.plan, set_at = excluded.set_at`;
    const params = [tenantId, fromMonth, JSON.stringify(plan), new Date(atMs)];
    await sql.run(tenantId, statement("set-billing-plan", text, params), nothing);
  },
  credits: (tenantId) => {
    const text = `SELECT id, amount::text, currency, priority, from_month::text, expires_at, note FROM billing_credit
WHERE tenant_id = $1 ORDER BY priority, expires_at NULLS LAST, id LIMIT $2`;
    return sql.run(tenantId, statement("billing-credits", text, [tenantId, MAX_CREDITS]), (row) =>
      creditRow.parse(row),
    );
  },
  grant: async (tenantId, credit, atMs) => {
    const text = `INSERT INTO billing_credit (id, tenant_id, amount, currency, priority, from_month, expires_at, note, granted_at)
SELECT $1, $2, $3::numeric, $4, $5, $6::date, $7, $8, $9 WHERE (SELECT count(*) FROM billing_credit WHERE tenant_id = $2) < $10 RETURNING id`;
    const expires = credit.expiresAtMs === null ? null : new Date(credit.expiresAtMs);
    const params = [
      ...[credit.id, tenantId, credit.amount, credit.currency, credit.priority, credit.fromMonth, expires, credit.note],
      ...[new Date(atMs), MAX_CREDITS],
    ];
    return (await sql.run(tenantId, statement("grant-billing-credit", text, params), nothing)).length > 0;
  },
  teams: (tenantId) => {
    const text =
      "SELECT subject_kind AS kind, subject_id AS id, team FROM team_member WHERE tenant_id = $1 ORDER BY team, kind, id";
    return sql.run(tenantId, statement("team-members", text, [tenantId]), (row) => memberRow.parse(row));
  },
  setTeam: (tenantId, team, members) =>
    sql.transaction(tenantId, async (transaction) => {
      const ids = JSON.stringify(members);
      // Teams of one tenant change one after the other: somebody moved twice at the same time is in the team of the later change.
      const turn = "SELECT pg_advisory_xact_lock(hashtextextended('teams of ' || $1, 0))";
      await transaction.run(statement("lock-teams", turn, [tenantId]), nothing);
      const clear = `DELETE FROM team_member WHERE tenant_id = $1 AND (team = $2 OR (subject_kind, subject_id) IN
  (SELECT kind, id FROM jsonb_to_recordset($3::jsonb) AS m (kind text, id text)))`;
      await transaction.run(statement("clear-team", clear, [tenantId, team, ids]), nothing);
      const fill = `INSERT INTO team_member (tenant_id, subject_kind, subject_id, team)
SELECT DISTINCT $1::uuid, kind, id, $2 FROM jsonb_to_recordset($3::jsonb) AS m (kind text, id text)`;
      await transaction.run(statement("fill-team", fill, [tenantId, team, ids]), nothing);
    }),
  countUsers: async (tenantId, beforeMs) => {
    const counted = z.object({ users: z.number() });
    const text = "SELECT count(*)::int AS users FROM tenant_user WHERE tenant_id = $1 AND created_at < $2";
    const params = [tenantId, new Date(beforeMs)];
    const [row] = await sql.run(tenantId, statement("count-billed-users", text, params), (raw) => counted.parse(raw));
    return row?.users ?? 0;
  },
});
