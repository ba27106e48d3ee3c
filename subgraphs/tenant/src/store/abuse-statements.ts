import type { AbuseSource } from "@tessera/contracts/abuse";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import type { SourceState } from "../domain/abuse/detect.ts";
import type { SecurityEvent, SecurityEventFilter, Throttle } from "../domain/abuse/throttle.ts";
import type { PageRequest } from "../domain/page.ts";
import { THROTTLE_COLUMNS } from "./abuse-rows.ts";

const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });

/** Holds a tenant's row while something is kept for it, so that it is not erased meanwhile; no row when there is none. */
export const holdTenant = (tenantId: TenantId): SqlStatement =>
  statement("hold-tenant-for-abuse", "SELECT 1 FROM tenant WHERE id = $1 FOR KEY SHARE", tenantId);

/** How far a consumer has come in a tenant's log. */
export const readPlace = (tenantId: TenantId, consumer: string): SqlStatement =>
  statement(
    "read-abuse-place",
    "SELECT transaction_id::text, sequence::text FROM abuse_place WHERE tenant_id = $1 AND consumer = $2 FOR UPDATE",
    ...[tenantId, consumer],
  );

/** Notes how far a consumer has come. */
export const movePlace = (tenantId: TenantId, consumer: string, to: LogCursor): SqlStatement =>
  statement(
    "move-abuse-place",
    `INSERT INTO abuse_place (tenant_id, consumer, transaction_id, sequence) VALUES ($1, $2, $3::text::xid8, $4::bigint)
    ON CONFLICT (tenant_id, consumer) DO UPDATE SET transaction_id = excluded.transaction_id, sequence = excluded.sequence`,
    ...[tenantId, consumer, String(to.transaction), String(to.sequence)],
  );

