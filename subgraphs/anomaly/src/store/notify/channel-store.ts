import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Channel, ChannelDefinition, ChannelState, SavedChannel } from "../../domain/notify/channel.ts";
import type { Route, Routes, SavedRoutes } from "../../domain/notify/route.ts";
import {
  CHANNEL_COLUMNS,
  channelRow,
  routesRow,
  SEALED_COLUMNS,
  sealedChannelRow,
  type SealedChannel,
} from "./notify-rows.ts";

/** A secret as it is kept. */
export interface KeptSecret {
  readonly sealed: string;
  readonly hint: string | null;
}

/** A channel as it is to be from now on. */
export interface ChannelChange {
  readonly id: string;
  readonly version: number;
  readonly definition: ChannelDefinition;
  /** Null: the one it has is kept. */
  readonly secret: KeptSecret | null;
  readonly state: Exclude<ChannelState, "DISABLED">;
}

/** Where channels and routes are kept. */
export interface ChannelStore {
  find(tenantId: TenantId, id: string): Promise<Channel | null>;
  findSealed(tenantId: TenantId, id: string): Promise<SealedChannel | null>;
  /** Channels by name. */
  list(tenantId: TenantId): Promise<readonly Channel[]>;
  create(
    tenantId: TenantId,
    made: { readonly id: string; readonly definition: ChannelDefinition; readonly secret: KeptSecret | null },
  ): Promise<SavedChannel>;
  update(tenantId: TenantId, change: ChannelChange): Promise<SavedChannel>;
  /** Deletes a channel with its secret, and drops what it was still to be told; false when there is none. */
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  routes(tenantId: TenantId): Promise<Routes>;
  setRoutes(
    tenantId: TenantId,
    set: {
      readonly version: number;
      readonly root: Route;
      readonly channels: readonly string[];
      readonly escalations: readonly string[];
    },
  ): Promise<SavedRoutes>;
}

/** What {@link createChannelStore} works with. */
export interface ChannelStoreDeps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
  readonly limits: { readonly channels: number };
  /** Routes of a tenant that has set none. */
  readonly noRoutes: Routes;
}

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const at = (ms: number): Date => new Date(ms);
const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

const parametersOf = ({ name, settings, templates, quietHours, digest, rateCap }: ChannelDefinition) =>
  [
    ...[name, settings.kind, json(settings), json(templates), json(quietHours), json(digest)],
    ...[rateCap.messages, rateCap.windowSeconds],
  ] as const;

/** Whether a channel goes on being told by the way it was: webhooks by their address, where nothing is said. */
const SAME_WAY = "coalesce(settings->>'by', 'URL') = coalesce($6::jsonb->>'by', 'URL')";

const statements = {
  /** Which of some escalation policies there are. */
  escalations: (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
    name: "notify-escalations-there",
    text: "SELECT id FROM escalation_policy WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
    params: [tenantId, ids],
  }),
  /** Whoever changes which channels and routes a tenant has does so one after the other. */
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "notify-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('notify:' || $1, 0))",
    params: [tenantId],
  }),
  find: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "notify-find-channel",
    text: `SELECT ${SEALED_COLUMNS} FROM notify_channel WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL`,
    params: [tenantId, id],
  }),
  list: (tenantId: TenantId): SqlStatement => ({
    name: "notify-list-channels",
    text: `SELECT ${CHANNEL_COLUMNS} FROM notify_channel WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY name, id`,
    params: [tenantId],
  }),
  insert: (
    tenantId: TenantId,
    id: string,
    definition: ChannelDefinition,
    secret: KeptSecret | null,
    nowMs: number,
  ) => ({
    name: "notify-insert-channel",
    text: `INSERT INTO notify_channel (tenant_id, id, name, kind, settings, templates, quiet_hours, digest, rate_messages, rate_window_seconds,
      sealed_secret, secret_hint, state, created_at, changed_at)
      VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9, $10, $11, $12, 'ACTIVE', $13, $13)
      ON CONFLICT (tenant_id, name) WHERE deleted_at IS NULL DO NOTHING RETURNING ${CHANNEL_COLUMNS}`,
    params: [tenantId, id, ...parametersOf(definition), secret?.sealed ?? null, secret?.hint ?? null, at(nowMs)],
  }),
  nameOfAnother: (tenantId: TenantId, name: string, id: string): SqlStatement => ({
    name: "notify-name-of-another",
    text: "SELECT id FROM notify_channel WHERE tenant_id = $1 AND name = $2 AND id <> $3 AND deleted_at IS NULL",
    params: [tenantId, name, id],
  }),
  update: (tenantId: TenantId, change: ChannelChange, nowMs: number): SqlStatement => ({
    name: "notify-update-channel",
    text: `UPDATE notify_channel SET name = $4, kind = $5, settings = $6::jsonb, templates = $7::jsonb, quiet_hours = $8::jsonb, digest = $9::jsonb,
      rate_messages = $10, rate_window_seconds = $11,
      sealed_secret = CASE WHEN $12::text IS NOT NULL THEN $12 WHEN kind = $5 AND ${SAME_WAY} THEN sealed_secret END,
      secret_hint = CASE WHEN $12::text IS NOT NULL THEN $13 WHEN kind = $5 AND ${SAME_WAY} THEN secret_hint END,
      state = $14, disabled_because = NULL, version = version + 1, changed_at = $15
      WHERE tenant_id = $1 AND id = $2 AND version = $3 AND deleted_at IS NULL RETURNING ${CHANNEL_COLUMNS}`,
    params: [
      ...[tenantId, change.id, change.version, ...parametersOf(change.definition)],
      ...[change.secret?.sealed ?? null, change.secret?.hint ?? null, change.state, at(nowMs)],
    ],
  }),
  remove: (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
    name: "notify-remove-channel",
    text: `UPDATE notify_channel SET deleted_at = $3, sealed_secret = NULL WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING id`,
    params: [tenantId, id, at(nowMs)],
  }),
  drop: (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
    name: "notify-drop-deliveries",
    text: `WITH dropped AS (
        UPDATE notify_delivery SET state = 'DROPPED', finished_at = $3, lease_token = NULL, leased_until = NULL
        WHERE tenant_id = $1 AND channel_id = $2 AND state IN ('GATHERING', 'SENDING', 'RETRYING') RETURNING id
      ) UPDATE notify_notice SET open = false WHERE tenant_id = $1 AND channel_id = $2 AND open`,
    params: [tenantId, id, at(nowMs)],
  }),
  routes: (tenantId: TenantId): SqlStatement => ({
    name: "notify-routes",
    text: "SELECT version, root FROM notify_routes WHERE tenant_id = $1",
    params: [tenantId],
  }),
  setRoutes: (tenantId: TenantId, root: Route, nowMs: number): SqlStatement => ({
    name: "notify-set-routes",
    text: `INSERT INTO notify_routes (tenant_id, version, root, changed_at) VALUES ($1, 1, $2::jsonb, $3)
      ON CONFLICT (tenant_id) DO UPDATE SET version = notify_routes.version + 1, root = excluded.root, changed_at = excluded.changed_at
      RETURNING version, root`,
    params: [tenantId, JSON.stringify(root), at(nowMs)],
  }),
};

