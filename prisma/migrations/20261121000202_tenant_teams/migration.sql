-- Teams of a tenant: who of its keys, clients and people a share of the bill goes to. A subject is in one team at most.

CREATE TABLE team_member (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  subject_kind text NOT NULL CHECK (subject_kind IN ('API_KEY', 'USER', 'CLIENT')),
  subject_id text NOT NULL CHECK (char_length(subject_id) BETWEEN 1 AND 200),
  team text NOT NULL CHECK (char_length(team) BETWEEN 1 AND 120),
  PRIMARY KEY (tenant_id, subject_kind, subject_id)
);
ALTER TABLE team_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY team_member_of_tenant ON team_member USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON team_member FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON team_member TO tessera_app;
