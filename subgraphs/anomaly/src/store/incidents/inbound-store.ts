import type { AnomalyId, TenantId } from "@tessera/contracts/ids";
import { parseAnomalyId, parseTenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Inbound, RemoteIncident } from "../../domain/incidents/inbound.ts";
import { idColumn, msColumn } from "../rule-row.ts";

/** Whose address one is. */
export interface FoundInbound {
  readonly tenantId: TenantId;
  readonly channelId: string;
  readonly sealed: string | null;
}

/** Where what providers tell back is kept. */
export interface InboundStore {
  /** Gives a channel its address, the same for as long as it has one, and a secret where one is given. */
  connect(
    tenantId: TenantId,
    made: {
      readonly channelId: string;
      readonly endpoint: string;
      readonly sealed: string | null;
      readonly atMs: number;
    },
  ): Promise<Inbound>;
  /** Takes the address away; false when there was none. */
  disconnect(tenantId: TenantId, channelId: string): Promise<boolean>;
  ofChannels(tenantId: TenantId, channelIds: readonly string[]): Promise<ReadonlyMap<string, Inbound>>;
  findAcrossTenants(endpoint: string): Promise<FoundInbound | null>;
  /** Whether the event is new: it is from now on known. Forgets those of before a moment. */
  takeEvent(
    transaction: SqlTransaction,
    tenantId: TenantId,
    event: { readonly channelId: string; readonly id: string; readonly atMs: number; readonly forgetBeforeMs: number },
  ): Promise<boolean>;
  /** Remembers what the provider calls the incident of an anomaly of the tenant. */
  keepRemote(transaction: SqlTransaction, tenantId: TenantId, remote: RemoteIncident, atMs: number): Promise<void>;
  /** The anomaly of a provider's incident that was told of before. */
  anomalyOf(
    transaction: SqlTransaction,
    tenantId: TenantId,
    channelId: string,
    remoteId: string,
  ): Promise<AnomalyId | null>;
  remotesOf(tenantId: TenantId, anomalyIds: readonly AnomalyId[]): Promise<readonly RemoteIncident[]>;
}

const COLUMNS = `channel_id AS "channelId", endpoint, sealed_secret IS NOT NULL AS "hasSecret", last_event_at AS "lastEventAt"`;
const nothing = (): null => null;
const inboundColumns = z.object({
  ...{ channelId: z.string(), endpoint: z.string(), hasSecret: z.boolean(), lastEventAt: msColumn.nullable() },
});
const inboundRow = (row: unknown): Inbound & { readonly channelId: string } => {
  const { lastEventAt, ...same } = inboundColumns.parse(row);
  return { ...same, lastEventAtMs: lastEventAt };
};
const foundColumns = z.object({
  tenantId: idColumn(parseTenantId),
  channelId: z.string(),
  sealed: z.string().nullable(),
});
const remoteColumns = z.object({
  ...{ anomalyId: idColumn(parseAnomalyId), channelId: z.string(), remoteId: z.string(), url: z.string().nullable() },
});
const anomalyColumns = z.object({ id: idColumn(parseAnomalyId) });

