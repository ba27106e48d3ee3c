import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { CreatedInhibition, CreatedSilence } from "../../domain/silences/outcomes.ts";
import type { CheckedPage } from "../../domain/page.ts";
import type {
  InhibitionDefinition,
  SavedInhibition,
  Silence,
  SilenceBook,
  SilenceDefinition,
} from "../../domain/silences/silence.ts";
import {
  INHIBITION_COLUMNS,
  inhibitionRow,
  type StoredOpenAlert,
  openAlertRow,
  SILENCE_COLUMNS,
  silenceRow,
} from "./silence-rows.ts";

/** Silences of a tenant that are or may yet be in force: each is looked at by every evaluation. */
export const MAX_SILENCES = 200;
/** Silences that are over and kept, to tell why nobody was told. */
const KEPT_SILENCES = 1_000;
/** Inhibitions of a tenant. */
export const MAX_INHIBITIONS = 50;
/** Open alerts that inhibition looks at, those that are open longest: more at once are one outage. */
const MAX_OPEN_ALERTS = 1_000;

/** All that may silence an alert at a moment, as it is stored. */
export interface StoredSilenceBook extends Omit<SilenceBook, "open"> {
  readonly open: readonly StoredOpenAlert[];
}

/** Why a tenant's people are not told of alerts. */
export interface SilenceStore {
  create(
    tenantId: TenantId,
    silence: Pick<Silence, "id" | "createdBy"> & {
      readonly definition: SilenceDefinition;
      readonly overAtMs: number | null;
    },
    nowMs: number,
  ): Promise<CreatedSilence>;
  /** Ends a silence before its time; null when there is none, unchanged when it has been ended. */
  end(tenantId: TenantId, id: string, nowMs: number): Promise<Silence | null>;
  /** The newest first. */
  page(tenantId: TenantId, page: CheckedPage<string>): Promise<readonly Silence[]>;
  createInhibition(
    tenantId: TenantId,
    id: string,
    definition: InhibitionDefinition,
    nowMs: number,
  ): Promise<CreatedInhibition>;
  removeInhibition(tenantId: TenantId, id: string): Promise<boolean>;
  /** By name. */
  inhibitions(tenantId: TenantId): Promise<readonly SavedInhibition[]>;
  /** All that may silence an alert at a moment. */
  bookAt(tenantId: TenantId, atMs: number): Promise<StoredSilenceBook>;
}

const nothing = (): null => null;
const idRow = (row: unknown): unknown => row;
const at = (ms: number): Date => new Date(ms);

