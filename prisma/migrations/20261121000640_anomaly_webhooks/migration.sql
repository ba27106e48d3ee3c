-- Webhooks: endpoints of a tenant with their secrets, the messages they are told, and what became of each delivery and attempt.

CREATE TABLE webhook_endpoint (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  url text NOT NULL CHECK (char_length(url) BETWEEN 1 AND 2048),
  description text CHECK (char_length(description) <= 500),
  -- Names of types; empty: every type the owner may read.
  event_types text[] NOT NULL,
  -- [{name, value}, ...], all of which must hold.
  labels jsonb NOT NULL,
  -- Header fields with their values, sealed by the key ring; null for none. Their names may be told.
  sealed_headers text,
  header_names text[] NOT NULL,
  ordering text NOT NULL CHECK (ordering IN ('NONE', 'SUBJECT', 'ALL')),
  rate_per_minute integer NOT NULL CHECK (rate_per_minute BETWEEN 1 AND 6000),
  -- Who saved it last: it is told what they may read.
  owner_kind text NOT NULL,
  owner_id text NOT NULL,
  owner_permissions text[] NOT NULL,
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'PAUSED', 'DISABLED')),
  disabled_because text CHECK (disabled_because IN ('GONE', 'ONLY_FAILURES')),
  state_changed_at timestamptz(3) NOT NULL,
  -- The breaker: failures since the last success, and until when nothing is sent.
  failures_in_row integer NOT NULL DEFAULT 0,
  failing_since timestamptz(3),
  blocked_until timestamptz(3),
  last_success_at timestamptz(3),
  -- The rate: until when its requests are used up, if they were spread evenly; and whose turn it is.
  next_slot_at timestamptz(3) NOT NULL,
  served_at timestamptz(3),
  -- Entries of the log of later transactions are told to it.
  since_transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'DISABLED') = (disabled_because IS NOT NULL))
);
CREATE INDEX webhook_endpoint_of_tenant ON webhook_endpoint (tenant_id) WHERE deleted_at IS NULL;
CREATE INDEX webhook_endpoint_turn ON webhook_endpoint (served_at NULLS FIRST) WHERE state = 'ACTIVE' AND deleted_at IS NULL;

CREATE TABLE webhook_secret (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('HMAC_SHA256', 'ED25519')),
  -- The secret, sealed by the key ring.
  sealed text NOT NULL,
  public_key text,
  created_at timestamptz(3) NOT NULL,
  -- When it ceases to sign; null while no other has taken its place.
  expires_at timestamptz(3),
  PRIMARY KEY (tenant_id, endpoint_id, id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE webhook_message (
  tenant_id uuid NOT NULL,
  -- Made of the entry of the log and the type: the same entry gives the same message, however often it is read.
  id uuid NOT NULL,
  type text NOT NULL,
  -- Names what it is about, for endpoints that receive messages about one thing in order.
  subject text NOT NULL CHECK (char_length(subject) <= 300),
  -- The body, byte for byte as it is signed and sent.
  body text NOT NULL CHECK (octet_length(body) < 20000),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhook_message_by_age ON webhook_message (created_at);

CREATE TABLE webhook_delivery (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  message_id uuid NOT NULL,
  -- The order in which an endpoint's deliveries were made.
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  -- WAITING: sent when due. BEHIND: a former one of the same key has not ended. DELIVERED, DEAD (given up), SKIPPED (never sent): ended.
  state text NOT NULL CHECK (state IN ('WAITING', 'BEHIND', 'DELIVERED', 'DEAD', 'SKIPPED')),
  ordering_key text CHECK (char_length(ordering_key) <= 300),
  is_replay boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz(3) NOT NULL,
  -- Who sends it at the moment, and until when nobody else may; a settlement must present the token.
  lease_token uuid,
  leased_until timestamptz(3),
  end_reason text,
  ended_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, message_id) REFERENCES webhook_message (tenant_id, id) ON DELETE CASCADE,
  CHECK ((state IN ('DELIVERED', 'DEAD', 'SKIPPED')) = (ended_at IS NOT NULL)),
  CHECK ((state IN ('DEAD', 'SKIPPED')) = (end_reason IS NOT NULL))
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant_id, endpoint_id, due_at, sequence) WHERE state = 'WAITING';
CREATE INDEX webhook_delivery_leased ON webhook_delivery (tenant_id, endpoint_id, leased_until) WHERE state = 'WAITING' AND lease_token IS NOT NULL;
CREATE INDEX webhook_delivery_order ON webhook_delivery (tenant_id, endpoint_id, ordering_key, sequence) WHERE state IN ('WAITING', 'BEHIND');
CREATE INDEX webhook_delivery_by_message ON webhook_delivery (tenant_id, message_id, endpoint_id);
CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (tenant_id, endpoint_id, sequence);
CREATE INDEX webhook_delivery_by_tenant ON webhook_delivery (tenant_id, sequence);

CREATE TABLE webhook_attempt (
  tenant_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number integer NOT NULL,
  endpoint_id uuid NOT NULL,
  started_at timestamptz(3) NOT NULL,
  elapsed_ms integer NOT NULL,
  -- What was answered; null when nothing was, and why.
  status integer,
  fault text,
  detail text CHECK (char_length(detail) <= 1000),
  PRIMARY KEY (tenant_id, delivery_id, number),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id) ON DELETE CASCADE,
  CHECK ((status IS NULL) = (fault IS NOT NULL))
);
CREATE INDEX webhook_attempt_by_endpoint ON webhook_attempt (tenant_id, endpoint_id, started_at);

