-- A webhook that was never tried is due at once: one that is not was let go, when the one before it ended, by a clock that was ahead. So was one given back that is due later after its last
-- attempt than any wait of the schedule.
-- tenantsWithTimesAheadAcrossTenants: tenants of which something open was put down later than `after`, is leased beyond it, or rests for longer than it may; at most max_tenants.
CREATE OR REPLACE FUNCTION tenants_with_times_ahead_across_tenants(after timestamptz, blocked_after timestamptz, max_tenants integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.tenant_id FROM (
    SELECT d.tenant_id FROM notify_delivery d WHERE d.state IN ('GATHERING', 'SENDING', 'RETRYING')
      AND (d.created_at > after OR d.begun_at > after OR d.postponed_at > after OR d.leased_until > after OR to_timestamp((d.log->-1->>'atMs')::float8 / 1000) > after)
    UNION SELECT d.tenant_id FROM webhook_delivery d WHERE d.state = 'WAITING'
      AND (d.leased_until > after OR (d.due_at > after AND (d.created_at > after OR d.attempts = 0 OR EXISTS (
        SELECT 1 FROM webhook_attempt a WHERE a.tenant_id = d.tenant_id AND a.delivery_id = d.id AND a.number = d.attempts
          AND (a.started_at > after OR a.started_at < d.due_at - interval '2 days')
      ))))
    UNION SELECT e.tenant_id FROM webhook_endpoint e WHERE e.deleted_at IS NULL
      AND (e.blocked_until > blocked_after OR e.next_slot_at > blocked_after OR e.failing_since > after)
    UNION SELECT p.tenant_id FROM escalation_page p WHERE p.finished_at IS NULL AND p.due_at > after AND (p.target_kind <> 'CONTACT' OR EXISTS (
      SELECT 1 FROM escalation_page o WHERE o.tenant_id = p.tenant_id AND o.anomaly_id = p.anomaly_id AND o.transition_id = p.transition_id AND o.finished_at > after
    ))
    UNION SELECT r.tenant_id FROM anomaly_rule r WHERE r.deleted_at IS NULL
      AND (r.leased_until > after OR r.next_evaluation_at > after + make_interval(secs => r.evaluation_interval_seconds))
  ) t LIMIT max_tenants
$$;
REVOKE ALL ON FUNCTION tenants_with_times_ahead_across_tenants(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_times_ahead_across_tenants(timestamptz, timestamptz, integer) TO tessera_app;
