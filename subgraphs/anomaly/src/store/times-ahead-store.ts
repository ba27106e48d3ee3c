import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { idColumn } from "./rule-row.ts";

/** What times are held against, milliseconds since the epoch. */
export interface TimesNow {
  readonly nowMs: number;
  /** What was put down later than this was put down by a clock that was ahead. */
  readonly aheadMs: number;
  /** What an endpoint rests for at most ends before this. */
  readonly blockedMs: number;
  /** Until when a lease lasts that is given now. */
  readonly leaseUntilMs: number;
}

/** Where times are found, and put right, that a clock put down which was ahead. */
export interface TimesAheadStore {
  /** Tenants that have some, at most `limit`. */
  tenantsAcrossTenants(times: TimesNow, limit: number): Promise<readonly TenantId[]>;
  /** Puts a tenant's right; answers how many. */
  mend(tenantId: TenantId, times: TimesNow): Promise<number>;
}

const at = (ms: number): Date => new Date(ms);
const tenantRow = (row: unknown): TenantId => z.object({ tenant_id: idColumn(parseTenantId) }).parse(row).tenant_id;
const nothing = (): null => null;

/** Deliveries wait from now on for as long as they were to wait from the moment that was put down, which becomes now. `$1` the tenant, `$2` now, `$3` ahead, `$4` a lease. */
const DELIVERIES = `UPDATE notify_delivery d SET created_at = least(d.created_at, $2), begun_at = CASE WHEN d.begun_at > $2 THEN $2 ELSE d.begun_at END,
      postponed_at = CASE WHEN d.postponed_at > $2 THEN $2 ELSE d.postponed_at END,
      due_at = CASE WHEN w.written_at > $3 AND d.due_at > $2 THEN greatest($2, d.due_at - (w.written_at - $2)) ELSE d.due_at END,
      leased_until = CASE WHEN d.leased_until > $3 THEN $4 ELSE d.leased_until END,
      log = CASE WHEN w.tried_at > $2 THEN jsonb_set(d.log, '{-1,atMs}', to_jsonb(floor(extract(epoch FROM $2) * 1000))) ELSE d.log END
    FROM (
      SELECT o.id, o.tried_at, greatest(o.created_at, o.begun_at, o.postponed_at, o.tried_at) AS written_at FROM (
        SELECT n.id, n.created_at, n.begun_at, n.postponed_at, n.leased_until, to_timestamp((n.log->-1->>'atMs')::float8 / 1000) AS tried_at FROM notify_delivery n
        WHERE n.tenant_id = $1 AND n.state IN ('GATHERING', 'SENDING', 'RETRYING') FOR UPDATE SKIP LOCKED
      ) o WHERE greatest(o.created_at, o.begun_at, o.postponed_at, o.tried_at, o.leased_until) > $3
    ) w WHERE d.tenant_id = $1 AND d.id = w.id RETURNING d.id`;

/**
 * Webhooks that were put down, tried, or let go by such a clock are due now: their attempts stay as they were put down. One that was never tried is due at once, and one that was tried
 * no later than the longest wait of the schedule after it.
 */
const WEBHOOKS = `UPDATE webhook_delivery d SET due_at = CASE WHEN w.is_ahead THEN $2 ELSE d.due_at END,
      leased_until = CASE WHEN d.leased_until > $3 THEN $4 ELSE d.leased_until END
    FROM (
      SELECT n.id, n.leased_until, n.due_at > $3 AND (n.created_at > $3 OR n.attempts = 0 OR EXISTS (
        SELECT 1 FROM webhook_attempt a WHERE a.tenant_id = $1 AND a.delivery_id = n.id AND a.number = n.attempts
          AND (a.started_at > $3 OR a.started_at < n.due_at - interval '2 days')
      )) AS is_ahead FROM webhook_delivery n WHERE n.tenant_id = $1 AND n.state = 'WAITING' AND (n.due_at > $3 OR n.leased_until > $3) FOR UPDATE SKIP LOCKED
    ) w WHERE d.tenant_id = $1 AND d.id = w.id AND (w.is_ahead OR w.leased_until > $3) RETURNING d.id`;

