import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { IndicatorBand, IndicatorKind } from "../../domain/shared-indicators/indicator.ts";
import type { JoinInput, Membership } from "../../domain/shared-indicators/membership.ts";

/** An identifier as it is kept. */
export interface KeptIndicator {
  readonly kind: IndicatorKind;
  /** Names the key of its hash. */
  readonly period: number;
  readonly hash: Buffer;
}

/** What a contribution comes of: a report, or the id of an anomaly. */
export type IndicatorSource = "REPORT" | (string & {});

/** What became of a contribution. */
export type Contributed =
  | { readonly kind: "KEPT"; readonly added: number }
  | { readonly kind: "NOT_A_MEMBER" }
  | { readonly kind: "FULL"; readonly contributed: number };

/** Identifiers to ask about, each by its place under each key it may have been contributed under. */
export interface AskedIndicators {
  readonly hashes: readonly { readonly place: number; readonly period: number; readonly hash: Buffer }[];
  readonly releasedBeforeMs: number;
  readonly dayMs: number;
  readonly most: number;
}

/** Bands by place; SPENT: it would be more than may be asked about on a day. */
export type AnsweredIndicators =
  | { readonly kind: "ANSWERED"; readonly bands: ReadonlyMap<number, IndicatorBand> }
  | { readonly kind: "NOT_A_MEMBER" }
  | { readonly kind: "SPENT" };

/** What tenants share about fraud, in PostgreSQL: each writes and reads its own rows; of others' there are bands alone. */
export interface IndicatorStore {
  /** The tenant's membership, with what it contributes from a period on and what it asked about on a day; null when it shares nothing. */
  member(tenantId: TenantId, at: { readonly oldest: number; readonly dayMs: number }): Promise<Membership | null>;
  /** Joins, or says anew what is shared. */
  join(tenantId: TenantId, asked: JoinInput & { readonly by: Subject; readonly atMs: number }): Promise<void>;
  /** Leaves, with all that was contributed: how many rows; null when the tenant shared nothing. */
  leave(tenantId: TenantId): Promise<number | null>;
  /** Adds identifiers of one source within a transaction of the tenant, as long as it contributes no more than it may; those that are there already stay as they are. */
  contributeWith(transaction: SqlTransaction, tenantId: TenantId, given: NewContribution): Promise<Contributed>;
  /** The same in a transaction of its own. */
  contribute(tenantId: TenantId, given: NewContribution): Promise<Contributed>;
  /** Takes identifiers of one source back within a transaction of the tenant, all of them when none are named: how many rows. */
  withdrawWith(
    transaction: SqlTransaction,
    tenantId: TenantId,
    source: IndicatorSource,
    hashes: readonly Buffer[] | null,
  ): Promise<number>;
  /** The same in a transaction of its own. */
  withdraw(tenantId: TenantId, source: IndicatorSource, hashes: readonly Buffer[]): Promise<number>;
  /** What enough others contributed of identifiers, in bands; charges the tenant with those it had not asked about on the day. */
  bandsAcrossTenants(tenantId: TenantId, asked: AskedIndicators): Promise<AnsweredIndicators>;
  /** The sealed keys of a period and those after it. */
  keysAcrossTenants(oldest: number): Promise<readonly { readonly period: number; readonly sealed: string }[]>;
  /** Keeps a sealed key for a period that has none; answers the one it has then. */
  keepKeyAcrossTenants(period: number, sealed: string): Promise<string>;
  /** Removes keys of periods before one with what was contributed under them, and what was asked about before a day: how many rows. */
  forgetAcrossTenants(oldest: number, dayMs: number): Promise<number>;
}

/** Identifiers of one source to contribute. */
export interface NewContribution {
  readonly source: IndicatorSource;
  readonly indicators: readonly KeptIndicator[];
  readonly atMs: number;
  /** Periods before this one do not count towards what a tenant may contribute. */
  readonly oldest: number;
  readonly most: number;
}

