-- Durable consumers of the event log: where each stands, and entries kept until every consumer of their topic has seen them.

ALTER TABLE event_log_consumer ADD COLUMN topic text NOT NULL DEFAULT '';
CREATE INDEX event_log_by_topic ON event_log (topic, transaction_id, sequence);

-- readEventLogTopicAcrossTenants: entries of one topic after a cursor in commit order; those of running transactions are held back.
CREATE FUNCTION read_event_log_topic_across_tenants(wanted text, after_transaction xid8, after_sequence bigint, max_entries integer)
RETURNS TABLE (transaction_id text, sequence text, tenant_id uuid, topic text, payload jsonb) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.transaction_id::text, e.sequence::text, e.tenant_id, e.topic, e.payload FROM event_log e
  WHERE e.topic = wanted AND (e.transaction_id, e.sequence) > (after_transaction, after_sequence)
    AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY e.transaction_id, e.sequence LIMIT max_entries
$$;

-- pruneEventLogAcrossTenants: as before, but what a consumer of the topic has not seen yet stays.
CREATE OR REPLACE FUNCTION prune_event_log_across_tenants(keep interval, max_entries integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (
    SELECT e.transaction_id, e.sequence FROM event_log e WHERE e.appended_at < now() - keep AND NOT EXISTS (
      SELECT 1 FROM event_log_consumer c
      WHERE c.topic = e.topic AND (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence)
    ) ORDER BY e.appended_at LIMIT max_entries
  ),
  dropped AS (DELETE FROM event_log e USING old WHERE e.transaction_id = old.transaction_id AND e.sequence = old.sequence RETURNING e.transaction_id, e.sequence),
  noted AS (
    UPDATE event_log_horizon h SET transaction_id = last.transaction_id, sequence = last.sequence
    FROM (SELECT transaction_id, sequence FROM dropped ORDER BY transaction_id DESC, sequence DESC LIMIT 1) last
    WHERE (last.transaction_id, last.sequence) > (h.transaction_id, h.sequence) RETURNING 1
  ) SELECT count(*)::integer FROM dropped
$$;
