-- The platform's own tables: the event log. Applied as the owner role; tessera_app reads and writes through policies and the
-- SECURITY DEFINER functions below, which are the only places that cross tenants.

-- The tenant of the connection, set by the pool from the request's scope; null outside any scope, which matches no row.
CREATE FUNCTION current_tenant_id() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

CREATE TABLE event_log (
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  tenant_id uuid NOT NULL,
  topic text NOT NULL,
  dedupe_key text NOT NULL,
  payload jsonb NOT NULL,
  appended_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transaction_id, sequence),
  UNIQUE (tenant_id, topic, dedupe_key)
);
CREATE INDEX event_log_by_tenant ON event_log (tenant_id, topic, transaction_id, sequence);
CREATE INDEX event_log_by_age ON event_log (appended_at);

ALTER TABLE event_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY event_log_of_tenant ON event_log USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE FUNCTION notify_event_log() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('event_log', ''); RETURN NULL; END $$;
CREATE TRIGGER event_log_appended AFTER INSERT ON event_log FOR EACH STATEMENT EXECUTE FUNCTION notify_event_log();

-- appendEventLogAcrossTenants: [{tenantId, topic, dedupeKey, payload}, ...] in one statement; an entry already there is left as it is.
CREATE FUNCTION append_event_log_across_tenants(entries jsonb) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH appended AS (
    INSERT INTO event_log (tenant_id, topic, dedupe_key, payload)
    SELECT (entry->>'tenantId')::uuid, entry->>'topic', entry->>'dedupeKey', entry->'payload' FROM jsonb_array_elements(entries) AS entry
    ON CONFLICT (tenant_id, topic, dedupe_key) DO NOTHING RETURNING 1
  ) SELECT count(*)::integer FROM appended
$$;

-- readEventLogAcrossTenants: entries after a cursor in commit order. Entries of transactions that may still be running are held back, so
-- that no entry can later appear before one that was already read.
CREATE FUNCTION read_event_log_across_tenants(after_transaction xid8, after_sequence bigint, max_entries integer)
RETURNS TABLE (transaction_id text, sequence text, tenant_id uuid, topic text, payload jsonb) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.transaction_id::text, e.sequence::text, e.tenant_id, e.topic, e.payload FROM event_log e
  WHERE (e.transaction_id, e.sequence) > (after_transaction, after_sequence)
    AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY e.transaction_id, e.sequence LIMIT max_entries
$$;

-- The last entry ever pruned: a cursor before it can't be resumed from without a gap.
CREATE TABLE event_log_horizon (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), transaction_id xid8 NOT NULL, sequence bigint NOT NULL);
INSERT INTO event_log_horizon (transaction_id, sequence) VALUES ('0', 0);

-- pruneEventLogAcrossTenants: drops entries older than the retention, at most max_entries at a time; answers how many.
CREATE FUNCTION prune_event_log_across_tenants(keep interval, max_entries integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (SELECT transaction_id, sequence FROM event_log WHERE appended_at < now() - keep ORDER BY appended_at LIMIT max_entries),
  dropped AS (DELETE FROM event_log e USING old WHERE e.transaction_id = old.transaction_id AND e.sequence = old.sequence RETURNING e.transaction_id, e.sequence),
  noted AS (
    UPDATE event_log_horizon h SET transaction_id = last.transaction_id, sequence = last.sequence
    FROM (SELECT transaction_id, sequence FROM dropped ORDER BY transaction_id DESC, sequence DESC LIMIT 1) last
    WHERE (last.transaction_id, last.sequence) > (h.transaction_id, h.sequence) RETURNING 1
  ) SELECT count(*)::integer FROM dropped
$$;

-- eventLogHead: the cursor after which only entries not yet readable lie, and the horizon.
CREATE FUNCTION event_log_head() RETURNS TABLE (transaction_id text, sequence text, horizon_transaction text, horizon_sequence text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT coalesce(last.transaction_id, h.transaction_id)::text, coalesce(last.sequence, h.sequence)::text, h.transaction_id::text, h.sequence::text
  FROM event_log_horizon h LEFT JOIN LATERAL (
    SELECT e.transaction_id, e.sequence FROM event_log e WHERE e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.transaction_id DESC, e.sequence DESC LIMIT 1
  ) last ON true
$$;

-- Where each consumer across tenants stands; one row per consumer name.
CREATE TABLE event_log_consumer (name text PRIMARY KEY, transaction_id xid8 NOT NULL, sequence bigint NOT NULL, moved_at timestamptz NOT NULL DEFAULT now());

REVOKE ALL ON event_log, event_log_horizon, event_log_consumer FROM tessera_app;
GRANT SELECT, INSERT ON event_log TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON event_log_consumer TO tessera_app;
