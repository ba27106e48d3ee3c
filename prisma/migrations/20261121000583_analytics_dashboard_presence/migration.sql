-- Who looks at a dashboard: a row for each open view, told anew while its process lives. What is lost with a crash of the engine is told anew within seconds,
-- so that it is not written ahead.

CREATE UNLOGGED TABLE dashboard_presence (
  tenant_id uuid NOT NULL,
  dashboard_id uuid NOT NULL,
  -- One view: a person may have several.
  id uuid NOT NULL,
  subject text NOT NULL,
  colour integer NOT NULL,
  state text NOT NULL CHECK (state IN ('VIEWING', 'EDITING')),
  widget_id uuid,
  joined_at timestamptz(3) NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, dashboard_id, id)
);
ALTER TABLE dashboard_presence ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_presence_of_tenant ON dashboard_presence USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard_presence FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON dashboard_presence TO tessera_app;
GRANT UPDATE (state, widget_id, seen_at) ON dashboard_presence TO tessera_app;
