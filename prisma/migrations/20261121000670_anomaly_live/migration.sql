-- Live rules: looked at as soon as events of their tenant are stored, and not only at their turn.

ALTER TABLE anomaly_rule
  ADD COLUMN live boolean NOT NULL DEFAULT false,
  -- Before this moment no look follows another; null: there may be one at once.
  ADD COLUMN next_look_at timestamptz(3);
CREATE INDEX anomaly_rule_live ON anomaly_rule (tenant_id) WHERE live AND enabled AND deleted_at IS NULL;

-- claimLiveRulesAcrossTenants: takes up to max_rules live rules of tenants whose events were stored, one of each tenant before the second of any, leases them until lease_until, as
-- claim_due_anomaly_rules_across_tenants does, and lets none be claimed so again before next_look. Those that somebody holds, or that rest until soon, are told without a token: whoever
-- asks asks again for their tenants.
CREATE FUNCTION claim_live_anomaly_rules_across_tenants(tenants uuid[], present timestamptz, soon timestamptz, next_look timestamptz, lease_until timestamptz,
  max_rules integer)
RETURNS TABLE (tenant_id uuid, id uuid, lease_token uuid) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH ranked AS (
    SELECT r.tenant_id, r.id, r.next_look_at, row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.next_look_at NULLS FIRST, r.id) AS turn
    FROM anomaly_rule r
    WHERE r.live AND r.enabled AND r.deleted_at IS NULL AND r.tenant_id = ANY (tenants) AND (r.next_look_at IS NULL OR r.next_look_at <= soon)
  ), free AS (
    SELECT r.tenant_id, r.id FROM anomaly_rule r JOIN ranked USING (tenant_id, id)
    WHERE r.live AND r.enabled AND r.deleted_at IS NULL AND (r.next_look_at IS NULL OR r.next_look_at <= present)
      AND (r.leased_until IS NULL OR r.leased_until <= present)
    ORDER BY ranked.turn, ranked.next_look_at NULLS FIRST, r.id LIMIT max_rules FOR UPDATE OF r SKIP LOCKED
  ), claimed AS (
    UPDATE anomaly_rule r SET lease_token = gen_random_uuid(), leased_until = lease_until, next_look_at = next_look
    FROM free f WHERE r.tenant_id = f.tenant_id AND r.id = f.id
    RETURNING r.tenant_id, r.id, r.lease_token
  )
  SELECT ranked.tenant_id, ranked.id, claimed.lease_token FROM ranked LEFT JOIN claimed USING (tenant_id, id)
$$;