/** Endpoints rest no longer than they may. `$3` ahead, `$4` the longest rest. */
const ENDPOINTS = `UPDATE webhook_endpoint e SET blocked_until = CASE WHEN e.blocked_until > $4 THEN $2 ELSE e.blocked_until END,
      next_slot_at = CASE WHEN e.next_slot_at > $4 THEN $2 ELSE e.next_slot_at END, served_at = CASE WHEN e.served_at > $2 THEN $2 ELSE e.served_at END,
      failing_since = CASE WHEN e.failing_since > $2 THEN $2 ELSE e.failing_since END
    WHERE e.tenant_id = $1 AND e.deleted_at IS NULL AND (e.blocked_until > $4 OR e.next_slot_at > $4 OR e.failing_since > $3) RETURNING e.id`;

/** Pages are told at once, further ways to reach somebody as long after the first as was meant. */
const PAGES = `UPDATE escalation_page p SET due_at = greatest($2, p.due_at - (coalesce(o.told_at, p.due_at) - $2))
    FROM (
      SELECT n.id, CASE WHEN n.target_kind = 'CONTACT' THEN (
        SELECT max(t.finished_at) FROM escalation_page t WHERE t.tenant_id = $1 AND t.anomaly_id = n.anomaly_id AND t.transition_id = n.transition_id AND t.finished_at > $3
      ) END AS told_at, n.target_kind FROM escalation_page n WHERE n.tenant_id = $1 AND n.finished_at IS NULL AND n.due_at > $3 FOR UPDATE SKIP LOCKED
    ) o WHERE p.tenant_id = $1 AND p.id = o.id AND (o.target_kind <> 'CONTACT' OR o.told_at IS NOT NULL) RETURNING p.id`;
/** What was told then was told no later than now, so that what follows it is put right once. */
const TOLD_PAGES = "UPDATE escalation_page SET finished_at = $2 WHERE tenant_id = $1 AND finished_at > $3 RETURNING id";

/** Rules have their next turn no later than one interval from now. */
const RULES = `UPDATE anomaly_rule r SET next_evaluation_at = CASE
        WHEN r.next_evaluation_at > $3::timestamptz + make_interval(secs => r.evaluation_interval_seconds) THEN $2 ELSE r.next_evaluation_at END,
      leased_until = CASE WHEN r.leased_until > $3 THEN $4 ELSE r.leased_until END
    WHERE r.tenant_id = $1 AND r.deleted_at IS NULL
      AND (r.leased_until > $3 OR r.next_evaluation_at > $3::timestamptz + make_interval(secs => r.evaluation_interval_seconds)) RETURNING r.id`;

const mending = (
  tenantId: TenantId,
  { nowMs, aheadMs, blockedMs, leaseUntilMs }: TimesNow,
): readonly SqlStatement[] => {
  const [now, ahead, lease] = [at(nowMs), at(aheadMs), at(leaseUntilMs)];
  return [
    { name: "times-ahead-deliveries", text: DELIVERIES, params: [tenantId, now, ahead, lease] },
    { name: "times-ahead-webhooks", text: WEBHOOKS, params: [tenantId, now, ahead, lease] },
    { name: "times-ahead-endpoints", text: ENDPOINTS, params: [tenantId, now, ahead, at(blockedMs)] },
    { name: "times-ahead-pages", text: PAGES, params: [tenantId, now, ahead] },
    { name: "times-ahead-told-pages", text: TOLD_PAGES, params: [tenantId, now, ahead] },
    { name: "times-ahead-rules", text: RULES, params: [tenantId, now, ahead, lease] },
  ];
};

/** Builds {@link TimesAheadStore}. */
export const createTimesAheadStore = (sql: TenantSql): TimesAheadStore => ({
  tenantsAcrossTenants: ({ aheadMs, blockedMs }, limit) =>
    sql.runAcrossTenants(
      {
        name: "times-ahead-tenants-across-tenants",
        text: "SELECT tenant_id FROM tenants_with_times_ahead_across_tenants($1, $2, $3)",
        params: [at(aheadMs), at(blockedMs), limit],
      },
      tenantRow,
    ),
  mend: async (tenantId, times) => {
    let mended = 0;
    // Each by itself: none waits for rows of another kind while it holds its own.
    for (const statement of mending(tenantId, times)) mended += (await sql.run(tenantId, statement, nothing)).length;
    return mended;
  },
});
