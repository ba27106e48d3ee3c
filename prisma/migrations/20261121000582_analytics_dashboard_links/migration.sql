-- Links to dashboards for readers without an account: what each shows and how often it was read. The credential itself is the tenant room's, by the same id.

CREATE TABLE dashboard_link (
  tenant_id uuid NOT NULL,
  id text NOT NULL CHECK (id ~ '^[0-9a-z]{16}$'),
  dashboard_id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) <= 120),
  shared_by text NOT NULL,
  -- Shared by who looks after all dashboards, and not as their owner.
  as_keeper boolean NOT NULL,
  -- Null: every widget there is.
  widgets uuid[] CHECK (cardinality(widgets) BETWEEN 1 AND 60),
  -- Names of variables that readers may set.
  variables text[] NOT NULL CHECK (cardinality(variables) <= 20),
  range_open boolean NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  last_used_at timestamptz(3),
  uses bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, dashboard_id) REFERENCES dashboard (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX dashboard_link_in_order ON dashboard_link (tenant_id, dashboard_id, created_at DESC);
ALTER TABLE dashboard_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_link_of_tenant ON dashboard_link USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard_link FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON dashboard_link TO tessera_app;
GRANT UPDATE (revoked_at, last_used_at, uses) ON dashboard_link TO tessera_app;
