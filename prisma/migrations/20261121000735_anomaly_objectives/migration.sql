-- Service level objectives of tenants, which rules watch; one that a rule watches can't be deleted.

CREATE TABLE service_objective (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  -- What is measured, how much of it shall be good, and over which time, as their author gave them.
  definition jsonb NOT NULL CHECK (octet_length(definition::text) <= 131072),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);
ALTER TABLE service_objective ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_objective_of_tenant ON service_objective USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON service_objective FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON service_objective TO tessera_app;

-- The objective stands in what a rule watches; deleted rules let go of theirs.
ALTER TABLE anomaly_rule ADD COLUMN objective_id uuid GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN (watch->>'objective')::uuid END) STORED;
ALTER TABLE anomaly_rule ADD CONSTRAINT anomaly_rule_watches_objective FOREIGN KEY (tenant_id, objective_id) REFERENCES service_objective (tenant_id, id);
CREATE INDEX anomaly_rule_by_objective ON anomaly_rule (tenant_id, objective_id) WHERE objective_id IS NOT NULL;
