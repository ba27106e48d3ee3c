import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { EndpointHealth } from "../../domain/webhooks/breaker.ts";
import { idsOf, tokensOf, type ClaimBounds, type LeasedClaim } from "../leased-claims.ts";

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

/** How many may be sent at a time; and from when on the breaker lets one through alone. */
export interface BreakerBounds extends ClaimBounds {
  readonly breakerFailures: number;
}

const at = (ms: number): Date => new Date(ms);
/** Deliveries `d` of claims of a tenant that are still good: `$1` the tenant, `$2` ids, `$3` tokens. */
const CLAIMED = `unnest($2::uuid[], $3::uuid[]) AS c(id, token)
    JOIN webhook_delivery d ON d.tenant_id = $1 AND d.id = c.id AND d.lease_token = c.token AND d.state = 'WAITING'`;

/** Leases due deliveries of any tenants. */
export const claimStatement = (nowMs: number, leaseUntilMs: number, bounds: BreakerBounds): SqlStatement => ({
  name: "webhook-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_webhook_deliveries_across_tenants($1, $2, $3, $4, $5, $6)",
  params: [at(nowMs), at(leaseUntilMs), bounds.limit, bounds.perTenant, bounds.perReceiver, bounds.breakerFailures],
});

/** Lengthens leases of any tenants; the tokens of those that are still held. */
export const renewStatement = (claims: readonly LeasedClaim[], leaseUntilMs: number): SqlStatement => ({
  name: "webhook-renew-leases-across-tenants",
  text: "SELECT lease_token FROM renew_webhook_leases_across_tenants($1, $2, $3, $4)",
  params: [claims.map(({ tenantId }) => tenantId), idsOf(claims), tokensOf(claims), at(leaseUntilMs)],
});

/** What claims of any tenants are about; no row for those that are no longer good. */
export const loadStatement = (claims: readonly LeasedClaim[], nowMs: number): SqlStatement => ({
  name: "webhook-load-claims-across-tenants",
  text: `SELECT tenant_id, delivery_id, message_id, type, body, endpoint_id, version, url, owner_kind, owner_id, owner_permissions, sealed_headers, sealed_secrets
    FROM load_webhook_claims_across_tenants($1, $2, $3, $4)`,
  params: [claims.map(({ tenantId }) => tenantId), idsOf(claims), tokensOf(claims), at(nowMs)],
});

/** Keeps attempts of any tenants that succeeded, and ends their deliveries; the tokens of those that were still held. */
export const settleDeliveredStatement = (
  delivered: readonly { readonly claim: LeasedClaim; readonly made: MadeAttempt }[],
  nowMs: number,
): SqlStatement => {
  const claims = delivered.map(({ claim }) => claim);
  return {
    name: "webhook-settle-delivered-across-tenants",
    text: "SELECT lease_token FROM settle_delivered_webhooks_across_tenants($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    params: [
      ...[
        claims.map(({ tenantId }) => tenantId),
        idsOf(claims),
        tokensOf(claims),
        delivered.map(({ made }) => made.url),
      ],
      ...[delivered.map(({ made }) => at(made.startedAtMs)), delivered.map(({ made }) => made.elapsedMs)],
      ...[delivered.map(({ made }) => made.status), delivered.map(({ made }) => made.detail), at(nowMs)],
    ],
  };
};

/** Deliveries of claims that are still good, held in one order. */
export const holdClaimedStatement = (tenantId: TenantId, claims: readonly LeasedClaim[]): SqlStatement => ({
  name: "webhook-hold-claimed",
  text: `SELECT d.id, d.attempts, d.ordering_key FROM ${CLAIMED} ORDER BY d.id FOR UPDATE OF d`,
  params: [tenantId, idsOf(claims), tokensOf(claims)],
});

