import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Endpoint, EndpointState, WEBHOOK_LIMITS } from "../../domain/webhooks/endpoint.ts";
import { endpointRow } from "./endpoint-rows.ts";
import { listEndpointsStatement } from "./endpoint-statements.ts";

/** A message to be kept, and where it is to be delivered. */
export interface NewMessage {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly body: string;
  readonly to: readonly NewDelivery[];
}

/** A delivery to be made. */
export interface NewDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly orderingKey: string | null;
  /** The delivery of a channel that was handed over; left out: none. */
  readonly notifyDeliveryId?: string;
}

/** Where messages are written, within the transaction of whoever reads the log. */
export interface MessageStore {
  /** The tenant's endpoints: what a tenant without any costs. */
  endpointsWithin(transaction: SqlTransaction, tenantId: TenantId): Promise<readonly Endpoint[]>;
  /**
   * Keeps messages with a delivery for each endpoint, in order; what is there already is left as it is. A delivery to a disabled endpoint, or to one for
   * which too many wait, is kept as SKIPPED.
   */
  writeWithin(
    transaction: SqlTransaction,
    tenantId: TenantId,
    messages: readonly NewMessage[],
    nowMs: number,
  ): Promise<void>;
}

const nothing = (): null => null;
const heldRow = (row: unknown) =>
  z.object({ id: z.string(), state: z.enum(["ACTIVE", "PAUSED", "DISABLED"]), waiting: z.number() }).parse(row);
const keyRow = (row: unknown): string => {
  const { endpoint_id, ordering_key } = z.object({ endpoint_id: z.string(), ordering_key: z.string() }).parse(row);
  return `${endpoint_id} ${ordering_key}`;
};

const holdStatement = (tenantId: TenantId, ids: readonly string[], most: number): SqlStatement => ({
  name: "webhook-hold-endpoints",
  // Whoever ends a delivery holds its endpoint too, so that no message is put behind one that has just ended.
  text: `SELECT e.id, e.state, (SELECT count(*)::integer FROM (
      SELECT 1 FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.state IN ('WAITING', 'BEHIND') LIMIT $3
    ) w) AS waiting
    FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[]) AND e.deleted_at IS NULL ORDER BY e.id FOR NO KEY UPDATE OF e`,
  params: [tenantId, ids, most],
});

const busyKeysStatement = (tenantId: TenantId, ids: readonly string[], keys: readonly string[]): SqlStatement => ({
  name: "webhook-busy-keys",
  text: `SELECT DISTINCT endpoint_id, ordering_key FROM webhook_delivery
    WHERE tenant_id = $1 AND endpoint_id = ANY ($2::uuid[]) AND ordering_key = ANY ($3::text[]) AND state IN ('WAITING', 'BEHIND')`,
  params: [tenantId, ids, keys],
});

const insertMessagesStatement = (tenantId: TenantId, messages: readonly NewMessage[], nowMs: number): SqlStatement => ({
  name: "webhook-insert-messages",
  text: `INSERT INTO webhook_message (tenant_id, id, type, subject, body, created_at) SELECT $1::uuid, m.id, m.type, m.subject, m.body, $3::timestamptz
    FROM json_to_recordset($2::json) AS m (id uuid, type text, subject text, body text) ON CONFLICT DO NOTHING`,
  params: [tenantId, JSON.stringify(messages.map(({ to: _to, ...kept }) => kept)), new Date(nowMs)],
});

/** A delivery as it is inserted. */
interface PlacedDelivery extends NewDelivery {
  readonly messageId: string;
  readonly state: "WAITING" | "BEHIND" | "SKIPPED";
  readonly reason: "ENDPOINT_DISABLED" | "QUEUE_FULL" | null;
}

const insertDeliveriesStatement = (
  tenantId: TenantId,
  deliveries: readonly PlacedDelivery[],
  isReplay: boolean,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-insert-deliveries",
  text: `INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, message_id, state, ordering_key, is_replay, due_at, end_reason, ended_at, created_at,
      notify_delivery_id)
    SELECT $1::uuid, d.id, d."endpointId", d."messageId", d.state, d."orderingKey", $3::boolean, $4::timestamptz, d.reason,
      CASE WHEN d.reason IS NULL THEN NULL ELSE $4::timestamptz END, $4::timestamptz, d."notifyDeliveryId"
    FROM ROWS FROM (
      json_to_recordset($2::json) AS (id uuid, "endpointId" uuid, "messageId" uuid, state text, "orderingKey" text, reason text, "notifyDeliveryId" uuid)
    ) WITH ORDINALITY AS d (id, "endpointId", "messageId", state, "orderingKey", reason, "notifyDeliveryId", place)
    ORDER BY d.place ON CONFLICT DO NOTHING`,
  params: [tenantId, JSON.stringify(deliveries), isReplay, new Date(nowMs)],
});

/** What is known of an endpoint while deliveries to it are placed. */
interface Placing {
  readonly state: EndpointState;
  waiting: number;
}

const place = (
  delivery: NewDelivery & { readonly messageId: string },
  at: Placing,
  busy: Set<string>,
  most: number,
): PlacedDelivery => {
  const same = delivery;
  const { endpointId, orderingKey } = delivery;
  if (at.state === "DISABLED") return { ...same, state: "SKIPPED", reason: "ENDPOINT_DISABLED" };
  if (at.waiting >= most) return { ...same, state: "SKIPPED", reason: "QUEUE_FULL" };
  at.waiting += 1;
  const key = `${endpointId} ${orderingKey ?? ""}`;
  if (orderingKey !== null && busy.has(key)) return { ...same, state: "BEHIND", reason: null };
  if (orderingKey !== null) busy.add(key);
  return { ...same, state: "WAITING", reason: null };
};

/** Places deliveries at endpoints that it holds from then on: each behind the former ones of its key. Answers how many were placed. */
export const placeWithin = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  deliveries: readonly (NewDelivery & { readonly messageId: string })[],
  by: { readonly most: number; readonly isReplay: boolean; readonly nowMs: number },
): Promise<number> => {
  const ids = [...new Set(deliveries.map(({ endpointId }) => endpointId))].toSorted();
  const held = await transaction.run(holdStatement(tenantId, ids, by.most), heldRow);
  const places = new Map(held.map(({ id, state, waiting }): [string, Placing] => [id, { state, waiting }]));
  const keys = [...new Set(deliveries.flatMap(({ orderingKey }) => (orderingKey === null ? [] : [orderingKey])))];
  const found = keys.length === 0 ? [] : await transaction.run(busyKeysStatement(tenantId, ids, keys), keyRow);
  const busy = new Set(found);
  const placed = deliveries.flatMap((delivery) => {
    const at = places.get(delivery.endpointId);
    return at === undefined ? [] : [place(delivery, at, busy, by.most)];
  });
  if (placed.length > 0)
    await transaction.run(insertDeliveriesStatement(tenantId, placed, by.isReplay, by.nowMs), nothing);
  return placed.length;
};

/** Builds {@link MessageStore}. */
export const createMessageStore = (limits: Pick<typeof WEBHOOK_LIMITS, "waiting">): MessageStore => ({
  endpointsWithin: (transaction, tenantId) => transaction.run(listEndpointsStatement(tenantId), endpointRow),
  writeWithin: async (transaction, tenantId, messages, nowMs) => {
    await transaction.run(insertMessagesStatement(tenantId, messages, nowMs), nothing);
    const deliveries = messages.flatMap(({ id: messageId, to }) => to.map((one) => ({ ...one, messageId })));
    await placeWithin(transaction, tenantId, deliveries, { most: limits.waiting, isReplay: false, nowMs });
  },
});
