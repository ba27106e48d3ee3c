-- The semantic layer: what a tenant calls its metrics, segments and saved queries, every version each has had, and which others the version now refers to.
-- A version is never changed, and nothing is deleted: what was answered by a version can be asked for again.

CREATE TABLE semantic_definition (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('METRIC', 'SEGMENT', 'SAVED_QUERY')),
  name text NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,63}$'),
  version integer NOT NULL CHECK (version >= 1),
  archived_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  UNIQUE (tenant_id, kind, name)
);
CREATE TABLE semantic_definition_version (
  tenant_id uuid NOT NULL,
  definition_id uuid NOT NULL REFERENCES semantic_definition (id),
  version integer NOT NULL CHECK (version >= 1),
  content jsonb NOT NULL,
  defined_by text NOT NULL,
  defined_at timestamptz(3) NOT NULL,
  PRIMARY KEY (definition_id, version)
);
-- Of the version now.
CREATE TABLE semantic_reference (
  tenant_id uuid NOT NULL,
  definition_id uuid NOT NULL REFERENCES semantic_definition (id),
  refers_to uuid NOT NULL REFERENCES semantic_definition (id),
  PRIMARY KEY (definition_id, refers_to)
);
CREATE INDEX semantic_reference_to ON semantic_reference (refers_to);

ALTER TABLE semantic_definition ENABLE ROW LEVEL SECURITY;
CREATE POLICY semantic_definition_of_tenant ON semantic_definition USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON semantic_definition FROM tessera_app;
GRANT SELECT, INSERT ON semantic_definition TO tessera_app;
GRANT UPDATE (version, archived_at) ON semantic_definition TO tessera_app;
ALTER TABLE semantic_definition_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY semantic_definition_version_of_tenant ON semantic_definition_version USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON semantic_definition_version FROM tessera_app;
GRANT SELECT, INSERT ON semantic_definition_version TO tessera_app;
ALTER TABLE semantic_reference ENABLE ROW LEVEL SECURITY;
CREATE POLICY semantic_reference_of_tenant ON semantic_reference USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON semantic_reference FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON semantic_reference TO tessera_app;