/** Keeps attempts of an endpoint. */
export const attemptsStatement = (
  tenantId: TenantId,
  endpointId: string,
  attempts: readonly { readonly id: string; readonly number: number; readonly made: MadeAttempt }[],
): SqlStatement => ({
  name: "webhook-insert-attempts",
  text: `INSERT INTO webhook_attempt (tenant_id, endpoint_id, delivery_id, number, started_at, elapsed_ms, status, fault, detail)
    SELECT $1, $2, a.* FROM unnest($3::uuid[], $4::integer[], $5::timestamptz[], $6::integer[], $7::integer[], $8::text[], $9::text[]) AS a`,
  params: [
    ...[tenantId, endpointId, attempts.map(({ id }) => id), attempts.map(({ number }) => number)],
    ...[attempts.map(({ made }) => at(made.startedAtMs)), attempts.map(({ made }) => made.elapsedMs)],
    ...[attempts.map(({ made }) => made.status), attempts.map(({ made }) => made.fault)],
    attempts.map(({ made }) => made.detail),
  ],
});

/** What becomes of a delivery: it waits until it is due, or has ended. */
export interface DeliveryStep {
  readonly id: string;
  readonly state: "WAITING" | "DELIVERED" | "DEAD" | "SKIPPED";
  readonly attempts: number;
  /** Null for one that has ended. */
  readonly dueAtMs: number | null;
  readonly reason: string | null;
}

/** Keeps what became of deliveries that are held, and gives their leases back. */
export const stepStatement = (tenantId: TenantId, steps: readonly DeliveryStep[], nowMs: number): SqlStatement => ({
  name: "webhook-step",
  text: `UPDATE webhook_delivery d SET state = s.state, attempts = s.attempts, due_at = coalesce(s.due_at, d.due_at), end_reason = s.reason,
      ended_at = CASE WHEN s.state = 'WAITING' THEN NULL ELSE $7::timestamptz END, lease_token = NULL, leased_until = NULL
    FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[]) AS s(id, state, attempts, due_at, reason)
    WHERE d.tenant_id = $1 AND d.id = s.id`,
  params: [
    ...[tenantId, steps.map(({ id }) => id), steps.map(({ state }) => state), steps.map(({ attempts }) => attempts)],
    steps.map(({ dueAtMs }) => (dueAtMs === null ? null : at(dueAtMs))),
    ...[steps.map(({ reason }) => reason), at(nowMs)],
  ],
});

/** Lets the first of each of some keys of an endpoint go, if it waits behind one that has ended. */
export const releaseStatement = (
  tenantId: TenantId,
  endpointId: string,
  keys: readonly string[],
  nowMs: number,
): SqlStatement => ({
  name: "webhook-release-next",
  text: `UPDATE webhook_delivery d SET state = 'WAITING', due_at = $4 FROM unnest($3::text[]) AS k(key) WHERE d.tenant_id = $1 AND d.state = 'BEHIND' AND d.id = (
      SELECT n.id FROM webhook_delivery n WHERE n.tenant_id = $1 AND n.endpoint_id = $2 AND n.ordering_key = k.key AND n.state IN ('WAITING', 'BEHIND')
      ORDER BY n.sequence LIMIT 1)`,
  params: [tenantId, endpointId, keys, at(nowMs)],
});

/** Keeps how an endpoint fares. */
export const healthStatement = (
  tenantId: TenantId,
  id: string,
  { failuresInRow, failingSinceMs, blockedUntilMs }: EndpointHealth,
  succeededAtMs: number | null,
): SqlStatement => ({
  name: "webhook-keep-health",
  text: `UPDATE webhook_endpoint SET failures_in_row = $3, failing_since = $4, blocked_until = $5, last_success_at = coalesce($6, last_success_at)
    WHERE tenant_id = $1 AND id = $2`,
  params: [
    ...[tenantId, id, failuresInRow, failingSinceMs === null ? null : at(failingSinceMs)],
    ...[blockedUntilMs === null ? null : at(blockedUntilMs), succeededAtMs === null ? null : at(succeededAtMs)],
  ],
});

/** Gives a claim back without an attempt. */
export const giveBackStatement = ({ tenantId, id, leaseToken }: LeasedClaim, dueAtMs: number): SqlStatement => ({
  name: "webhook-give-back",
  text: `UPDATE webhook_delivery SET due_at = greatest(due_at, $4), lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [tenantId, id, leaseToken, at(dueAtMs)],
});

/** Drops what was made before a time. */
export const pruneStatement = (beforeMs: number, limit: number): SqlStatement => ({
  name: "webhook-prune-across-tenants",
  text: "SELECT prune_webhooks_across_tenants($1, $2) AS dropped",
  params: [at(beforeMs), limit],
});
