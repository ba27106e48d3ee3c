-- Senders of notifications: what is due is found by what may be sent and not by all that waits, and short leases are renewed while something is sent.

CREATE INDEX notify_delivery_of_channel_due ON notify_delivery (tenant_id, channel_id, due_at, id) WHERE state IN ('GATHERING', 'SENDING', 'RETRYING');
CREATE INDEX notify_delivery_leased ON notify_delivery (tenant_id, channel_id, leased_until) WHERE state IN ('GATHERING', 'SENDING', 'RETRYING') AND lease_token IS NOT NULL;
DROP INDEX notify_delivery_due;
DROP FUNCTION claim_due_notify_deliveries_across_tenants(timestamptz, timestamptz, integer);

-- claimDueNotifyDeliveriesAcrossTenants: leases up to max_deliveries that are due, of channels that are active, until lease_until, where nobody else holds them and no earlier
-- one of a lane is open. At most per_channel of a channel and per_tenant of a tenant are under way; a tenant's second comes after everybody's first, counting what it has under way.
-- A channel is claimed for by one at a time. What a channel keeps back costs no look at each of it: channels are gone through, and of each no more than it has places.
CREATE FUNCTION claim_due_notify_deliveries_across_tenants(
  present timestamptz, lease_until timestamptz, max_deliveries integer, per_tenant integer, per_channel integer
) RETURNS TABLE (tenant_id uuid, id uuid, lease_token uuid) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH RECURSIVE waiting AS (
    (SELECT d.tenant_id, d.channel_id FROM notify_delivery d WHERE d.state IN ('GATHERING', 'SENDING', 'RETRYING') ORDER BY d.tenant_id, d.channel_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.channel_id FROM waiting w CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.channel_id FROM notify_delivery d
      WHERE d.state IN ('GATHERING', 'SENDING', 'RETRYING') AND (d.tenant_id, d.channel_id) > (w.tenant_id, w.channel_id)
      ORDER BY d.tenant_id, d.channel_id LIMIT 1
    ) n
  ), ready AS MATERIALIZED (
    SELECT w.tenant_id, w.channel_id FROM waiting w JOIN notify_channel c ON c.tenant_id = w.tenant_id AND c.id = w.channel_id AND c.state = 'ACTIVE' AND c.deleted_at IS NULL
    WHERE EXISTS (
      SELECT 1 FROM notify_delivery d WHERE d.tenant_id = w.tenant_id AND d.channel_id = w.channel_id AND d.state IN ('GATHERING', 'SENDING', 'RETRYING')
        AND d.due_at <= present AND (d.leased_until IS NULL OR d.leased_until <= present)
    )
  ), open AS MATERIALIZED (
    -- Whoever writes notices holds the channel's row for a moment, and is not to keep others from sending: claims keep out of each other's way alone.
    SELECT r.* FROM ready r WHERE pg_try_advisory_xact_lock(hashtextextended('notify-claim:' || r.channel_id::text, 0))
  ), free AS MATERIALIZED (
    SELECT o.tenant_id, o.channel_id, per_channel - (
      SELECT count(*) FROM notify_delivery b WHERE b.tenant_id = o.tenant_id AND b.channel_id = o.channel_id AND b.state IN ('GATHERING', 'SENDING', 'RETRYING')
        AND b.lease_token IS NOT NULL AND b.leased_until > present
    )::integer AS places FROM open o
  ), busy AS MATERIALIZED (
    SELECT t.tenant_id, (
      SELECT count(*) FROM notify_delivery b WHERE b.tenant_id = t.tenant_id AND b.state IN ('GATHERING', 'SENDING', 'RETRYING')
        AND b.lease_token IS NOT NULL AND b.leased_until > present
    ) AS deliveries FROM (SELECT DISTINCT f.tenant_id FROM free f) t
  ), due AS (
    SELECT f.tenant_id, d.id, d.due_at FROM free f CROSS JOIN LATERAL (
      SELECT d.id, d.due_at FROM notify_delivery d
      WHERE d.tenant_id = f.tenant_id AND d.channel_id = f.channel_id AND d.state IN ('GATHERING', 'SENDING', 'RETRYING')
        AND d.due_at <= present AND (d.leased_until IS NULL OR d.leased_until <= present)
        AND NOT EXISTS (
          SELECT 1 FROM notify_notice n JOIN notify_notice earlier ON earlier.tenant_id = n.tenant_id AND earlier.channel_id = n.channel_id
            AND earlier.lane = n.lane AND earlier.sequence < n.sequence AND earlier.open AND earlier.delivery_id <> n.delivery_id
          WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id
        )
      ORDER BY d.due_at, d.id LIMIT greatest(f.places, 0)
    ) d
  ), ranked AS (
    SELECT due.tenant_id, due.id, due.due_at,
      row_number() OVER (PARTITION BY due.tenant_id ORDER BY due.due_at, due.id) + busy.deliveries AS turn
    FROM due JOIN busy USING (tenant_id)
  ), claimed AS (
    SELECT d.tenant_id, d.id FROM notify_delivery d JOIN ranked USING (tenant_id, id)
    WHERE ranked.turn <= per_tenant AND d.state IN ('GATHERING', 'SENDING', 'RETRYING') AND d.due_at <= present
      AND (d.leased_until IS NULL OR d.leased_until <= present)
    ORDER BY ranked.turn, ranked.due_at, d.id LIMIT max_deliveries FOR UPDATE OF d SKIP LOCKED
  )
  UPDATE notify_delivery d SET lease_token = gen_random_uuid(), leased_until = lease_until
  FROM claimed c WHERE d.tenant_id = c.tenant_id AND d.id = c.id
  RETURNING d.tenant_id, d.id, d.lease_token
$$;

-- renewNotifyLeasesAcrossTenants: lengthens leases of what was begun; tells the tokens of what is still held. What gathers is left alone: whoever writes notices
-- holds it in an order of their own, and it is begun at once.
CREATE FUNCTION renew_notify_leases_across_tenants(tenants uuid[], ids uuid[], tokens uuid[], lease_until timestamptz) RETURNS TABLE (lease_token uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH asked AS (SELECT * FROM unnest(tenants, ids, tokens) AS a(tenant_id, id, token)),
  held AS MATERIALIZED (
    SELECT d.tenant_id, d.id FROM notify_delivery d JOIN asked a ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token
    WHERE d.state IN ('SENDING', 'RETRYING') ORDER BY d.tenant_id, d.id FOR UPDATE OF d
  ), renewed AS (
    UPDATE notify_delivery d SET leased_until = lease_until FROM held h WHERE d.tenant_id = h.tenant_id AND d.id = h.id RETURNING d.lease_token
  )
  SELECT r.lease_token FROM renewed r
  UNION SELECT d.lease_token FROM notify_delivery d JOIN asked a ON d.tenant_id = a.tenant_id AND d.id = a.id AND d.lease_token = a.token WHERE d.state = 'GATHERING'
$$;

REVOKE ALL ON FUNCTION claim_due_notify_deliveries_across_tenants(timestamptz, timestamptz, integer, integer, integer),
  renew_notify_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_notify_deliveries_across_tenants(timestamptz, timestamptz, integer, integer, integer),
  renew_notify_leases_across_tenants(uuid[], uuid[], uuid[], timestamptz) TO tessera_app;
