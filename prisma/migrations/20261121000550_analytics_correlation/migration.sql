-- Event correlation: what a tenant's rules are, every version each has had, where the run of each stands, and what it found.
-- A version is never changed. The state of a run, its place in the event log and the matches it found are written by one transaction, so that nothing is
-- lost or found twice. States hold hashes of keys and texts, numbers that conditions compare, and ids of events: no text of an event.

CREATE TABLE correlation_rule (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,63}$'),
  version integer NOT NULL CHECK (version >= 1),
  -- The version that runs; null: the latest.
  pinned_version integer,
  retired_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  UNIQUE (tenant_id, name)
);
CREATE TABLE correlation_rule_version (
  tenant_id uuid NOT NULL,
  rule_id uuid NOT NULL REFERENCES correlation_rule (id),
  version integer NOT NULL CHECK (version >= 1),
  content jsonb NOT NULL,
  defined_by text NOT NULL,
  defined_at timestamptz(3) NOT NULL,
  PRIMARY KEY (rule_id, version)
);
-- One run of a rule that is not retired.
CREATE TABLE correlation_run (
  tenant_id uuid NOT NULL,
  rule_id uuid PRIMARY KEY REFERENCES correlation_rule (id),
  version integer NOT NULL,
  state jsonb NOT NULL,
  -- The last entry of the event log that is in the state.
  log_transaction xid8 NOT NULL,
  log_sequence bigint NOT NULL,
  -- When there is something to do without any event; null: never.
  look_at timestamptz(3),
  -- Why the rule is run no more; null while it is.
  failed_code text,
  failed_detail text
);
CREATE INDEX correlation_run_due ON correlation_run (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX correlation_run_of_tenant ON correlation_run (tenant_id);
CREATE TABLE correlation_shard (
  tenant_id uuid NOT NULL,
  rule_id uuid NOT NULL REFERENCES correlation_rule (id),
  shard integer NOT NULL,
  -- The watermark, in milliseconds since the epoch, beyond which there is something to do in the shard.
  due_ms bigint NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (rule_id, shard)
);
CREATE TABLE correlation_match (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rule_id uuid NOT NULL REFERENCES correlation_rule (id),
  version integer NOT NULL,
  from_at timestamptz(3) NOT NULL,
  completed_at timestamptz(3) NOT NULL,
  told_at timestamptz(3) NOT NULL,
  -- [{part, id, timeMs}], in order of the parts.
  events jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX correlation_match_of_rule ON correlation_match (rule_id, completed_at, id);
CREATE INDEX correlation_match_by_age ON correlation_match (told_at);

ALTER TABLE correlation_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY correlation_rule_of_tenant ON correlation_rule USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON correlation_rule FROM tessera_app;
GRANT SELECT, INSERT ON correlation_rule TO tessera_app;
GRANT UPDATE (version, pinned_version, retired_at) ON correlation_rule TO tessera_app;
ALTER TABLE correlation_rule_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY correlation_rule_version_of_tenant ON correlation_rule_version USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON correlation_rule_version FROM tessera_app;
GRANT SELECT, INSERT ON correlation_rule_version TO tessera_app;
ALTER TABLE correlation_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY correlation_run_of_tenant ON correlation_run USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON correlation_run FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON correlation_run TO tessera_app;
ALTER TABLE correlation_shard ENABLE ROW LEVEL SECURITY;
CREATE POLICY correlation_shard_of_tenant ON correlation_shard USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON correlation_shard FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON correlation_shard TO tessera_app;
ALTER TABLE correlation_match ENABLE ROW LEVEL SECURITY;
CREATE POLICY correlation_match_of_tenant ON correlation_match USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON correlation_match FROM tessera_app;
GRANT SELECT, INSERT ON correlation_match TO tessera_app;

-- correlationTenantsDueAcrossTenants: tenants with a run in which something is due by its watermark, the longest due first.
CREATE FUNCTION correlation_tenants_due_across_tenants(at_time timestamptz, max_tenants integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.tenant_id FROM correlation_run r WHERE r.look_at <= at_time GROUP BY r.tenant_id ORDER BY min(r.look_at) LIMIT max_tenants
$$;
-- pruneCorrelationMatchesAcrossTenants: drops matches older than the retention, at most max_matches at a time; answers how many.
CREATE FUNCTION prune_correlation_matches_across_tenants(before_time timestamptz, max_matches integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH old AS (SELECT m.tenant_id, m.id FROM correlation_match m WHERE m.told_at < before_time ORDER BY m.told_at LIMIT max_matches),
  dropped AS (DELETE FROM correlation_match m USING old WHERE m.tenant_id = old.tenant_id AND m.id = old.id RETURNING 1)
  SELECT count(*)::integer FROM dropped
$$;
REVOKE ALL ON FUNCTION correlation_tenants_due_across_tenants(timestamptz, integer), prune_correlation_matches_across_tenants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION correlation_tenants_due_across_tenants(timestamptz, integer), prune_correlation_matches_across_tenants(timestamptz, integer) TO tessera_app;
