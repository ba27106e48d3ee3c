-- Evaluators of rules: short leases that are renewed while rules are evaluated, as senders have them.

-- renewRuleLeasesAcrossTenants: lengthens leases; tells the tokens of what is still held. A rule that is written to at the moment is told as held and left alone: its holder
-- settles it, or whoever changes it takes the token away.
CREATE FUNCTION renew_anomaly_rule_leases_across_tenants(tenants uuid[], ids uuid[], tokens uuid[], lease_until timestamptz) RETURNS TABLE (lease_token uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH asked AS (SELECT * FROM unnest(tenants, ids, tokens) AS a(tenant_id, id, token)),
  held AS MATERIALIZED (
    SELECT r.tenant_id, r.id FROM anomaly_rule r JOIN asked a ON r.tenant_id = a.tenant_id AND r.id = a.id AND r.lease_token = a.token FOR UPDATE OF r SKIP LOCKED
  ), renewed AS (
    UPDATE anomaly_rule r SET leased_until = lease_until FROM held h WHERE r.tenant_id = h.tenant_id AND r.id = h.id
  )
  SELECT r.lease_token FROM anomaly_rule r JOIN asked a ON r.tenant_id = a.tenant_id AND r.id = a.id AND r.lease_token = a.token
$$;

REVOKE ALL ON FUNCTION renew_anomaly_rule_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_anomaly_rule_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz) TO tessera_app;
