-- Incidents: the tenant's policies by which alerts become one, incidents with where they stand, the alerts that take part (signs), timelines, links between incidents, and how far
-- each tenant's alerts were taken: an entry of the log that was taken is taken no second time.

CREATE TABLE incident_policies (
  tenant_id uuid PRIMARY KEY,
  version integer NOT NULL,
  -- In their order, in the form their author gives.
  policies jsonb NOT NULL CHECK (jsonb_array_length(policies) <= 50),
  changed_by jsonb NOT NULL,
  changed_at timestamptz(3) NOT NULL
);

CREATE TABLE incident (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  -- Counts the tenant's incidents from 1 on.
  number integer NOT NULL CHECK (number > 0),
  group_key text NOT NULL,
  policy text,
  labels jsonb NOT NULL,
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 300),
  state text NOT NULL CHECK (state IN ('TRIGGERED', 'ACKNOWLEDGED', 'MITIGATED', 'RESOLVED', 'CLOSED')),
  severity text NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL')),
  worst_alert text CHECK (worst_alert IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL')),
  roles jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(roles) <= 50),
  status text,
  began_at timestamptz(3) NOT NULL,
  opened_at timestamptz(3) NOT NULL,
  acknowledged_at timestamptz(3) CHECK (state NOT IN ('ACKNOWLEDGED', 'MITIGATED') OR acknowledged_at IS NOT NULL),
  mitigated_at timestamptz(3),
  resolved_at timestamptz(3) CHECK ((state IN ('RESOLVED', 'CLOSED')) = (resolved_at IS NOT NULL)),
  closed_at timestamptz(3) CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL)),
  quiet_since timestamptz(3),
  resolve_after_ms integer NOT NULL CHECK (resolve_after_ms BETWEEN 0 AND 86400000),
  reopen_within_ms integer NOT NULL CHECK (reopen_within_ms BETWEEN 0 AND 604800000),
  times_reopened integer NOT NULL DEFAULT 0,
  entries integer NOT NULL DEFAULT 0,
  dropped integer NOT NULL DEFAULT 0,
  -- When the clock next has something to say of it; null: not before something else has.
  due_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
-- However many consumers run, one incident of a cause is not closed at a time.
CREATE UNIQUE INDEX incident_one_of_a_cause ON incident (tenant_id, group_key) WHERE state <> 'CLOSED';
CREATE INDEX incident_live ON incident (tenant_id, id) WHERE state <> 'CLOSED';
CREATE INDEX incident_due ON incident (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX incident_opened ON incident (tenant_id, opened_at);

-- An alert as incidents see it: one episode of a series.
CREATE TABLE incident_sign (
  tenant_id uuid NOT NULL,
  anomaly_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  rule_name text NOT NULL,
  fingerprint text NOT NULL,
  incident_id uuid,
  policy text,
  group_key text,
  labels jsonb NOT NULL,
  severity text NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL')),
  state text NOT NULL CHECK (state IN ('OPEN', 'OVER')),
  acknowledged boolean NOT NULL,
  told boolean NOT NULL,
  inhibited boolean NOT NULL,
  fired_at timestamptz(3) NOT NULL,
  over_at timestamptz(3),
  PRIMARY KEY (tenant_id, anomaly_id),
  FOREIGN KEY (tenant_id, incident_id) REFERENCES incident (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX incident_sign_open ON incident_sign (tenant_id) WHERE state = 'OPEN';
CREATE INDEX incident_sign_of_incident ON incident_sign (tenant_id, incident_id, fired_at) WHERE incident_id IS NOT NULL;
CREATE INDEX incident_sign_left ON incident_sign (over_at) WHERE incident_id IS NULL AND state = 'OVER';

-- The timeline; nothing here is ever changed.
CREATE TABLE incident_entry (
  tenant_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  -- The order in which entries were written.
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  severity text NOT NULL,
  actor jsonb,
  said text NOT NULL CHECK (char_length(said) <= 8000),
  anomaly_id uuid,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id, id),
  FOREIGN KEY (tenant_id, incident_id) REFERENCES incident (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX incident_entry_in_order ON incident_entry (tenant_id, incident_id, sequence);

-- Two incidents that may have to do with one another; kept once for both.
CREATE TABLE incident_link (
  tenant_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  other_id uuid NOT NULL CHECK (other_id <> incident_id),
  score real NOT NULL CHECK (score BETWEEN 0 AND 1),
  reasons text[] NOT NULL,
  linked_by jsonb,
  note text,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id, other_id),
  FOREIGN KEY (tenant_id, incident_id) REFERENCES incident (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, other_id) REFERENCES incident (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX incident_link_of_other ON incident_link (tenant_id, other_id);

CREATE TABLE incident_place (
  tenant_id uuid PRIMARY KEY,
  transaction_id xid8 NOT NULL,
  sequence bigint NOT NULL
);

ALTER TABLE incident_policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_policies_of_tenant ON incident_policies USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE incident ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_of_tenant ON incident USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE incident_sign ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_sign_of_tenant ON incident_sign USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE incident_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_entry_of_tenant ON incident_entry USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE incident_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_link_of_tenant ON incident_link USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE incident_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY incident_place_of_tenant ON incident_place USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON incident_policies, incident, incident_sign, incident_entry, incident_link, incident_place FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON incident_policies, incident, incident_sign, incident_place TO tessera_app;
GRANT SELECT, INSERT ON incident_entry TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON incident_link TO tessera_app;

-- tenantsWithDueIncidentsAcrossTenants: tenants of whose incidents the clock has something to say, those that wait longest first.
CREATE FUNCTION tenants_with_due_incidents_across_tenants(present timestamptz, max_tenants integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.tenant_id FROM incident i WHERE i.due_at <= present GROUP BY i.tenant_id ORDER BY min(i.due_at) LIMIT max_tenants
$$;

-- forgetOldIncidentsAcrossTenants: removes up to max_rows incidents that were closed before a moment, with all that belongs to them, and as many alerts that belonged to none and were over
-- before another; answers how many rows it removed.
CREATE FUNCTION forget_old_incidents_across_tenants(closed_before timestamptz, over_before timestamptz, max_rows integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH incidents AS (
    DELETE FROM incident WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM incident WHERE closed_at < closed_before LIMIT max_rows
    ) RETURNING 1
  ), signs AS (
    DELETE FROM incident_sign WHERE (tenant_id, anomaly_id) IN (
      SELECT tenant_id, anomaly_id FROM incident_sign WHERE incident_id IS NULL AND state = 'OVER' AND over_at < over_before LIMIT max_rows
    ) RETURNING 1
  )
  SELECT (SELECT count(*) FROM incidents) + (SELECT count(*) FROM signs)
$$;

REVOKE ALL ON FUNCTION tenants_with_due_incidents_across_tenants(timestamptz, integer), forget_old_incidents_across_tenants(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_due_incidents_across_tenants(timestamptz, integer), forget_old_incidents_across_tenants(timestamptz, timestamptz, integer) TO tessera_app;