/** Reads a tenant's routes; null when it has set none. */
export type ReadRoutes = (tenantId: TenantId) => Promise<Routes | null>;

/** Builds {@link ReadRoutes}. */
export const createReadRoutes =
  (sql: Pick<TenantSql, "run">): ReadRoutes =>
  async (tenantId) =>
    (await sql.run(tenantId, statements.routes(tenantId), routesRow))[0] ?? null;

/** The tenant's routes, within a transaction. */
export const routesWithin = async (transaction: SqlTransaction, tenantId: TenantId): Promise<Routes | null> =>
  (await transaction.run(statements.routes(tenantId), routesRow))[0] ?? null;

const create =
  ({ sql, nowMs, limits }: ChannelStoreDeps): ChannelStore["create"] =>
  (tenantId, { id, definition, secret }) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedChannel> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const there = await transaction.run(statements.list(tenantId), idRow);
      if (there.length >= limits.channels) return { kind: "LIMIT_REACHED" };
      const [channel] = await transaction.run(statements.insert(tenantId, id, definition, secret, nowMs()), channelRow);
      return channel === undefined ? { kind: "NAME_TAKEN" } : { kind: "SAVED", channel };
    });

const update =
  ({ sql, nowMs }: ChannelStoreDeps): ChannelStore["update"] =>
  (tenantId, change) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedChannel> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const [there] = await transaction.run(statements.find(tenantId, change.id), channelRow);
      if (there === undefined) return { kind: "NOT_FOUND" };
      const others = await transaction.run(
        statements.nameOfAnother(tenantId, change.definition.name, change.id),
        idRow,
      );
      if (others.length > 0) return { kind: "NAME_TAKEN" };
      const [channel] = await transaction.run(statements.update(tenantId, change, nowMs()), channelRow);
      return channel === undefined ? { kind: "STALE", channel: there } : { kind: "SAVED", channel };
    });

const setRoutes =
  ({ sql, nowMs, noRoutes }: ChannelStoreDeps): ChannelStore["setRoutes"] =>
  (tenantId, { version, root, channels, escalations }) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedRoutes> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const there = new Set(await transaction.run(statements.list(tenantId), idRow));
      const unknown = channels.find((id) => !there.has(id));
      if (unknown !== undefined) return { kind: "UNKNOWN_CHANNEL", id: unknown };
      const policies = new Set(await transaction.run(statements.escalations(tenantId, escalations), idRow));
      const strange = escalations.find((id) => !policies.has(id));
      if (strange !== undefined) return { kind: "UNKNOWN_ESCALATION", id: strange };
      const routes = (await routesWithin(transaction, tenantId)) ?? noRoutes;
      if (routes.version !== version) return { kind: "STALE", routes };
      const [set = routes] = await transaction.run(statements.setRoutes(tenantId, root, nowMs()), routesRow);
      return { kind: "SAVED", routes: set };
    });

/** Builds {@link ChannelStore}. */
export const createChannelStore = (deps: ChannelStoreDeps): ChannelStore => {
  const { sql, nowMs } = deps;
  return {
    find: async (tenantId, id) => (await sql.run(tenantId, statements.find(tenantId, id), channelRow))[0] ?? null,
    findSealed: async (tenantId, id) =>
      (await sql.run(tenantId, statements.find(tenantId, id), sealedChannelRow))[0] ?? null,
    list: (tenantId) => sql.run(tenantId, statements.list(tenantId), channelRow),
    ...{ create: create(deps), update: update(deps), setRoutes: setRoutes(deps) },
    remove: (tenantId, id) =>
      sql.transaction(tenantId, async (transaction) => {
        await transaction.run(statements.lock(tenantId), nothing);
        const removed = await transaction.run(statements.remove(tenantId, id, nowMs()), idRow);
        if (removed.length > 0) await transaction.run(statements.drop(tenantId, id, nowMs()), nothing);
        return removed.length > 0;
      }),
    routes: (tenantId) =>
      sql.transaction(tenantId, async (transaction) => (await routesWithin(transaction, tenantId)) ?? deps.noRoutes),
  };
};
