-- The usage ledger: one record per execution, kept by its id, and the rollups every question about usage is answered from. A record and its
-- share of the rollups are written by one statement, so that their sums are equal at any moment; a record that is there already adds nothing.

CREATE TABLE usage_record (
  tenant_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  started_at timestamptz(3) NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind ~ '^[A-Z_]{1,20}$'),
  subject_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('QUERY', 'MUTATION', 'SUBSCRIPTION', 'INGEST', 'JOB', 'EXPORT', 'ADMINISTRATION')),
  -- Name of the operation; empty for an anonymous one.
  operation text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('ALLOWED', 'REFUSED', 'FAILED')),
  -- Decimal, not floating: sums must not depend on the order of their terms.
  cost_points numeric(20, 3) NOT NULL,
  rows_read bigint NOT NULL,
  bytes_read bigint NOT NULL,
  store_ms numeric(20, 3) NOT NULL,
  elapsed_ms numeric(20, 3) NOT NULL,
  response_bytes bigint NOT NULL,
  events bigint NOT NULL,
  subscription_seconds numeric(20, 3) NOT NULL,
  predictions integer NOT NULL,
  PRIMARY KEY (tenant_id, execution_id)
);
CREATE INDEX usage_record_by_time ON usage_record (tenant_id, started_at);
CREATE INDEX usage_record_by_age ON usage_record (started_at);

-- Sums by hour (UTC), subject, kind and operation.
CREATE TABLE usage_hour (
  tenant_id uuid NOT NULL,
  hour timestamptz(0) NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  kind text NOT NULL,
  operation text NOT NULL,
  executions bigint NOT NULL,
  refused bigint NOT NULL,
  failed bigint NOT NULL,
  cost_points numeric(24, 3) NOT NULL,
  rows_read bigint NOT NULL,
  bytes_read bigint NOT NULL,
  store_ms numeric(24, 3) NOT NULL,
  elapsed_ms numeric(24, 3) NOT NULL,
  response_bytes bigint NOT NULL,
  events bigint NOT NULL,
  subscription_seconds numeric(24, 3) NOT NULL,
  predictions bigint NOT NULL,
  PRIMARY KEY (tenant_id, hour, subject_kind, subject_id, kind, operation)
);
CREATE INDEX usage_hour_by_subject ON usage_hour (tenant_id, subject_kind, subject_id, hour);

-- Sums of a tenant's day (UTC): what limits of a day or a month are held against, thirty-one rows at most.
CREATE TABLE usage_day (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  executions bigint NOT NULL,
  cost_points numeric(24, 3) NOT NULL,
  rows_read bigint NOT NULL,
  events bigint NOT NULL,
  PRIMARY KEY (tenant_id, day)
);

-- What a tenant's events take in the event store, sampled by the hour.
CREATE TABLE usage_storage (
  tenant_id uuid NOT NULL,
  hour timestamptz(0) NOT NULL,
  events bigint NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (tenant_id, hour)
);

ALTER TABLE usage_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_hour ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_storage ENABLE ROW LEVEL SECURITY;
CREATE POLICY usage_record_of_tenant ON usage_record USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY usage_hour_of_tenant ON usage_hour USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY usage_day_of_tenant ON usage_day USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY usage_storage_of_tenant ON usage_storage USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- A record is never changed, and taken away only by age, by the function below.
REVOKE ALL ON usage_record, usage_hour, usage_day, usage_storage FROM tessera_app;
GRANT SELECT, INSERT ON usage_record TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON usage_hour, usage_day TO tessera_app;
GRANT SELECT, INSERT ON usage_storage TO tessera_app;

