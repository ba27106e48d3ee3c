import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { AfterAttempt, DeliveryEndReason } from "../../domain/webhooks/after-attempt.ts";
import type { EndpointHealth } from "../../domain/webhooks/breaker.ts";
import type { Endpoint } from "../../domain/webhooks/endpoint.ts";
import { endpointRow } from "./endpoint-rows.ts";
import { findEndpointStatement, setStateStatement } from "./endpoint-statements.ts";
import { tellEndpoint } from "./endpoint-store.ts";

/** A delivery a sender may make until its lease ends; the token proves it when the attempt is settled. */
export interface DeliveryClaim {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly leaseToken: string;
}

/** Everything an attempt needs; secrets and headers as they are sealed. */
export interface ClaimedDelivery {
  readonly messageId: string;
  readonly type: string;
  readonly body: string;
  readonly endpoint: Endpoint;
  readonly sealedHeaders: string | null;
  readonly sealedSecrets: readonly string[];
}

/** An attempt that was made. */
export interface MadeAttempt {
  readonly url: string;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  /** Null when nothing was answered, and then why. */
  readonly status: number | null;
  readonly fault: string | null;
  /** The beginning of the answer, or what went wrong. */
  readonly detail: string;
}

/** How many may be sent at a time, of all, of a tenant and of an endpoint; and from when on the breaker lets one through alone. */
export interface ClaimBounds {
  readonly limit: number;
  readonly perTenant: number;
  readonly perEndpoint: number;
  readonly breakerFailures: number;
}

/** Where deliveries are claimed and settled. */
export interface DeliveryStore {
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, bounds: ClaimBounds): Promise<readonly DeliveryClaim[]>;
  /** What a claim is about; null when it is no longer good. */
  load(claim: DeliveryClaim, nowMs: number): Promise<ClaimedDelivery | null>;
  /** Keeps an attempt and what follows from it, all of it or nothing; false when somebody else has the delivery now. */
  settle(
    claim: DeliveryClaim,
    made: MadeAttempt,
    nowMs: number,
    decide: (attempts: number, health: EndpointHealth) => AfterAttempt,
  ): Promise<boolean>;
  /** Ends a delivery that is not to be sent. */
  skip(claim: DeliveryClaim, reason: DeliveryEndReason, nowMs: number): Promise<void>;
  /** Gives a claim back without an attempt. */
  giveBack(claim: DeliveryClaim, dueAtMs: number): Promise<void>;
  /** Drops what was made before a time; answers how many messages. */
  pruneAcrossTenants(beforeMs: number, limit: number): Promise<number>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const claimRow = (row: unknown): DeliveryClaim => {
  const found = z.object({ tenant_id: z.string(), id: z.string(), lease_token: z.string() }).parse(row);
  const tenantId = parseTenantId(found.tenant_id);
  if (tenantId === null) throw new Error("A delivery names no tenant.");
  return { tenantId, id: found.id, leaseToken: found.lease_token };
};
const claimedRow = (row: unknown) =>
  z
    .object({
      ...{ endpoint_id: z.string(), message_id: z.string(), attempts: z.number() },
      ordering_key: z.string().nullable(),
    })
    .parse(row);
const messageRow = (row: unknown) => z.object({ type: z.string(), body: z.string() }).parse(row);
const sealedRow = (row: unknown) =>
  z.object({ sealed_headers: z.string().nullable(), secrets: z.array(z.string()) }).parse(row);
const countRow = (row: unknown): number => z.object({ dropped: z.number() }).parse(row).dropped;

