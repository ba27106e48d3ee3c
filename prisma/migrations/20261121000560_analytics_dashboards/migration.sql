-- Dashboards: what each is now, every version it has had, what became of each edit, and what people say to it.
-- A version keeps the changes that made it, some the whole document as well, from which the others follow. Documents are json, not jsonb: the order of their
-- fields is that of the SDL, and what is compared is compared as text.

CREATE TABLE dashboard (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  title text NOT NULL,
  document json NOT NULL,
  owner text NOT NULL,
  view_scope text NOT NULL CHECK (view_scope IN ('OWNER', 'ROLES', 'TENANT')),
  view_roles text[] NOT NULL,
  edit_scope text NOT NULL CHECK (edit_scope IN ('OWNER', 'ROLES', 'TENANT')),
  edit_roles text[] NOT NULL,
  created_at timestamptz(3) NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE TABLE dashboard_version (
  tenant_id uuid NOT NULL,
  dashboard_id uuid NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  changes json NOT NULL,
  document json,
  restored_from integer,
  made_by text NOT NULL,
  made_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, dashboard_id, version),
  FOREIGN KEY (tenant_id, dashboard_id) REFERENCES dashboard (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE dashboard_edit (
  tenant_id uuid NOT NULL,
  dashboard_id uuid NOT NULL,
  idempotency_key text NOT NULL,
  fingerprint text NOT NULL,
  version integer NOT NULL,
  outcomes json NOT NULL,
  made_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, dashboard_id, idempotency_key),
  FOREIGN KEY (tenant_id, dashboard_id) REFERENCES dashboard (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX dashboard_edit_age ON dashboard_edit (tenant_id, dashboard_id, made_at);

ALTER TABLE dashboard ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_of_tenant ON dashboard USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON dashboard TO tessera_app;
GRANT UPDATE (version, title, document, view_scope, view_roles, edit_scope, edit_roles, changed_by, changed_at) ON dashboard TO tessera_app;
ALTER TABLE dashboard_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_version_of_tenant ON dashboard_version USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard_version FROM tessera_app;
GRANT SELECT, INSERT ON dashboard_version TO tessera_app;
ALTER TABLE dashboard_edit ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_edit_of_tenant ON dashboard_edit USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard_edit FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON dashboard_edit TO tessera_app;
