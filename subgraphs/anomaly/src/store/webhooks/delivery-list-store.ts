import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { DELIVERY_END_REASONS } from "../../domain/webhooks/after-attempt.ts";
import type { Endpoint, WEBHOOK_LIMITS } from "../../domain/webhooks/endpoint.ts";
import { placeWithin, type NewMessage } from "./message-store.ts";

/** Where a delivery stands. */
export const DELIVERY_STATES = ["WAITING", "BEHIND", "DELIVERED", "DEAD", "SKIPPED"] as const;

/** A delivery of a message to an endpoint. */
export interface Delivery {
  readonly id: string;
  /** Its place among the tenant's deliveries; what cursors are made of. */
  readonly sequence: string;
  readonly endpointId: string;
  readonly messageId: string;
  readonly type: string;
  readonly body: string;
  readonly state: (typeof DELIVERY_STATES)[number];
  readonly endReason: (typeof DELIVERY_END_REASONS)[number] | null;
  readonly isReplay: boolean;
  readonly attempts: number;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
}

/** One attempt of a delivery. */
export interface Attempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly status: number | null;
  readonly fault: string | null;
  readonly detail: string;
}

/** How an endpoint fared in the last day, and what waits for it. */
export interface EndpointStats {
  readonly endpointId: string;
  readonly waiting: number;
  readonly delivered: number;
  readonly dead: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** Which deliveries are asked for; null or absent: all. */
export interface DeliveryFilter {
  readonly endpointId: string | null;
  readonly messageId: string | null;
  readonly states: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Which messages of an endpoint are sent again. */
export type ReplaySelection =
  | { readonly kind: "IDS"; readonly messageIds: readonly string[] }
  | { readonly kind: "RANGE"; readonly fromMs: number; readonly toMs: number; readonly onlyFailed: boolean };

/** What became of a replay. */
export type Replayed =
  { readonly kind: "REPLAYED"; readonly deliveries: number } | { readonly kind: "TOO_MANY"; readonly limit: number };

/** What is known of deliveries, and new deliveries of what was sent before. */
export interface DeliveryListStore {
  /** Newest first; those before a place, if one is given. */
  page(
    tenantId: TenantId,
    filter: DeliveryFilter,
    page: { readonly first: number; readonly after: string | null },
  ): Promise<readonly Delivery[]>;
  /** Of each of some messages the delivery that was made last. */
  newestOfMessages(tenantId: TenantId, messageIds: readonly string[]): Promise<readonly Delivery[]>;
  /** Attempts of deliveries, in their order. */
  attempts(tenantId: TenantId, deliveryIds: readonly string[]): Promise<readonly Attempt[]>;
  stats(tenantId: TenantId, endpointIds: readonly string[], nowMs: number): Promise<readonly EndpointStats[]>;
  /** Sends messages to an endpoint again, oldest first; what still waits for it is not sent twice. */
  replay(
    tenantId: TenantId,
    endpoint: Endpoint,
    selection: ReplaySelection,
    by: { readonly nowMs: number; readonly newId: () => string; readonly keyOf: (subject: string) => string | null },
  ): Promise<Replayed>;
  /** Sends one message to whom it names, and answers its deliveries. */
  send(tenantId: TenantId, message: NewMessage, nowMs: number): Promise<readonly Delivery[]>;
}

const DAY_MS = 86_400_000;
const at = (ms: number): Date => new Date(ms);
const nothing = (): null => null;

const deliveryRow = (row: unknown): Delivery => {
  const found = z
    .object({
      ...{ id: z.string(), sequence: z.string(), endpoint_id: z.string(), message_id: z.string(), type: z.string() },
      ...{ body: z.string(), state: z.enum(["WAITING", "BEHIND", "DELIVERED", "DEAD", "SKIPPED"]) },
      end_reason: z
        .enum(["GONE", "ATTEMPTS_USED_UP", "ENDPOINT_DISABLED", "ENDPOINT_DELETED", "QUEUE_FULL", "NOT_PERMITTED"])
        .nullable(),
      ...{ is_replay: z.boolean(), attempts: z.number(), due_at: z.date(), created_at: z.date() },
      ended_at: z.date().nullable(),
    })
    .parse(row);
  return {
    ...{ id: found.id, sequence: found.sequence, endpointId: found.endpoint_id, messageId: found.message_id },
    ...{ type: found.type, body: found.body, state: found.state, endReason: found.end_reason },
    ...{ isReplay: found.is_replay, attempts: found.attempts, dueAtMs: found.due_at.getTime() },
    ...{ createdAtMs: found.created_at.getTime(), endedAtMs: found.ended_at?.getTime() ?? null },
  };
};
const attemptRow = (row: unknown): Attempt => {
  const found = z
    .object({
      ...{ delivery_id: z.string(), number: z.number(), started_at: z.date(), elapsed_ms: z.number() },
      ...{ status: z.number().nullable(), fault: z.string().nullable(), detail: z.string() },
    })
    .parse(row);
  return {
    ...{ deliveryId: found.delivery_id, number: found.number, startedAtMs: found.started_at.getTime() },
    ...{ elapsedMs: found.elapsed_ms, status: found.status, fault: found.fault, detail: found.detail },
  };
};
const statsRow = (row: unknown): EndpointStats => {
  const found = z
    .object({
      ...{ endpoint_id: z.string(), waiting: z.number(), delivered: z.number(), dead: z.number() },
      ...{ attempts: z.number(), failed: z.number(), p50: z.number().nullable(), p95: z.number().nullable() },
    })
    .parse(row);
  return {
    ...{ endpointId: found.endpoint_id, waiting: found.waiting, delivered: found.delivered, dead: found.dead },
    ...{ attempts: found.attempts, failedAttempts: found.failed, p50Ms: found.p50, p95Ms: found.p95 },
  };
};
const replayColumns = z.object({
  message_id: z.string(),
  subject: z.string(),
  notify_delivery_id: z.string().nullable(),
});
const replayRow = (row: unknown) => replayColumns.parse(row);

const DELIVERY = `d.id, d.sequence::text, d.endpoint_id, d.message_id, m.type, m.body, d.state, d.end_reason, d.is_replay, d.attempts, d.due_at,
  d.created_at, d.ended_at FROM webhook_delivery d JOIN webhook_message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id`;

const pageStatement = (
  tenantId: TenantId,
  filter: DeliveryFilter,
  { first, after }: { readonly first: number; readonly after: string | null },
): SqlStatement => ({
  name: "webhook-deliveries",
  text: `SELECT ${DELIVERY} WHERE d.tenant_id = $1 AND ($2::bigint IS NULL OR d.sequence < $2) AND ($3::uuid IS NULL OR d.endpoint_id = $3)
      AND ($4::uuid IS NULL OR d.message_id = $4) AND ($5::text[] IS NULL OR d.state = ANY ($5)) AND ($6::text[] IS NULL OR m.type = ANY ($6))
      AND ($7::timestamptz IS NULL OR d.created_at >= $7) AND ($8::timestamptz IS NULL OR d.created_at < $8)
    ORDER BY d.sequence DESC LIMIT $9`,
  params: [
    ...[tenantId, after, filter.endpointId, filter.messageId, filter.states, filter.types],
    ...[filter.fromMs === null ? null : at(filter.fromMs), filter.toMs === null ? null : at(filter.toMs), first],
  ],
});
const newestStatement = (tenantId: TenantId, messageIds: readonly string[]): SqlStatement => ({
  name: "webhook-newest-of-messages",
  text: `SELECT DISTINCT ON (d.message_id) ${DELIVERY} WHERE d.tenant_id = $1 AND d.message_id = ANY ($2::uuid[]) ORDER BY d.message_id, d.sequence DESC`,
  params: [tenantId, messageIds],
});
const attemptsStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "webhook-attempts",
  text: `SELECT delivery_id, number, started_at, elapsed_ms, status, fault, detail FROM webhook_attempt
    WHERE tenant_id = $1 AND delivery_id = ANY ($2::uuid[]) ORDER BY delivery_id, number`,
  params: [tenantId, ids],
});
const statsStatement = (tenantId: TenantId, ids: readonly string[], most: number, nowMs: number): SqlStatement => ({
  name: "webhook-stats",
  text: `SELECT e.id AS endpoint_id, w.waiting, d.delivered, d.dead, a.attempts, a.failed, a.p50, a.p95 FROM webhook_endpoint e
    CROSS JOIN LATERAL (SELECT count(*)::integer AS waiting FROM (SELECT 1 FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id
      AND d.endpoint_id = e.id AND d.state IN ('WAITING', 'BEHIND') LIMIT $3) x) w
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state = 'DELIVERED')::integer AS delivered, count(*) FILTER (WHERE d.state = 'DEAD')::integer AS dead
      FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.ended_at > $4) d
    CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts, count(*) FILTER (WHERE a.status IS NULL OR a.status NOT BETWEEN 200 AND 299)::integer AS failed,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY a.elapsed_ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY a.elapsed_ms) AS p95
      FROM webhook_attempt a WHERE a.tenant_id = e.tenant_id AND a.endpoint_id = e.id AND a.started_at > $4) a
    WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[])`,
  params: [tenantId, ids, most, at(nowMs - DAY_MS)],
});
const replayedStatement = (
  tenantId: TenantId,
  endpointId: string,
  selection: ReplaySelection,
  most: number,
): SqlStatement => {
  const range = selection.kind === "RANGE" ? selection : null;
  return {
    name: "webhook-replayed",
    text: `SELECT m.id AS message_id, m.subject, d.notify_delivery_id FROM webhook_message m JOIN (
        SELECT d.message_id, min(d.notify_delivery_id::text) AS notify_delivery_id, min(d.sequence) AS place, bool_or(d.state IN ('WAITING', 'BEHIND')) AS waits, bool_or(d.state = 'DELIVERED') AS delivered
        FROM webhook_delivery d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 GROUP BY d.message_id
      ) d ON d.message_id = m.id
      WHERE m.tenant_id = $1 AND NOT d.waits AND ($3::uuid[] IS NULL OR m.id = ANY ($3)) AND ($4::timestamptz IS NULL OR m.created_at >= $4)
        AND ($5::timestamptz IS NULL OR m.created_at < $5) AND (NOT $6 OR NOT d.delivered)
      ORDER BY d.place LIMIT $7`,
    params: [
      ...[tenantId, endpointId, selection.kind === "IDS" ? selection.messageIds : null],
      ...[range === null ? null : at(range.fromMs), range === null ? null : at(range.toMs)],
      ...[range?.onlyFailed ?? false, most + 1],
    ],
  };
};
const sentStatement = (tenantId: TenantId, messageId: string): SqlStatement => ({
  name: "webhook-sent",
  text: `SELECT ${DELIVERY} WHERE d.tenant_id = $1 AND d.message_id = $2 ORDER BY d.sequence`,
  params: [tenantId, messageId],
});
const messageStatement = (
  tenantId: TenantId,
  { id, type, subject, body }: NewMessage,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-insert-message",
  text: "INSERT INTO webhook_message (tenant_id, id, type, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
  params: [tenantId, id, type, subject, body, at(nowMs)],
});

