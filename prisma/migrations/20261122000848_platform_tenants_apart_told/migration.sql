-- Tenants that stand apart from a consumer of the event log: whose they are, since when and why, so that operators see it; a tenant's entries are kept for it, and nobody
-- else's; and where a consumer is with one tenant, for those who ask what it has not taken yet.

ALTER TABLE event_log_consumer
  -- Whose place it is; null: the place of all who do not stand apart.
  ADD COLUMN apart_tenant uuid,
  ADD COLUMN apart_since timestamptz,
  -- Tries in a row in which the entry after the place failed, and what was said of the last one.
  ADD COLUMN tries integer NOT NULL DEFAULT 0,
  ADD COLUMN reason text;
UPDATE event_log_consumer SET apart_tenant = right(name, 36)::uuid, apart_since = moved_at, tries = 1
  WHERE name ~ ' [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
CREATE INDEX event_log_consumer_apart ON event_log_consumer (topic, name) WHERE apart_tenant IS NOT NULL;

-- eventLogPlace: up to where a consumer has taken a tenant's entries; no row before it has run. A place of the tenant's own is never beyond that of all.
CREATE FUNCTION event_log_place(consumer text, tenant uuid) RETURNS TABLE (transaction_id xid8, sequence bigint) LANGUAGE sql STABLE AS $$
  SELECT c.transaction_id, c.sequence FROM event_log_consumer c WHERE c.name IN (consumer, consumer || ' ' || tenant) ORDER BY length(c.name) DESC LIMIT 1
$$;

-- pruneEventLogAcrossTenants: as before, but a tenant that stands apart keeps its own entries alone.
CREATE OR REPLACE FUNCTION prune_event_log_across_tenants(keep interval, max_entries integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (
    SELECT e.transaction_id, e.sequence FROM event_log e WHERE e.appended_at < now() - keep AND NOT EXISTS (
      SELECT 1 FROM event_log_consumer c
      WHERE c.topic = e.topic AND (c.apart_tenant IS NULL OR c.apart_tenant = e.tenant_id)
        AND (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence)
    ) ORDER BY e.appended_at LIMIT max_entries
  ),
  dropped AS (DELETE FROM event_log e USING old WHERE e.transaction_id = old.transaction_id AND e.sequence = old.sequence RETURNING e.transaction_id, e.sequence),
  noted AS (
    UPDATE event_log_horizon h SET transaction_id = last.transaction_id, sequence = last.sequence
    FROM (SELECT transaction_id, sequence FROM dropped ORDER BY transaction_id DESC, sequence DESC LIMIT 1) last
    WHERE (last.transaction_id, last.sequence) > (h.transaction_id, h.sequence) RETURNING 1
  ) SELECT count(*)::integer FROM dropped
$$;