-- recordUsage(tenant, records, kept since): writes records that are not there yet with their share of the rollups; answers how many were
-- new. Records from before `kept_since` are left out: they may have been counted and removed again.
CREATE FUNCTION record_usage(of_tenant uuid, records jsonb, kept_since timestamptz) RETURNS integer LANGUAGE sql AS $$
  WITH given AS (
    SELECT * FROM jsonb_to_recordset(records) AS r (
      execution_id uuid, started_at timestamptz(3), subject_kind text, subject_id text, kind text, operation text, decision text,
      cost_points numeric(20, 3), rows_read bigint, bytes_read bigint, store_ms numeric(20, 3), elapsed_ms numeric(20, 3),
      response_bytes bigint, events bigint, subscription_seconds numeric(20, 3), predictions integer)
    WHERE started_at >= kept_since
  ),
  added AS (
    INSERT INTO usage_record (tenant_id, execution_id, started_at, subject_kind, subject_id, kind, operation, decision, cost_points,
      rows_read, bytes_read, store_ms, elapsed_ms, response_bytes, events, subscription_seconds, predictions)
    SELECT of_tenant, execution_id, started_at, subject_kind, subject_id, kind, operation, decision, cost_points,
      rows_read, bytes_read, store_ms, elapsed_ms, response_bytes, events, subscription_seconds, predictions FROM given
    ON CONFLICT (tenant_id, execution_id) DO NOTHING RETURNING *
  ),
  hours AS (
    INSERT INTO usage_hour AS h (tenant_id, hour, subject_kind, subject_id, kind, operation, executions, refused, failed, cost_points,
      rows_read, bytes_read, store_ms, elapsed_ms, response_bytes, events, subscription_seconds, predictions)
    SELECT of_tenant, date_trunc('hour', started_at, 'UTC'), subject_kind, subject_id, kind, operation, count(*),
      count(*) FILTER (WHERE decision = 'REFUSED'), count(*) FILTER (WHERE decision = 'FAILED'), sum(cost_points), sum(rows_read),
      sum(bytes_read), sum(store_ms), sum(elapsed_ms), sum(response_bytes), sum(events), sum(subscription_seconds), sum(predictions)
    FROM added GROUP BY 2, 3, 4, 5, 6
    ON CONFLICT (tenant_id, hour, subject_kind, subject_id, kind, operation) DO UPDATE SET
      executions = h.executions + excluded.executions, refused = h.refused + excluded.refused, failed = h.failed + excluded.failed,
      cost_points = h.cost_points + excluded.cost_points, rows_read = h.rows_read + excluded.rows_read,
      bytes_read = h.bytes_read + excluded.bytes_read, store_ms = h.store_ms + excluded.store_ms,
      elapsed_ms = h.elapsed_ms + excluded.elapsed_ms, response_bytes = h.response_bytes + excluded.response_bytes,
      events = h.events + excluded.events, subscription_seconds = h.subscription_seconds + excluded.subscription_seconds,
      predictions = h.predictions + excluded.predictions
  ),
  days AS (
    INSERT INTO usage_day AS d (tenant_id, day, executions, cost_points, rows_read, events)
    SELECT of_tenant, (started_at AT TIME ZONE 'UTC')::date, count(*), sum(cost_points), sum(rows_read), sum(events) FROM added GROUP BY 2
    ON CONFLICT (tenant_id, day) DO UPDATE SET executions = d.executions + excluded.executions, cost_points = d.cost_points + excluded.cost_points,
      rows_read = d.rows_read + excluded.rows_read, events = d.events + excluded.events
  )
  SELECT count(*)::integer FROM added
$$;

-- pruneUsageRecordsAcrossTenants: removes records older than they are kept, oldest first, at most max_records; the rollups stay.
CREATE FUNCTION prune_usage_records_across_tenants(older_than timestamptz, max_records integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (SELECT tenant_id, execution_id FROM usage_record WHERE started_at < older_than ORDER BY started_at LIMIT max_records),
  dropped AS (DELETE FROM usage_record r USING old WHERE r.tenant_id = old.tenant_id AND r.execution_id = old.execution_id RETURNING 1)
  SELECT count(*)::integer FROM dropped
$$;

-- listTenantsAcrossTenants: ids of tenants after a place, in order of the id; what schedules walk over.
CREATE FUNCTION list_tenants_across_tenants(after_id uuid, max_tenants integer) RETURNS TABLE (id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.id FROM tenant t WHERE t.id > after_id ORDER BY t.id LIMIT max_tenants
$$;

REVOKE ALL ON FUNCTION prune_usage_records_across_tenants(timestamptz, integer), list_tenants_across_tenants(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_usage_records_across_tenants(timestamptz, integer), list_tenants_across_tenants(uuid, integer) TO tessera_app;
