-- Looks at the event log that find nothing: one statement tells which consumers have something to take, and a reader learns whether an entry is
-- held back, so that it looks again soon only where it has to.

-- logConsumersBehindAcrossTenants: those of the named consumers that have entries of their topic to take, as the log shows it to readers.
CREATE FUNCTION log_consumers_behind_across_tenants(names text[]) RETURNS TABLE (name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.name FROM event_log_consumer c WHERE c.name = ANY (names) AND EXISTS (
    SELECT 1 FROM event_log e WHERE e.topic = c.topic AND (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence)
      AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
  )
$$;

-- eventLogHoldsBackAcrossTenants: whether an entry has committed that readers are not shown yet, because a transaction that began before its own goes on.
-- No notification tells when that one ends.
CREATE FUNCTION event_log_holds_back_across_tenants() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT 1 FROM event_log e WHERE e.transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))
$$;