/** Builds {@link DeliveryListStore}. */
export const createDeliveryListStore = (deps: { sql: TenantSql; limits: typeof WEBHOOK_LIMITS }): DeliveryListStore => {
  const { sql, limits } = deps;
  return {
    page: (tenantId, filter, page) => sql.run(tenantId, pageStatement(tenantId, filter, page), deliveryRow),
    newestOfMessages: (tenantId, ids) => sql.run(tenantId, newestStatement(tenantId, ids), deliveryRow),
    attempts: (tenantId, ids) => sql.run(tenantId, attemptsStatement(tenantId, ids), attemptRow),
    stats: (tenantId, ids, nowMs) =>
      sql.run(tenantId, statsStatement(tenantId, ids, limits.waiting + 1, nowMs), statsRow),
    replay: (tenantId, endpoint, selection, { nowMs, newId, keyOf }) =>
      sql.transaction(tenantId, async (transaction): Promise<Replayed> => {
        const select = replayedStatement(tenantId, endpoint.id, selection, limits.replayed);
        const found = await transaction.run(select, replayRow);
        if (found.length > limits.replayed) return { kind: "TOO_MANY", limit: limits.replayed };
        const again = found.map(({ message_id: messageId, subject, notify_delivery_id: notifyDeliveryId }) => ({
          ...{ id: newId(), endpointId: endpoint.id, messageId, orderingKey: keyOf(subject) },
          ...(notifyDeliveryId === null ? {} : { notifyDeliveryId }),
        }));
        const by = { most: limits.waiting, isReplay: true, nowMs };
        const deliveries = again.length === 0 ? 0 : await placeWithin(transaction, tenantId, again, by);
        return { kind: "REPLAYED", deliveries };
      }),
    send: (tenantId, message, nowMs) =>
      sql.transaction(tenantId, async (transaction) => {
        await transaction.run(messageStatement(tenantId, message, nowMs), nothing);
        const to = message.to.map((one) => ({ ...one, messageId: message.id }));
        await placeWithin(transaction, tenantId, to, { most: limits.waiting, isReplay: false, nowMs });
        return transaction.run(sentStatement(tenantId, message.id), deliveryRow);
      }),
  };
};
