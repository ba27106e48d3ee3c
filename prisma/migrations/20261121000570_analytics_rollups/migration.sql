-- Rollups that tenants define: what each is, every version it has had, its builds, and which questions were asked that a rollup could answer.
-- A version is never changed. A build is one filling of one version: its history in slices by a worker that holds a lease, and each batch that the event
-- log tells of after the build's beginning. At most one build of a rollup is under way and one answers; what a build held is removed once it has ended.

CREATE TABLE rollup (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,63}$'),
  version integer NOT NULL CHECK (version >= 1),
  archived_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  UNIQUE (tenant_id, name)
);
CREATE TABLE rollup_version (
  tenant_id uuid NOT NULL,
  rollup_id uuid NOT NULL REFERENCES rollup (id),
  version integer NOT NULL CHECK (version >= 1),
  content jsonb NOT NULL,
  defined_by text NOT NULL,
  defined_at timestamptz(3) NOT NULL,
  PRIMARY KEY (rollup_id, version)
);
CREATE TABLE rollup_build (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  rollup_id uuid NOT NULL,
  version integer NOT NULL,
  state text NOT NULL CHECK (state IN ('BUILDING', 'READY', 'FAILED', 'DROPPED')),
  started_at timestamptz(3) NOT NULL,
  -- Where the consumer of stored batches stood when the build began: later entries are counted as they come, all others are its history.
  log_transaction xid8,
  log_sequence bigint,
  -- The history: batches received before the moment, and these.
  cut_at timestamptz(3),
  history_batches uuid[] NOT NULL DEFAULT '{}',
  -- [[from, to, events], ...] in milliseconds since the epoch; null before they are laid out.
  slices jsonb,
  slices_done integer NOT NULL DEFAULT 0,
  events_total bigint,
  events_done bigint NOT NULL DEFAULT 0,
  rows bigint,
  lease_until timestamptz(3),
  -- Fencing token: each claim has a higher one, and only the newest may write.
  run integer NOT NULL DEFAULT 0,
  ready_at timestamptz(3),
  ended_at timestamptz(3),
  failed_code text,
  failed_detail text,
  -- When its rows were removed from the event store.
  removed_at timestamptz(3),
  FOREIGN KEY (rollup_id, version) REFERENCES rollup_version (rollup_id, version)
);
CREATE UNIQUE INDEX rollup_build_under_way ON rollup_build (rollup_id) WHERE state = 'BUILDING';
CREATE UNIQUE INDEX rollup_build_that_answers ON rollup_build (rollup_id) WHERE state = 'READY';
CREATE INDEX rollup_build_of_rollup ON rollup_build (rollup_id, started_at);
CREATE INDEX rollup_build_live ON rollup_build (tenant_id) WHERE state IN ('BUILDING', 'READY');
CREATE INDEX rollup_build_due ON rollup_build (lease_until NULLS FIRST) WHERE state = 'BUILDING';
CREATE INDEX rollup_build_to_remove ON rollup_build (ended_at) WHERE ended_at IS NOT NULL AND removed_at IS NULL;

-- Questions by their shape and day: what they grouped and filtered by and measured, never the values they named.
CREATE TABLE asked_shape (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  shape_hash text NOT NULL,
  shape jsonb NOT NULL,
  questions bigint NOT NULL,
  rows_read double precision NOT NULL,
  milliseconds double precision NOT NULL,
  -- Days of events the questions were about, added up.
  days_asked double precision NOT NULL,
  PRIMARY KEY (tenant_id, day, shape_hash)
);

ALTER TABLE rollup ENABLE ROW LEVEL SECURITY;
CREATE POLICY rollup_of_tenant ON rollup USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON rollup FROM tessera_app;
GRANT SELECT, INSERT ON rollup TO tessera_app;
GRANT UPDATE (version, archived_at) ON rollup TO tessera_app;
ALTER TABLE rollup_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY rollup_version_of_tenant ON rollup_version USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON rollup_version FROM tessera_app;
GRANT SELECT, INSERT ON rollup_version TO tessera_app;
ALTER TABLE rollup_build ENABLE ROW LEVEL SECURITY;
CREATE POLICY rollup_build_of_tenant ON rollup_build USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON rollup_build FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON rollup_build TO tessera_app;
ALTER TABLE asked_shape ENABLE ROW LEVEL SECURITY;
CREATE POLICY asked_shape_of_tenant ON asked_shape USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON asked_shape FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON asked_shape TO tessera_app;

-- claimRollupBuildsAcrossTenants: takes builds that nobody works on, at most one of a tenant; answers whose they are.
CREATE FUNCTION claim_rollup_builds_across_tenants(at_time timestamptz, lease_seconds integer, max_builds integer)
RETURNS TABLE (tenant_id uuid, id uuid, run integer) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE rollup_build b SET run = b.run + 1, lease_until = at_time + make_interval(secs => lease_seconds)
  WHERE b.id IN (
    SELECT d.id FROM rollup_build d
    WHERE d.state = 'BUILDING' AND (d.lease_until IS NULL OR d.lease_until <= at_time)
      AND d.id = (SELECT e.id FROM rollup_build e WHERE e.tenant_id = d.tenant_id AND e.state = 'BUILDING' ORDER BY e.started_at, e.id LIMIT 1)
    ORDER BY d.lease_until NULLS FIRST, d.started_at LIMIT max_builds FOR UPDATE SKIP LOCKED
  )
  RETURNING b.tenant_id, b.id, b.run
$$;
-- endedRollupBuildsAcrossTenants: builds that ended before a moment and whose rows are still there.
CREATE FUNCTION ended_rollup_builds_across_tenants(before timestamptz, max_builds integer)
RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT b.tenant_id, b.id FROM rollup_build b WHERE b.ended_at < before AND b.removed_at IS NULL ORDER BY b.ended_at LIMIT max_builds
$$;
REVOKE ALL ON FUNCTION claim_rollup_builds_across_tenants(timestamptz, integer, integer), ended_rollup_builds_across_tenants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_rollup_builds_across_tenants(timestamptz, integer, integer), ended_rollup_builds_across_tenants(timestamptz, integer) TO tessera_app;
