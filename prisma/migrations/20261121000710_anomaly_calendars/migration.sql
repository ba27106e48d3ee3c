-- Holidays and known events of tenants, which rules go by; a calendar that a rule goes by can't be deleted.

CREATE TABLE event_calendar (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  -- Zone and entries, as their author gave them.
  definition jsonb NOT NULL CHECK (octet_length(definition::text) <= 524288),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);
ALTER TABLE event_calendar ENABLE ROW LEVEL SECURITY;
CREATE POLICY event_calendar_of_tenant ON event_calendar USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON event_calendar FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_calendar TO tessera_app;

-- The calendar stands in what a rule watches; deleted rules let go of theirs.
ALTER TABLE anomaly_rule ADD COLUMN calendar_id uuid GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN (watch->>'calendar')::uuid END) STORED;
ALTER TABLE anomaly_rule ADD CONSTRAINT anomaly_rule_goes_by_calendar FOREIGN KEY (tenant_id, calendar_id) REFERENCES event_calendar (tenant_id, id);
CREATE INDEX anomaly_rule_by_calendar ON anomaly_rule (tenant_id, calendar_id) WHERE calendar_id IS NOT NULL;
