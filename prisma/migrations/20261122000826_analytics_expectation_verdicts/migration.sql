-- What came of testing kept expectations. One test of an expectation runs at a time: it holds a lease, and only the newest run may write its end.

ALTER TABLE quality_expectation
  -- When the next test is due.
  ADD COLUMN due_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Fencing token: each run has a higher one, and only the newest may write.
  ADD COLUMN run integer NOT NULL DEFAULT 0,
  ADD COLUMN lease_until timestamptz(3);
ALTER TABLE quality_expectation ALTER COLUMN due_at DROP DEFAULT;
GRANT UPDATE (due_at, lease_until) ON quality_expectation TO tessera_app;
CREATE INDEX quality_expectation_due ON quality_expectation (due_at);

CREATE TABLE quality_verdict (
  tenant_id uuid NOT NULL,
  expectation_id uuid NOT NULL REFERENCES quality_expectation (id) ON DELETE CASCADE,
  -- The run that came to it.
  run integer NOT NULL,
  version integer NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('PASSING', 'FAILING', 'UNTESTED', 'ERROR')),
  tested_at timestamptz(3) NOT NULL,
  from_at timestamptz(3) NOT NULL,
  to_at timestamptz(3) NOT NULL,
  at_least double precision NOT NULL,
  tested bigint,
  passed bigint,
  code text,
  detail text,
  PRIMARY KEY (expectation_id, run)
);

ALTER TABLE quality_verdict ENABLE ROW LEVEL SECURITY;
CREATE POLICY quality_verdict_of_tenant ON quality_verdict USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON quality_verdict FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON quality_verdict TO tessera_app;

-- claimDueExpectationsAcrossTenants: begins tests that are due and that nobody runs, at most one at a time for a tenant; answers whose they are.
CREATE FUNCTION claim_due_expectations_across_tenants(at_time timestamptz, lease_seconds integer, max_expectations integer)
RETURNS TABLE (tenant_id uuid, id uuid, run integer) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE quality_expectation e SET run = e.run + 1, lease_until = at_time + make_interval(secs => lease_seconds)
  WHERE e.id IN (
    SELECT d.id FROM quality_expectation d
    WHERE d.due_at <= at_time AND (d.lease_until IS NULL OR d.lease_until <= at_time)
      AND d.id IN (
        SELECT DISTINCT ON (o.tenant_id) o.id FROM quality_expectation o
        WHERE o.due_at <= at_time AND (o.lease_until IS NULL OR o.lease_until <= at_time)
        ORDER BY o.tenant_id, o.due_at, o.id
      )
      AND NOT EXISTS (
        SELECT 1 FROM quality_expectation other WHERE other.tenant_id = d.tenant_id AND other.id <> d.id AND other.lease_until > at_time
      )
    ORDER BY d.due_at, d.id LIMIT max_expectations FOR UPDATE SKIP LOCKED
  )
  RETURNING e.tenant_id, e.id, e.run
$$;
REVOKE ALL ON FUNCTION claim_due_expectations_across_tenants(timestamptz, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_expectations_across_tenants(timestamptz, integer, integer) TO tessera_app;