ALTER TABLE webhook_endpoint ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhook_endpoint_of_tenant ON webhook_endpoint USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE webhook_secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhook_secret_of_tenant ON webhook_secret USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE webhook_message ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhook_message_of_tenant ON webhook_message USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhook_delivery_of_tenant ON webhook_delivery USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE webhook_attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhook_attempt_of_tenant ON webhook_attempt USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- claimDueWebhookDeliveriesAcrossTenants: leases deliveries whose turn has come until lease_until, one of each tenant before the second of any, at most
-- per_tenant and per_endpoint of each at a time. Left out are endpoints that are paused, blocked by their breaker (which then lets one through alone) or
-- ahead of their rate; endpoints another sender claims of are skipped, not waited for.
CREATE FUNCTION claim_due_webhook_deliveries_across_tenants(
  present timestamptz, lease_until timestamptz, max_deliveries integer, per_tenant integer, per_endpoint integer, breaker_failures integer
) RETURNS TABLE (tenant_id uuid, id uuid, lease_token uuid) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH candidates AS MATERIALIZED (
    SELECT e.tenant_id, e.id, e.failures_in_row, make_interval(secs => 60.0 / e.rate_per_minute) AS gap, greatest(e.next_slot_at, present) AS slot,
      -- The requests of a second, or one, may be sent at once.
      present + make_interval(secs => greatest(1.0, 60.0 / e.rate_per_minute)) AS slots_until
    FROM webhook_endpoint e
    WHERE e.state = 'ACTIVE' AND e.deleted_at IS NULL AND (e.blocked_until IS NULL OR e.blocked_until <= present)
      AND e.next_slot_at <= present + make_interval(secs => greatest(1.0 - 60.0 / e.rate_per_minute, 0)) AND EXISTS (
        SELECT 1 FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.state = 'WAITING'
          AND d.due_at <= present AND (d.leased_until IS NULL OR d.leased_until <= present)
      )
    ORDER BY e.served_at NULLS FIRST, e.id LIMIT max_deliveries
  ), open AS MATERIALIZED (
    -- Whoever settles holds the endpoint's row for a moment, and is not to keep others from sending: claims keep out of each other's way alone.
    SELECT c.* FROM candidates c WHERE pg_try_advisory_xact_lock(hashtextextended('webhook-claim:' || c.id::text, 0))
  ), free AS (
    SELECT o.tenant_id, o.id, o.gap, least(
      CASE WHEN o.failures_in_row >= breaker_failures THEN 1 ELSE per_endpoint END - (
        SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = o.tenant_id AND d.endpoint_id = o.id AND d.state = 'WAITING'
          AND d.lease_token IS NOT NULL AND d.leased_until > present
      ),
      floor(extract(epoch FROM o.slots_until - o.slot) / extract(epoch FROM o.gap))
    )::integer AS places FROM open o
  ), ranked AS (
    SELECT f.tenant_id, f.id AS endpoint_id, d.id, d.due_at, f.gap,
      row_number() OVER (PARTITION BY f.tenant_id ORDER BY d.due_at, d.sequence) + (
        SELECT count(*) FROM webhook_delivery l WHERE l.tenant_id = f.tenant_id AND l.state = 'WAITING'
          AND l.lease_token IS NOT NULL AND l.leased_until > present
      ) AS turn
    FROM free f CROSS JOIN LATERAL (
      SELECT d.id, d.due_at, d.sequence FROM webhook_delivery d
      WHERE d.tenant_id = f.tenant_id AND d.endpoint_id = f.id AND d.state = 'WAITING' AND d.due_at <= present
        AND (d.leased_until IS NULL OR d.leased_until <= present)
      ORDER BY d.due_at, d.sequence LIMIT greatest(f.places, 0)
    ) d
  ), chosen AS (
    SELECT * FROM ranked WHERE turn <= per_tenant ORDER BY turn, due_at, id LIMIT max_deliveries
  ), leased AS (
    UPDATE webhook_delivery d SET lease_token = gen_random_uuid(), leased_until = lease_until FROM chosen c
    WHERE d.tenant_id = c.tenant_id AND d.id = c.id AND d.state = 'WAITING' AND (d.leased_until IS NULL OR d.leased_until <= present)
    RETURNING d.tenant_id, d.id, d.lease_token, d.endpoint_id, c.gap
  ), served AS (
    UPDATE webhook_endpoint e SET served_at = present, next_slot_at = greatest(e.next_slot_at, present) + l.taken * l.gap
    FROM (SELECT tenant_id, endpoint_id, gap, count(*) AS taken FROM leased GROUP BY 1, 2, 3) l
    WHERE e.tenant_id = l.tenant_id AND e.id = l.endpoint_id RETURNING 1
  )
  SELECT l.tenant_id, l.id, l.lease_token FROM leased l
$$;

-- pruneWebhooksAcrossTenants: drops messages made before a time with their deliveries and attempts, and endpoints deleted before it, at most max_rows of each;
-- answers how many messages.
CREATE FUNCTION prune_webhooks_across_tenants(before timestamptz, max_rows integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (SELECT tenant_id, id FROM webhook_message WHERE created_at < before ORDER BY created_at LIMIT max_rows),
  dropped AS (DELETE FROM webhook_message m USING old WHERE m.tenant_id = old.tenant_id AND m.id = old.id RETURNING 1),
  gone AS (
    DELETE FROM webhook_endpoint e USING (SELECT tenant_id, id FROM webhook_endpoint WHERE deleted_at < before LIMIT max_rows) g
    WHERE e.tenant_id = g.tenant_id AND e.id = g.id RETURNING 1
  ) SELECT count(*)::integer FROM dropped
$$;

REVOKE ALL ON webhook_endpoint, webhook_secret, webhook_message, webhook_delivery, webhook_attempt FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint, webhook_delivery TO tessera_app;
GRANT SELECT, INSERT ON webhook_message, webhook_attempt TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_secret TO tessera_app;
