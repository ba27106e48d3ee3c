-- What tenants expect of their events and keep: what each expectation is called, every version it has had, and of which events it is now.
-- A version is never changed.

CREATE TABLE quality_expectation (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
  -- Name of the events it is of; null: of events of any name.
  event text CHECK (char_length(event) BETWEEN 1 AND 128),
  version integer NOT NULL CHECK (version >= 1),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  UNIQUE (tenant_id, name)
);
CREATE TABLE quality_expectation_version (
  tenant_id uuid NOT NULL,
  expectation_id uuid NOT NULL REFERENCES quality_expectation (id) ON DELETE CASCADE,
  version integer NOT NULL CHECK (version >= 1),
  content jsonb NOT NULL,
  defined_by text NOT NULL,
  defined_at timestamptz(3) NOT NULL,
  PRIMARY KEY (expectation_id, version)
);

ALTER TABLE quality_expectation ENABLE ROW LEVEL SECURITY;
CREATE POLICY quality_expectation_of_tenant ON quality_expectation USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON quality_expectation FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON quality_expectation TO tessera_app;
GRANT UPDATE (version, event) ON quality_expectation TO tessera_app;
ALTER TABLE quality_expectation_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY quality_expectation_version_of_tenant ON quality_expectation_version
  USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON quality_expectation_version FROM tessera_app;
GRANT SELECT, INSERT ON quality_expectation_version TO tessera_app;

-- Expectations are updated by being tested: their version grows when somebody changes them.
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF version ON quality_expectation
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('EXPECTATION', 'id', '');
