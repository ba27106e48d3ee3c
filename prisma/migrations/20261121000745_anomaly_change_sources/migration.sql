-- Which stored events of a tenant are changes (deploys, flags, experiments, campaigns): anomalies are looked at beside them, and none is copied.

CREATE TABLE change_source (
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  kind text NOT NULL CHECK (kind IN ('DEPLOY', 'FLAG', 'EXPERIMENT', 'CAMPAIGN', 'CONFIGURATION', 'OTHER')),
  -- Name of the events.
  event text NOT NULL CHECK (char_length(event) BETWEEN 1 AND 128),
  -- Paths of the properties that say what changed, what it concerns and where it is told of.
  mapping jsonb NOT NULL CHECK (octet_length(mapping::text) <= 16384),
  saved_by jsonb NOT NULL,
  saved_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
ALTER TABLE change_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY change_source_of_tenant ON change_source USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON change_source FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON change_source TO tessera_app;