const statements = {
  /** Whoever changes which silences a tenant has does so one after the other. */
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "silences-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('anomaly_silence:' || $1, 0))",
    params: [tenantId],
  }),
  mayBeInForce: (tenantId: TenantId, nowMs: number): SqlStatement => ({
    name: "silences-in-force",
    text: `SELECT ${SILENCE_COLUMNS} FROM anomaly_silence WHERE tenant_id = $1 AND ended_at IS NULL AND (over_at IS NULL OR over_at > $2) LIMIT $3`,
    params: [tenantId, at(nowMs), MAX_SILENCES],
  }),
  insert: (
    tenantId: TenantId,
    { id, definition, createdBy, overAtMs }: Parameters<SilenceStore["create"]>[1],
    nowMs: number,
  ): SqlStatement => ({
    name: "silences-insert",
    text: `INSERT INTO anomaly_silence (tenant_id, id, kind, matchers, silent, comment, created_by, created_at, over_at)
      VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7::jsonb, $8, $9) RETURNING ${SILENCE_COLUMNS}`,
    params: [
      ...[tenantId, id, definition.kind, JSON.stringify(definition.matchers), JSON.stringify(definition.window)],
      ...[definition.comment, JSON.stringify(createdBy), at(nowMs), overAtMs === null ? null : at(overAtMs)],
    ],
  }),
  trim: (tenantId: TenantId, nowMs: number): SqlStatement => ({
    name: "silences-trim",
    text: `DELETE FROM anomaly_silence WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM anomaly_silence WHERE tenant_id = $1 AND (ended_at IS NOT NULL OR over_at <= $2) ORDER BY id DESC OFFSET $3)`,
    params: [tenantId, at(nowMs), KEPT_SILENCES],
  }),
  end: (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
    name: "silences-end",
    text: `UPDATE anomaly_silence SET ended_at = coalesce(ended_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING ${SILENCE_COLUMNS}`,
    params: [tenantId, id, at(nowMs)],
  }),
  page: (tenantId: TenantId, { first, after }: CheckedPage<string>): SqlStatement => ({
    name: "silences-page",
    text: `SELECT ${SILENCE_COLUMNS} FROM anomaly_silence WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    params: [tenantId, after, first + 1],
  }),
  inhibitions: (tenantId: TenantId): SqlStatement => ({
    name: "silences-inhibitions",
    text: `SELECT ${INHIBITION_COLUMNS} FROM anomaly_inhibition WHERE tenant_id = $1 ORDER BY name LIMIT $2`,
    params: [tenantId, MAX_INHIBITIONS],
  }),
  insertInhibition: (
    tenantId: TenantId,
    id: string,
    { name, source, target, equal }: InhibitionDefinition,
    nowMs: number,
  ): SqlStatement => ({
    name: "silences-insert-inhibition",
    text: `INSERT INTO anomaly_inhibition (tenant_id, id, name, source, target, equal, created_at) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7)
      ON CONFLICT (tenant_id, name) DO NOTHING RETURNING ${INHIBITION_COLUMNS}`,
    params: [tenantId, id, name, JSON.stringify(source), JSON.stringify(target), equal, at(nowMs)],
  }),
  removeInhibition: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "silences-remove-inhibition",
    text: "DELETE FROM anomaly_inhibition WHERE tenant_id = $1 AND id = $2 RETURNING id",
    params: [tenantId, id],
  }),
  open: (tenantId: TenantId): SqlStatement => ({
    name: "silences-open-alerts",
    text: `SELECT s.fingerprint, s.series_group AS "group", s.alert->>'severity' AS severity, (s.alert->>'episodeSinceMs')::float8 AS "sinceMs",
        r.name AS rule, r.labels
      FROM anomaly_series s JOIN anomaly_rule r ON r.tenant_id = s.tenant_id AND r.id = s.rule_id
      WHERE s.tenant_id = $1 AND s.alert->>'state' IN ('FIRING', 'ACKNOWLEDGED', 'RESOLVING') AND r.deleted_at IS NULL
      ORDER BY "sinceMs", s.fingerprint LIMIT $2`,
    params: [tenantId, MAX_OPEN_ALERTS],
  }),
};

const create =
  (sql: TenantSql): SilenceStore["create"] =>
  (tenantId, silence, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<CreatedSilence> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const there = await transaction.run(statements.mayBeInForce(tenantId, nowMs), idRow);
      if (there.length >= MAX_SILENCES) return { kind: "LIMIT_REACHED", limit: MAX_SILENCES };
      await transaction.run(statements.trim(tenantId, nowMs), nothing);
      const [saved] = await transaction.run(statements.insert(tenantId, silence, nowMs), silenceRow);
      if (saved === undefined) throw new Error("The new silence was not stored.");
      return { kind: "SAVED", silence: saved };
    });

const createInhibition =
  (sql: TenantSql): SilenceStore["createInhibition"] =>
  (tenantId, id, definition, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<CreatedInhibition> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const there = await transaction.run(statements.inhibitions(tenantId), inhibitionRow);
      if (there.some(({ name }) => name === definition.name)) return { kind: "NAME_TAKEN" };
      if (there.length >= MAX_INHIBITIONS) return { kind: "LIMIT_REACHED", limit: MAX_INHIBITIONS };
      const [inhibition] = await transaction.run(
        statements.insertInhibition(tenantId, id, definition, nowMs),
        inhibitionRow,
      );
      return inhibition === undefined ? { kind: "NAME_TAKEN" } : { kind: "SAVED", inhibition };
    });

const bookWithin = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  atMs: number,
): Promise<StoredSilenceBook> => {
  const silences = await transaction.run(statements.mayBeInForce(tenantId, atMs), silenceRow);
  const inhibitions = await transaction.run(statements.inhibitions(tenantId), inhibitionRow);
  if (inhibitions.length === 0) return { silences, inhibitions, open: [] };
  return { silences, inhibitions, open: await transaction.run(statements.open(tenantId), openAlertRow) };
};

/** Builds {@link SilenceStore}. */
export const createSilenceStore = (sql: TenantSql): SilenceStore => ({
  create: create(sql),
  end: async (tenantId, id, nowMs) =>
    (await sql.run(tenantId, statements.end(tenantId, id, nowMs), silenceRow))[0] ?? null,
  page: (tenantId, page) => sql.run(tenantId, statements.page(tenantId, page), silenceRow),
  createInhibition: createInhibition(sql),
  removeInhibition: async (tenantId, id) =>
    (await sql.run(tenantId, statements.removeInhibition(tenantId, id), nothing)).length > 0,
  inhibitions: (tenantId) => sql.run(tenantId, statements.inhibitions(tenantId), inhibitionRow),
  bookAt: (tenantId, atMs) => sql.transaction(tenantId, (transaction) => bookWithin(transaction, tenantId, atMs)),
});