const statements = {
  connect: (
    tenantId: TenantId,
    channelId: string,
    endpoint: string,
    sealed: string | null,
    atMs: number,
  ): SqlStatement => ({
    name: "inbound-connect",
    text: `INSERT INTO notify_inbound (tenant_id, channel_id, endpoint, sealed_secret, created_at) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant_id, channel_id) DO UPDATE SET sealed_secret = coalesce(excluded.sealed_secret, notify_inbound.sealed_secret) RETURNING ${COLUMNS}`,
    params: [tenantId, channelId, endpoint, sealed, new Date(atMs)],
  }),
  disconnect: (tenantId: TenantId, channelId: string): SqlStatement => ({
    name: "inbound-disconnect",
    text: `DELETE FROM notify_inbound WHERE tenant_id = $1 AND channel_id = $2 RETURNING ${COLUMNS}`,
    params: [tenantId, channelId],
  }),
  ofChannels: (tenantId: TenantId, channelIds: readonly string[]): SqlStatement => ({
    name: "inbound-of-channels",
    text: `SELECT ${COLUMNS} FROM notify_inbound WHERE tenant_id = $1 AND channel_id = ANY ($2)`,
    params: [tenantId, channelIds],
  }),
  find: (endpoint: string): SqlStatement => ({
    name: "inbound-find-across-tenants",
    text: `SELECT tenant_id AS "tenantId", channel_id AS "channelId", sealed_secret AS sealed FROM find_inbound_across_tenants($1)`,
    params: [endpoint],
  }),
  forgetEvents: (tenantId: TenantId, channelId: string, beforeMs: number): SqlStatement => ({
    name: "inbound-forget-events",
    text: "DELETE FROM notify_inbound_event WHERE tenant_id = $1 AND channel_id = $2 AND received_at < $3",
    params: [tenantId, channelId, new Date(beforeMs)],
  }),
  takeEvent: (tenantId: TenantId, channelId: string, id: string, atMs: number): SqlStatement => ({
    name: "inbound-take-event",
    text: `INSERT INTO notify_inbound_event (tenant_id, channel_id, event_id, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING event_id AS id`,
    params: [tenantId, channelId, id, new Date(atMs)],
  }),
  seen: (tenantId: TenantId, channelId: string, atMs: number): SqlStatement => ({
    name: "inbound-seen",
    text: "UPDATE notify_inbound SET last_event_at = $3 WHERE tenant_id = $1 AND channel_id = $2",
    params: [tenantId, channelId, new Date(atMs)],
  }),
  // Only of an anomaly that is the tenant's: the key of deduplication is the sender's word.
  keepRemote: (
    tenantId: TenantId,
    { anomalyId, channelId, remoteId, url }: RemoteIncident,
    atMs: number,
  ): SqlStatement => ({
    name: "inbound-keep-remote",
    text: `INSERT INTO notify_remote (tenant_id, channel_id, anomaly_id, remote_id, remote_url, seen_at)
      SELECT $1, $2, a.id, $4, $5, $6 FROM anomaly a WHERE a.tenant_id = $1 AND a.id = $3
      ON CONFLICT (tenant_id, channel_id, anomaly_id) DO UPDATE SET remote_id = excluded.remote_id, remote_url = excluded.remote_url, seen_at = excluded.seen_at`,
    params: [tenantId, channelId, anomalyId, remoteId, url, new Date(atMs)],
  }),
  anomalyOf: (tenantId: TenantId, channelId: string, remoteId: string): SqlStatement => ({
    name: "inbound-anomaly-of",
    text: "SELECT anomaly_id AS id FROM notify_remote WHERE tenant_id = $1 AND channel_id = $2 AND remote_id = $3 ORDER BY seen_at DESC LIMIT 1",
    params: [tenantId, channelId, remoteId],
  }),
  remotesOf: (tenantId: TenantId, ids: readonly AnomalyId[]): SqlStatement => ({
    name: "inbound-remotes-of",
    text: `SELECT anomaly_id AS "anomalyId", channel_id AS "channelId", remote_id AS "remoteId", remote_url AS url FROM notify_remote WHERE tenant_id = $1 AND anomaly_id = ANY ($2)
      ORDER BY anomaly_id, channel_id`,
    params: [tenantId, ids],
  }),
};

/** Builds {@link InboundStore}. */
export const createInboundStore = (sql: TenantSql): InboundStore => ({
  connect: async (tenantId, { channelId, endpoint, sealed, atMs }) => {
    const [made] = await sql.run(tenantId, statements.connect(tenantId, channelId, endpoint, sealed, atMs), inboundRow);
    if (made === undefined) throw new Error("The channel's address was not stored.");
    return made;
  },
  disconnect: async (tenantId, channelId) =>
    (await sql.run(tenantId, statements.disconnect(tenantId, channelId), nothing)).length > 0,
  ofChannels: async (tenantId, channelIds) => {
    const rows = await sql.run(tenantId, statements.ofChannels(tenantId, channelIds), inboundRow);
    return new Map(rows.map((row) => [row.channelId, row]));
  },
  findAcrossTenants: async (endpoint) =>
    (await sql.runAcrossTenants(statements.find(endpoint), (row) => foundColumns.parse(row)))[0] ?? null,
  takeEvent: async (transaction, tenantId, { channelId, id, atMs, forgetBeforeMs }) => {
    await transaction.run(statements.forgetEvents(tenantId, channelId, forgetBeforeMs), nothing);
    const isNew = (await transaction.run(statements.takeEvent(tenantId, channelId, id, atMs), nothing)).length > 0;
    if (isNew) await transaction.run(statements.seen(tenantId, channelId, atMs), nothing);
    return isNew;
  },
  keepRemote: async (transaction, tenantId, remote, atMs) => {
    await transaction.run(statements.keepRemote(tenantId, remote, atMs), nothing);
  },
  anomalyOf: async (transaction, tenantId, channelId, remoteId) => {
    const statement = statements.anomalyOf(tenantId, channelId, remoteId);
    return (await transaction.run(statement, (row) => anomalyColumns.parse(row)))[0]?.id ?? null;
  },
  remotesOf: (tenantId, ids) =>
    sql.run(tenantId, statements.remotesOf(tenantId, ids), (row) => remoteColumns.parse(row)),
});