/** What is known of some sources. */
export const readSources = (tenantId: TenantId, sources: readonly AbuseSource[]): SqlStatement =>
  statement(
    "read-abuse-sources",
    `SELECT source_kind, source_id, state FROM abuse_source
    WHERE tenant_id = $1 AND (source_kind, source_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    ...[tenantId, sources.map(({ kind }) => kind), sources.map(({ id }) => id)],
  );

/** Keeps what is known of sources, all in one statement. */
export const keepSources = (
  tenantId: TenantId,
  known: readonly { readonly source: AbuseSource; readonly state: SourceState }[],
  seenAtMs: number,
): SqlStatement =>
  statement(
    "keep-abuse-sources",
    `INSERT INTO abuse_source (tenant_id, source_kind, source_id, state, seen_at)
    SELECT $1, kind, id, state, $5 FROM unnest($2::text[], $3::text[], $4::jsonb[]) AS known (kind, id, state)
    ON CONFLICT (tenant_id, source_kind, source_id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at`,
    ...[tenantId, known.map(({ source }) => source.kind), known.map(({ source }) => source.id)],
    ...[known.map(({ state }) => JSON.stringify(state)), new Date(seenAtMs)],
  );

/** Forgets sources that were not seen for long, and of the others the least recently seen beyond `most`. */
export const forgetSources = (tenantId: TenantId, seenBeforeMs: number, most: number): SqlStatement =>
  statement(
    "forget-abuse-sources",
    `DELETE FROM abuse_source WHERE tenant_id = $1 AND (seen_at < $2 OR (source_kind, source_id) IN (
      SELECT source_kind, source_id FROM abuse_source WHERE tenant_id = $1 ORDER BY seen_at DESC, source_kind, source_id OFFSET $3))`,
    ...[tenantId, new Date(seenBeforeMs), most],
  );

/** Keeps an event unless there is one of its kind, source and window. */
export const addEvent = (tenantId: TenantId, event: Omit<SecurityEvent, "throttle">): SqlStatement =>
  statement(
    "add-security-event",
    `INSERT INTO security_event (id, tenant_id, kind, source_kind, source_id, window_from, window_to, measured, bound, usual, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id`,
    ...[event.id, tenantId, event.kind, event.source.kind, event.source.id, new Date(event.windowFromMs)],
    ...[new Date(event.windowToMs), event.measured, event.bound, event.usual, new Date(event.createdAtMs)],
  );

/** The newest throttle of a source. */
export const lastThrottle = (tenantId: TenantId, { kind, id }: AbuseSource): SqlStatement =>
  statement(
    "last-throttle-of-source",
    `SELECT ${THROTTLE_COLUMNS} FROM throttle WHERE tenant_id = $1 AND source_kind = $2 AND source_id = $3 ORDER BY starts_at DESC, id DESC LIMIT 1`,
    ...[tenantId, kind, id],
  );

/** Keeps a new throttle. */
export const addThrottle = (tenantId: TenantId, throttle: Throttle): SqlStatement =>
  statement(
    "add-throttle",
    `INSERT INTO throttle (id, tenant_id, security_event_id, kind, source_kind, source_id, level, percent, strikes, starts_at, until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    ...[throttle.id, tenantId, throttle.securityEventId, throttle.kind, throttle.source.kind, throttle.source.id],
    ...[throttle.level, throttle.percent, throttle.strikes, new Date(throttle.startsAtMs), new Date(throttle.untilMs)],
  );

/** Throttles of a tenant, newest first; with a time those alone that hold at it. */
export const listThrottles = (tenantId: TenantId, activeAtMs: number | null, limit: number): SqlStatement =>
  statement(
    "list-throttles",
    `SELECT ${THROTTLE_COLUMNS} FROM throttle WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (lifted_at IS NULL AND until > $2))
    ORDER BY starts_at DESC, id DESC LIMIT $3`,
    ...[tenantId, activeAtMs === null ? null : new Date(activeAtMs), limit],
  );

/** The strictest throttle that holds for a source, and of those the one that ends last. */
export const activeThrottle = (tenantId: TenantId, { kind, id }: AbuseSource, nowMs: number): SqlStatement =>
  statement(
    "active-throttle-of-source",
    `SELECT ${THROTTLE_COLUMNS} FROM throttle WHERE tenant_id = $1 AND source_kind = $2 AND source_id = $3 AND lifted_at IS NULL AND until > $4
    ORDER BY percent, until DESC LIMIT 1`,
    ...[tenantId, kind, id, new Date(nowMs)],
  );

/** One throttle by its id. */
export const findThrottle = (tenantId: TenantId, id: string): SqlStatement =>
  statement("find-throttle", `SELECT ${THROTTLE_COLUMNS} FROM throttle WHERE tenant_id = $1 AND id = $2`, tenantId, id);

/** Lifts whatever holds for a source. */
export const liftThrottles = (
  tenantId: TenantId,
  { kind, id }: AbuseSource,
  by: { readonly kind: string; readonly id: string; readonly reason: string; readonly atMs: number },
): SqlStatement =>
  statement(
    "lift-throttles-of-source",
    `UPDATE throttle SET lifted_at = $4, lifted_by_kind = $5, lifted_by_id = $6, lift_reason = $7
    WHERE tenant_id = $1 AND source_kind = $2 AND source_id = $3 AND lifted_at IS NULL AND until > $4 RETURNING ${THROTTLE_COLUMNS}`,
    ...[tenantId, kind, id, new Date(by.atMs), by.kind, by.id, by.reason],
  );

/** Events of a tenant, newest first: those of a page and one more if there is one. */
export const listEvents = (tenantId: TenantId, filter: SecurityEventFilter, page: PageRequest): SqlStatement =>
  statement(
    "list-security-events",
    `SELECT id, kind, source_kind, source_id, window_from, window_to, measured, bound, usual, created_at FROM security_event
    WHERE tenant_id = $1 AND ($2::text[] IS NULL OR kind = ANY ($2)) AND ($3::text IS NULL OR source_kind = $3)
      AND ($4::text IS NULL OR source_id = $4) AND ($5::timestamptz IS NULL OR created_at >= $5)
      AND ($6::timestamptz IS NULL OR (created_at, id) < ($6, $7::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $8`,
    ...[tenantId, filter.kinds, filter.sourceKind, filter.sourceId],
    filter.sinceMs === null ? null : new Date(filter.sinceMs),
    ...[page.after === null ? null : new Date(page.after.createdAtMs), page.after?.id ?? null, page.first + 1],
  );

/** The throttles that followed events. */
export const throttlesOfEvents = (tenantId: TenantId, ids: readonly string[]): SqlStatement =>
  statement(
    "throttles-of-events",
    `SELECT ${THROTTLE_COLUMNS} FROM throttle WHERE tenant_id = $1 AND security_event_id = ANY ($2::uuid[])`,
    ...[tenantId, ids],
  );
