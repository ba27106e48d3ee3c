-- Senders of webhooks: short leases that are renewed while something is sent, and what senders do again and again done for all tenants at once.

-- renewWebhookLeasesAcrossTenants: lengthens leases; tells the tokens of what is still held.
CREATE FUNCTION renew_webhook_leases_across_tenants(tenants uuid[], ids uuid[], tokens uuid[], lease_until timestamptz) RETURNS TABLE (lease_token uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH asked AS (SELECT * FROM unnest(tenants, ids, tokens) AS a(tenant_id, id, token)),
  held AS MATERIALIZED (
    SELECT d.tenant_id, d.id FROM webhook_delivery d JOIN asked a ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token
    WHERE d.state = 'WAITING' ORDER BY d.tenant_id, d.id FOR UPDATE OF d
  )
  UPDATE webhook_delivery d SET leased_until = lease_until FROM held h WHERE d.tenant_id = h.tenant_id AND d.id = h.id RETURNING d.lease_token
$$;

-- loadWebhookClaimsAcrossTenants: what claimed deliveries are about, with what is needed of their endpoints, secrets as they are sealed; nothing of those that are no longer
-- good.
CREATE FUNCTION load_webhook_claims_across_tenants(tenants uuid[], ids uuid[], tokens uuid[], present timestamptz) RETURNS TABLE (
  tenant_id uuid, delivery_id uuid, message_id uuid, type text, body text, endpoint_id uuid, version integer, url text, owner_kind text, owner_id text,
  owner_permissions text[], sealed_headers text, sealed_secrets text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT d.tenant_id, d.id, m.id, m.type, m.body, e.id, e.version, e.url, e.owner_kind, e.owner_id, e.owner_permissions, e.sealed_headers, ARRAY(
      SELECT s.sealed FROM webhook_secret s WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id AND (s.expires_at IS NULL OR s.expires_at > present)
      ORDER BY s.created_at DESC, s.id DESC
    )
  FROM unnest(tenants, ids, tokens) AS a(tenant_id, id, token)
  JOIN webhook_delivery d ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token AND d.state = 'WAITING'
  JOIN webhook_message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
  JOIN webhook_endpoint e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.deleted_at IS NULL
$$;

-- settleDeliveredWebhooksAcrossTenants: keeps attempts that succeeded, ends their deliveries, lets what waits behind them go, and keeps that their endpoints fare well; tells the
-- tokens of those that were still held. Endpoints are held by a statement before: what is written to them meanwhile is seen by the next.
CREATE FUNCTION settle_delivered_webhooks_across_tenants(
  tenants uuid[], ids uuid[], tokens uuid[], urls text[], started timestamptz[], elapsed integer[], statuses integer[], details text[], present timestamptz
) RETURNS TABLE (lease_token uuid) LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.id FROM webhook_endpoint e
  WHERE e.deleted_at IS NULL AND (e.tenant_id, e.id) IN (
    SELECT d.tenant_id, d.endpoint_id FROM unnest(tenants, ids, tokens) AS a(tenant_id, id, token)
    JOIN webhook_delivery d ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token
  ) ORDER BY e.tenant_id, e.id FOR NO KEY UPDATE OF e;

  WITH asked AS (
    SELECT * FROM unnest(tenants, ids, tokens, urls, started, elapsed, statuses, details) AS a(tenant_id, id, token, url, started_at, elapsed_ms, status, detail)
  ), held AS MATERIALIZED (
    SELECT d.tenant_id, d.id, d.endpoint_id, d.attempts + 1 AS attempt, d.ordering_key, a.token, a.url, a.started_at, a.elapsed_ms, a.status, a.detail
    FROM webhook_delivery d JOIN asked a ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token
    JOIN webhook_endpoint e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.deleted_at IS NULL
    WHERE d.state = 'WAITING' ORDER BY d.tenant_id, d.id FOR UPDATE OF d
  ), attempts AS (
    INSERT INTO webhook_attempt (tenant_id, delivery_id, number, endpoint_id, started_at, elapsed_ms, status, detail)
    SELECT h.tenant_id, h.id, h.attempt, h.endpoint_id, h.started_at, h.elapsed_ms, h.status, h.detail FROM held h
  ), released AS (
    UPDATE webhook_delivery d SET state = 'WAITING', due_at = present
    FROM (SELECT DISTINCT h.tenant_id, h.endpoint_id, h.ordering_key FROM held h WHERE h.ordering_key IS NOT NULL) k
    WHERE d.tenant_id = k.tenant_id AND d.state = 'BEHIND' AND d.id = (
      SELECT n.id FROM webhook_delivery n WHERE n.tenant_id = k.tenant_id AND n.endpoint_id = k.endpoint_id AND n.ordering_key = k.ordering_key
        AND n.state IN ('WAITING', 'BEHIND') AND NOT EXISTS (SELECT 1 FROM held h WHERE h.tenant_id = n.tenant_id AND h.id = n.id)
      ORDER BY n.sequence LIMIT 1
    )
  ), faring AS (
    -- What another address answered says nothing of the one the endpoint has now.
    UPDATE webhook_endpoint e SET failures_in_row = 0, failing_since = NULL, blocked_until = NULL, last_success_at = present
    FROM (SELECT DISTINCT h.tenant_id, h.endpoint_id, h.url FROM held h) h WHERE e.tenant_id = h.tenant_id AND e.id = h.endpoint_id AND e.url = h.url
  )
  UPDATE webhook_delivery d SET state = 'DELIVERED', attempts = h.attempt, end_reason = NULL, ended_at = present, lease_token = NULL, leased_until = NULL
  FROM held h WHERE d.tenant_id = h.tenant_id AND d.id = h.id RETURNING h.token
$$;

REVOKE ALL ON FUNCTION renew_webhook_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz), load_webhook_claims_across_tenants(uuid[], uuid[], uuid[], timestamptz),
  settle_delivered_webhooks_across_tenants(uuid[], uuid[], uuid[], text[], timestamptz[], integer[], integer[], text[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_webhook_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz), load_webhook_claims_across_tenants(uuid[], uuid[], uuid[], timestamptz),
  settle_delivered_webhooks_across_tenants(uuid[], uuid[], uuid[], text[], timestamptz[], integer[], integer[], text[], timestamptz) TO tessera_app;