const kinds = z.enum(["CARD", "DEVICE", "IP", "EMAIL"]);
const memberRow = z
  .object({
    fields: z.array(z.object({ field: z.string(), kind: kinds })),
    joined_by: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
    joined_at: z.date(),
    contributed: z.number(),
    looked_up: z.number(),
  })
  .transform((row): Membership => ({
    ...{ fields: row.fields, joinedBy: row.joined_by },
    ...{ joinedAtMs: row.joined_at.getTime(), contributed: row.contributed, lookedUp: row.looked_up },
  }));
const countRow = (raw: unknown): number => z.object({ count: z.number() }).parse(raw).count;
const keyRow = (raw: unknown) => z.object({ period: z.number(), sealed: z.string() }).parse(raw);
const sealedRow = (raw: unknown): string => z.object({ sealed: z.string() }).parse(raw).sealed;
const bandRow = (raw: unknown) =>
  z
    .union([
      z.object({ place: z.literal(-1), band: z.enum(["NOT_A_MEMBER", "SPENT"]) }),
      z.object({ place: z.number().min(0), band: z.enum(["FEW", "SOME", "MANY"]) }),
    ])
    .parse(raw);
const nothing = (): null => null;

/** A day of the calendar as PostgreSQL reads it. */
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });

const statements = {
  member: (tenantId: TenantId, oldest: number, dayMs: number) =>
    statement(
      "shared-indicator-member",
      `SELECT m.fields, m.joined_by, m.joined_at,
         (SELECT count(DISTINCT (s.period, s.hash)) FROM shared_indicator s WHERE s.tenant_id = m.tenant_id AND s.period >= $2)::integer AS contributed,
         (SELECT count(*) FROM shared_indicator_lookup l WHERE l.tenant_id = m.tenant_id AND l.day = $3::date)::integer AS looked_up
       FROM shared_indicator_member m WHERE m.tenant_id = $1`,
      ...[tenantId, oldest, dateOf(dayMs)],
    ),
  join: (tenantId: TenantId, { fields, by, atMs }: Parameters<IndicatorStore["join"]>[1]) =>
    statement(
      "join-shared-indicators",
      `INSERT INTO shared_indicator_member (tenant_id, fields, joined_by, joined_at) VALUES ($1, $2::jsonb, $3::jsonb, $4)
       ON CONFLICT (tenant_id) DO UPDATE SET fields = EXCLUDED.fields`,
      ...[tenantId, JSON.stringify(fields), JSON.stringify(by), new Date(atMs)],
    ),
  leave: (tenantId: TenantId) =>
    statement(
      "leave-shared-indicators",
      `WITH gone AS (SELECT count(*)::integer AS count FROM shared_indicator WHERE tenant_id = $1)
       DELETE FROM shared_indicator_member m USING gone WHERE m.tenant_id = $1 RETURNING gone.count`,
      tenantId,
    ),
  /** Whoever contributes for a tenant does so one after the other, and not while it leaves. */
  hold: (tenantId: TenantId, oldest: number) =>
    statement(
      "hold-shared-indicator-member",
      `WITH held AS (SELECT tenant_id FROM shared_indicator_member WHERE tenant_id = $1 FOR NO KEY UPDATE)
       SELECT (SELECT count(*) FROM shared_indicator s WHERE s.tenant_id = held.tenant_id AND s.period >= $2)::integer AS count FROM held`,
      ...[tenantId, oldest],
    ),
  add: (tenantId: TenantId, { source, indicators, atMs }: NewContribution) =>
    statement(
      "add-shared-indicators",
      `INSERT INTO shared_indicator (tenant_id, period, hash, source, kind, at)
       SELECT $1, a.period, a.hash, $2, a.kind, $3 FROM unnest($4::integer[], $5::bytea[], $6::text[]) a (period, hash, kind)
       ON CONFLICT DO NOTHING RETURNING 1 AS count`,
      ...[tenantId, source, new Date(atMs), indicators.map(({ period }) => period)],
      ...[indicators.map(({ hash }) => hash), indicators.map(({ kind }) => kind)],
    ),
  withdraw: (tenantId: TenantId, source: IndicatorSource, hashes: readonly Buffer[] | null) =>
    statement(
      "withdraw-shared-indicators",
      "DELETE FROM shared_indicator WHERE tenant_id = $1 AND source = $2 AND ($3::bytea[] IS NULL OR hash = ANY ($3)) RETURNING 1 AS count",
      ...[tenantId, source, hashes],
    ),
  bands: ({ hashes, releasedBeforeMs, dayMs, most }: AskedIndicators) =>
    statement(
      "shared-indicator-bands-across-tenants",
      "SELECT place, band FROM shared_indicator_bands_across_tenants($1::integer[], $2::integer[], $3::bytea[], $4, $5::date, $6)",
      ...[hashes.map(({ place }) => place), hashes.map(({ period }) => period), hashes.map(({ hash }) => hash)],
      ...[new Date(releasedBeforeMs), dateOf(dayMs), most],
    ),
  keys: (oldest: number) =>
    statement(
      "shared-indicator-keys-across-tenants",
      "SELECT period, sealed FROM shared_indicator_keys_across_tenants($1)",
      oldest,
    ),
  keepKey: (period: number, sealed: string) =>
    statement(
      "keep-shared-indicator-key-across-tenants",
      "SELECT keep_shared_indicator_key_across_tenants($1, $2) AS sealed",
      ...[period, sealed],
    ),
  forget: (oldest: number, dayMs: number) =>
    statement(
      "forget-shared-indicators-across-tenants",
      "SELECT forget_shared_indicators_across_tenants($1, $2::date) AS count",
      ...[oldest, dateOf(dayMs)],
    ),
};

