-- Cohorts: what a tenant calls a group of people, every definition it has had, to which others it refers, and how large it was at each computation.
-- Who is in it is kept in the event store. One computation of a cohort runs at a time: it holds a lease, and only the newest run may write its end.

CREATE TABLE cohort (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  description text NOT NULL CHECK (char_length(description) <= 2000),
  version integer NOT NULL,
  -- Seconds between the starts of two computations; null: when asked alone.
  recompute_every integer CHECK (recompute_every BETWEEN 300 AND 2592000),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  state text NOT NULL DEFAULT 'IDLE' CHECK (state IN ('IDLE', 'RUNNING', 'FAILED')),
  -- When the next computation is due; null: when there is none.
  due_at timestamptz(3),
  -- Fencing token: each run has a higher one, and only the newest may write.
  run integer NOT NULL DEFAULT 0,
  lease_until timestamptz(3),
  -- The moment the run under way, or the last that failed, is of; a later run is of a later moment.
  running_as_of timestamptz(3),
  running_since timestamptz(3),
  as_of timestamptz(3),
  computed_version integer,
  size bigint,
  error_code text,
  error_detail text,
  UNIQUE (tenant_id, name)
);
CREATE INDEX cohort_due ON cohort (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE cohort_version (
  tenant_id uuid NOT NULL,
  cohort_id uuid NOT NULL REFERENCES cohort (id) ON DELETE CASCADE,
  version integer NOT NULL,
  definition jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (cohort_id, version)
);
-- Of the definition now.
CREATE TABLE cohort_reference (
  tenant_id uuid NOT NULL,
  cohort_id uuid NOT NULL REFERENCES cohort (id) ON DELETE CASCADE,
  refers_to uuid NOT NULL REFERENCES cohort (id),
  PRIMARY KEY (cohort_id, refers_to)
);
CREATE INDEX cohort_reference_to ON cohort_reference (refers_to);
CREATE TABLE cohort_size (
  tenant_id uuid NOT NULL,
  cohort_id uuid NOT NULL REFERENCES cohort (id) ON DELETE CASCADE,
  as_of timestamptz(3) NOT NULL,
  version integer NOT NULL,
  size bigint NOT NULL,
  entered bigint NOT NULL,
  departed bigint NOT NULL,
  PRIMARY KEY (cohort_id, as_of)
);

ALTER TABLE cohort ENABLE ROW LEVEL SECURITY;
CREATE POLICY cohort_of_tenant ON cohort USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON cohort FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON cohort TO tessera_app;
ALTER TABLE cohort_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY cohort_version_of_tenant ON cohort_version USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON cohort_version FROM tessera_app;
GRANT SELECT, INSERT ON cohort_version TO tessera_app;
ALTER TABLE cohort_reference ENABLE ROW LEVEL SECURITY;
CREATE POLICY cohort_reference_of_tenant ON cohort_reference USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON cohort_reference FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON cohort_reference TO tessera_app;
ALTER TABLE cohort_size ENABLE ROW LEVEL SECURITY;
CREATE POLICY cohort_size_of_tenant ON cohort_size USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON cohort_size FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON cohort_size TO tessera_app;

-- claimDueCohortsAcrossTenants: begins runs of cohorts that are due, or whose run has lost its lease, at most one at a time for a tenant; answers them.
-- A run is of a later moment than every one before it, whatever became of them and of the clock.
CREATE FUNCTION claim_due_cohorts_across_tenants(at_time timestamptz, lease_seconds integer, max_cohorts integer)
RETURNS SETOF cohort LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE cohort c SET
    state = 'RUNNING', run = c.run + 1, lease_until = at_time + make_interval(secs => lease_seconds),
    running_as_of = greatest(at_time, c.as_of + interval '1 millisecond', c.running_as_of + interval '1 millisecond'), running_since = at_time,
    due_at = at_time + make_interval(secs => c.recompute_every)
  WHERE c.id IN (
    SELECT d.id FROM cohort d
    WHERE ((d.due_at <= at_time AND d.state <> 'RUNNING') OR (d.state = 'RUNNING' AND d.lease_until <= at_time))
      AND d.id IN (
        SELECT DISTINCT ON (e.tenant_id) e.id FROM cohort e
        WHERE (e.due_at <= at_time AND e.state <> 'RUNNING') OR (e.state = 'RUNNING' AND e.lease_until <= at_time)
        ORDER BY e.tenant_id, e.due_at NULLS FIRST, e.id
      )
      AND NOT EXISTS (
        SELECT 1 FROM cohort other
        WHERE other.tenant_id = d.tenant_id AND other.id <> d.id AND other.state = 'RUNNING' AND other.lease_until > at_time
      )
    ORDER BY d.due_at NULLS FIRST, d.id LIMIT max_cohorts FOR UPDATE SKIP LOCKED
  )
  RETURNING c.*
$$;
-- cohortDefinitionAcrossTenants: a definition of a cohort, for whoever has begun its run.
CREATE FUNCTION cohort_definition_across_tenants(of_cohort uuid, of_version integer) RETURNS TABLE (definition jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT v.definition FROM cohort_version v WHERE v.cohort_id = of_cohort AND v.version = of_version
$$;
REVOKE ALL ON FUNCTION claim_due_cohorts_across_tenants(timestamptz, integer, integer), cohort_definition_across_tenants(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_cohorts_across_tenants(timestamptz, integer, integer), cohort_definition_across_tenants(uuid, integer) TO tessera_app;