const claimStatement = (nowMs: number, leaseUntilMs: number, bounds: ClaimBounds): SqlStatement => ({
  name: "webhook-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_webhook_deliveries_across_tenants($1, $2, $3, $4, $5, $6)",
  params: [at(nowMs), at(leaseUntilMs), bounds.limit, bounds.perTenant, bounds.perEndpoint, bounds.breakerFailures],
});
const claimedStatement = ({ tenantId, id, leaseToken }: DeliveryClaim, hold: boolean): SqlStatement => ({
  name: `webhook-claimed${hold ? "-hold" : ""}`,
  text: `SELECT endpoint_id, message_id, attempts, ordering_key FROM webhook_delivery
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 AND state = 'WAITING'${hold ? " FOR UPDATE" : ""}`,
  params: [tenantId, id, leaseToken],
});
const messageStatement = (tenantId: TenantId, id: string): SqlStatement => ({
  name: "webhook-message",
  text: "SELECT type, body FROM webhook_message WHERE tenant_id = $1 AND id = $2",
  params: [tenantId, id],
});
const sealedStatement = (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
  name: "webhook-sealed",
  text: `SELECT e.sealed_headers, ARRAY(SELECT s.sealed FROM webhook_secret s WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id
      AND (s.expires_at IS NULL OR s.expires_at > $3) ORDER BY s.created_at DESC, s.id DESC) AS secrets
    FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.id = $2`,
  params: [tenantId, id, at(nowMs)],
});
const attemptStatement = (
  claim: DeliveryClaim,
  endpointId: string,
  number: number,
  made: MadeAttempt,
): SqlStatement => ({
  name: "webhook-insert-attempt",
  text: `INSERT INTO webhook_attempt (tenant_id, delivery_id, number, endpoint_id, started_at, elapsed_ms, status, fault, detail)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  params: [
    ...[claim.tenantId, claim.id, number, endpointId, at(made.startedAtMs), made.elapsedMs],
    ...[made.status, made.fault, made.detail],
  ],
});
const retryStatement = ({ tenantId, id }: DeliveryClaim, attempts: number, dueAtMs: number): SqlStatement => ({
  name: "webhook-retry",
  text: "UPDATE webhook_delivery SET attempts = $3, due_at = $4, lease_token = NULL, leased_until = NULL WHERE tenant_id = $1 AND id = $2",
  params: [tenantId, id, attempts, at(dueAtMs)],
});
const endStatement = (
  { tenantId, id }: DeliveryClaim,
  end: { readonly state: string; readonly reason: string | null; readonly attempts: number },
  nowMs: number,
): SqlStatement => ({
  name: "webhook-end",
  text: `UPDATE webhook_delivery SET state = $3, end_reason = $4, attempts = $5, ended_at = $6, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id, end.state, end.reason, end.attempts, at(nowMs)],
});
const releaseStatement = (tenantId: TenantId, endpointId: string, key: string, nowMs: number): SqlStatement => ({
  name: "webhook-release-next",
  text: `UPDATE webhook_delivery SET state = 'WAITING', due_at = $4 WHERE tenant_id = $1 AND id = (
      SELECT id FROM webhook_delivery WHERE tenant_id = $1 AND endpoint_id = $2 AND ordering_key = $3 AND state IN ('WAITING', 'BEHIND')
      ORDER BY sequence LIMIT 1
    ) AND state = 'BEHIND'`,
  params: [tenantId, endpointId, key, at(nowMs)],
});
const healthStatement = (
  tenantId: TenantId,
  id: string,
  { failuresInRow, failingSinceMs, blockedUntilMs }: EndpointHealth,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-keep-health",
  text: `UPDATE webhook_endpoint SET failures_in_row = $3, failing_since = $4, blocked_until = $5,
      last_success_at = CASE WHEN $3 = 0 THEN $6 ELSE last_success_at END WHERE tenant_id = $1 AND id = $2`,
  params: [
    ...[tenantId, id, failuresInRow, failingSinceMs === null ? null : at(failingSinceMs)],
    ...[blockedUntilMs === null ? null : at(blockedUntilMs), at(nowMs)],
  ],
});
const giveBackStatement = ({ tenantId, id, leaseToken }: DeliveryClaim, dueAtMs: number): SqlStatement => ({
  name: "webhook-give-back",
  text: `UPDATE webhook_delivery SET due_at = greatest(due_at, $4), lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [tenantId, id, leaseToken, at(dueAtMs)],
});
const pruneStatement = (beforeMs: number, limit: number): SqlStatement => ({
  name: "webhook-prune-across-tenants",
  text: "SELECT prune_webhooks_across_tenants($1, $2) AS dropped",
  params: [at(beforeMs), limit],
});

type Claimed = ReturnType<typeof claimedRow>;

/** The claimed delivery with its endpoint, both held: the endpoint first, as everybody does who holds both. */
const holdBoth = async (
  transaction: SqlTransaction,
  claim: DeliveryClaim,
): Promise<{ readonly delivery: Claimed; readonly endpoint: Endpoint } | null> => {
  const [named] = await transaction.run(claimedStatement(claim, false), claimedRow);
  if (named === undefined) return null;
  const find = findEndpointStatement(claim.tenantId, named.endpoint_id, true);
  const [endpoint] = await transaction.run(find, endpointRow);
  const [delivery] = await transaction.run(claimedStatement(claim, true), claimedRow);
  return endpoint === undefined || delivery === undefined ? null : { delivery, endpoint };
};

const end = async (
  transaction: SqlTransaction,
  claim: DeliveryClaim,
  delivery: Claimed,
  to: Parameters<typeof endStatement>[1],
  nowMs: number,
): Promise<void> => {
  await transaction.run(endStatement(claim, to, nowMs), nothing);
  const { endpoint_id: endpointId, ordering_key: key } = delivery;
  if (key !== null) await transaction.run(releaseStatement(claim.tenantId, endpointId, key, nowMs), nothing);
};

const settle =
  ({ sql, eventLog }: { sql: TenantSql; eventLog: Pick<EventLog, "appendWith"> }): DeliveryStore["settle"] =>
  (claim, made, nowMs, decide) =>
    sql.transaction(claim.tenantId, async (transaction) => {
      const both = await holdBoth(transaction, claim);
      if (both === null) return false;
      const { delivery, endpoint } = both;
      const attempts = delivery.attempts + 1;
      const after = decide(attempts, endpoint.health);
      await transaction.run(attemptStatement(claim, endpoint.id, attempts, made), nothing);
      // What another address answered says nothing of this one.
      const isSame = endpoint.url === made.url;
      const fate =
        !isSame && after.delivery.kind !== "DELIVERED" ? ({ kind: "RETRY", dueAtMs: nowMs } as const) : after.delivery;
      if (fate.kind === "RETRY") await transaction.run(retryStatement(claim, attempts, fate.dueAtMs), nothing);
      else {
        const reason = fate.kind === "DEAD" ? fate.reason : null;
        await end(transaction, claim, delivery, { state: fate.kind, reason, attempts }, nowMs);
      }
      if (!isSame) return true;
      await transaction.run(healthStatement(claim.tenantId, endpoint.id, after.health, nowMs), nothing);
      if (after.disabled === null || endpoint.state === "DISABLED") return true;
      const to = { state: "DISABLED", because: after.disabled } as const;
      await transaction.run(setStateStatement(claim.tenantId, endpoint.id, to, nowMs), nothing);
      const told = { change: "DISABLED", reason: after.disabled, atMs: nowMs } as const;
      await tellEndpoint(eventLog, transaction, { ...endpoint, version: endpoint.version + 1 }, told);
      return true;
    });

/** Builds {@link DeliveryStore}. */
export const createDeliveryStore = (deps: {
  sql: TenantSql;
  eventLog: Pick<EventLog, "appendWith">;
}): DeliveryStore => {
  const { sql } = deps;
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, bounds) =>
      sql.runAcrossTenants(claimStatement(nowMs, leaseUntilMs, bounds), claimRow),
    load: (claim, nowMs) =>
      sql.transaction(claim.tenantId, async (transaction) => {
        const { tenantId } = claim;
        const [delivery] = await transaction.run(claimedStatement(claim, false), claimedRow);
        if (delivery === undefined) return null;
        const { endpoint_id: endpointId, message_id: messageId } = delivery;
        const [endpoint] = await transaction.run(findEndpointStatement(tenantId, endpointId, false), endpointRow);
        const [message] = await transaction.run(messageStatement(tenantId, messageId), messageRow);
        const [sealed] = await transaction.run(sealedStatement(tenantId, endpointId, nowMs), sealedRow);
        if (endpoint === undefined || message === undefined || sealed === undefined) return null;
        return {
          ...{ messageId, ...message, endpoint, sealedHeaders: sealed.sealed_headers, sealedSecrets: sealed.secrets },
        };
      }),
    settle: settle(deps),
    skip: (claim, reason, nowMs) =>
      sql.transaction(claim.tenantId, async (transaction) => {
        const both = await holdBoth(transaction, claim);
        if (both === null) return;
        const to = { state: "SKIPPED", reason, attempts: both.delivery.attempts };
        await end(transaction, claim, both.delivery, to, nowMs);
      }),
    giveBack: async (claim, dueAtMs) =>
      void (await sql.run(claim.tenantId, giveBackStatement(claim, dueAtMs), nothing)),
    pruneAcrossTenants: async (beforeMs, limit) =>
      (await sql.runAcrossTenants(pruneStatement(beforeMs, limit), countRow))[0] ?? 0,
  };
};