const contributeWith: IndicatorStore["contributeWith"] = async (transaction, tenantId, given) => {
  const [contributed] = await transaction.run(statements.hold(tenantId, given.oldest), countRow);
  if (contributed === undefined) return { kind: "NOT_A_MEMBER" };
  if (contributed + given.indicators.length > given.most) return { kind: "FULL", contributed };
  const added = await transaction.run(statements.add(tenantId, given), nothing);
  return { kind: "KEPT", added: added.length };
};

const withdrawWith: IndicatorStore["withdrawWith"] = async (transaction, tenantId, source, hashes) =>
  (await transaction.run(statements.withdraw(tenantId, source, hashes), nothing)).length;

const answered = (rows: readonly ReturnType<typeof bandRow>[]): AnsweredIndicators => {
  const bands = new Map<number, IndicatorBand>();
  for (const { place, band } of rows) {
    if (band === "NOT_A_MEMBER" || band === "SPENT") return { kind: band };
    bands.set(place, band);
  }
  return { kind: "ANSWERED", bands };
};

/** Builds {@link IndicatorStore}. */
export const createIndicatorStore = ({ sql }: { readonly sql: TenantSql }): IndicatorStore => ({
  member: async (tenantId, { oldest, dayMs }) => {
    const rows = await sql.run(tenantId, statements.member(tenantId, oldest, dayMs), (raw) => memberRow.parse(raw));
    return rows[0] ?? null;
  },
  join: async (tenantId, asked) => {
    await sql.run(tenantId, statements.join(tenantId, asked), nothing);
  },
  leave: async (tenantId) => (await sql.run(tenantId, statements.leave(tenantId), countRow))[0] ?? null,
  contributeWith,
  contribute: (tenantId, given) =>
    sql.transaction(tenantId, (transaction) => contributeWith(transaction, tenantId, given)),
  withdrawWith,
  withdraw: (tenantId, source, hashes) =>
    sql.transaction(tenantId, (transaction) => withdrawWith(transaction, tenantId, source, hashes)),
  bandsAcrossTenants: async (tenantId, asked) => answered(await sql.run(tenantId, statements.bands(asked), bandRow)),
  keysAcrossTenants: (oldest) => sql.runAcrossTenants(statements.keys(oldest), keyRow),
  keepKeyAcrossTenants: async (period, sealed) => {
    const [kept] = await sql.runAcrossTenants(statements.keepKey(period, sealed), sealedRow);
    if (kept === undefined) throw new Error("The key was not kept.");
    return kept;
  },
  forgetAcrossTenants: async (oldest, dayMs) =>
    (await sql.runAcrossTenants(statements.forget(oldest, dayMs), countRow))[0] ?? 0,
});
