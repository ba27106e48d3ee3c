-- claimPersonErasuresAcrossTenants: as before, but a tenant's second comes after everybody's first, counting what it has under way, and who was begun for longest ago comes first:
-- a tenant that has a thousand people erased keeps nobody else's one waiting.
CREATE OR REPLACE FUNCTION claim_person_erasures_across_tenants(at_time timestamptz, lease_seconds integer, max_erasures integer)
RETURNS SETOF person_erasure LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH due AS (
    SELECT o.id, o.tenant_id, row_number() OVER (PARTITION BY o.tenant_id ORDER BY o.due_at, o.id) AS place
    FROM person_erasure o WHERE o.due_at <= at_time AND (o.lease_until IS NULL OR o.lease_until <= at_time)
  ), served AS (
    SELECT t.tenant_id, count(*) FILTER (WHERE b.lease_until > at_time) AS under_way, max(b.cut_off) AS begun_at
    FROM (SELECT DISTINCT tenant_id FROM due) t JOIN person_erasure b USING (tenant_id) GROUP BY t.tenant_id
  )
  UPDATE person_erasure e SET
    state = CASE e.state WHEN 'QUEUED' THEN 'RUNNING' ELSE e.state END, attempt = e.attempt + 1,
    lease_until = at_time + make_interval(secs => lease_seconds), cut_off = coalesce(e.cut_off, at_time)
  WHERE e.id IN (
    SELECT d.id FROM person_erasure d JOIN due ON due.id = d.id JOIN served ON served.tenant_id = d.tenant_id
    WHERE d.due_at <= at_time AND (d.lease_until IS NULL OR d.lease_until <= at_time)
    ORDER BY due.place + served.under_way, served.begun_at NULLS FIRST, d.due_at, d.id LIMIT max_erasures FOR UPDATE OF d SKIP LOCKED
  )
  RETURNING e.*
$$;
