-- Operators cross into a tenant by a grant alone: named, for a reason, for eight hours at most, seen and ended by the tenant. Who acts under one does
-- so with a key of that tenant which ends with it. An organisation's tenants know each other's names and nothing else.

CREATE TABLE operator_grant (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  -- The subject who may act under it, wherever that subject belongs.
  operator_id text NOT NULL CHECK (char_length(operator_id) BETWEEN 1 AND 100),
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
  -- Made by an operator without the tenant, which is told of it.
  break_glass boolean NOT NULL,
  granted_by_kind text NOT NULL,
  granted_by_id text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL CHECK (expires_at > created_at AND expires_at <= created_at + interval '8 hours'),
  revoked_at timestamptz(3)
);
CREATE INDEX operator_grant_newest ON operator_grant (tenant_id, created_at DESC, id DESC);
ALTER TABLE operator_grant ENABLE ROW LEVEL SECURITY;
CREATE POLICY operator_grant_of_tenant ON operator_grant USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

ALTER TABLE api_key ADD COLUMN grant_id uuid REFERENCES operator_grant (id) ON DELETE CASCADE;

REVOKE ALL ON operator_grant FROM tessera_app;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON operator_grant TO tessera_app;
GRANT SELECT (grant_id) ON api_key TO tessera_app;

-- findOperatorGrantAcrossTenants: the tenant, permissions and end of a grant that holds for an operator; no row when there is none.
CREATE FUNCTION find_operator_grant_across_tenants(of_grant uuid, of_operator text, at timestamptz)
RETURNS TABLE (tenant_id uuid, permissions text[], expires_at timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT g.tenant_id, g.permissions, g.expires_at FROM operator_grant g JOIN tenant t ON t.id = g.tenant_id
  WHERE g.id = of_grant AND g.operator_id = of_operator AND g.revoked_at IS NULL AND g.expires_at > at AND t.state = 'ACTIVE'
$$;

-- findPresentedKeyAcrossTenants: as before; a key of a grant ends with the grant.
DROP FUNCTION find_presented_key_across_tenants(text);
CREATE FUNCTION find_presented_key_across_tenants(key_id text)
RETURNS TABLE (tenant_id uuid, tenant_state text, key_hash bytea, previous_key_hash bytea, previous_valid_until timestamptz, permissions text[],
  roles text[], role_permissions text[], policies jsonb, networks text[], expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz,
  grant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.tenant_id, t.state, k.key_hash, k.previous_key_hash, k.previous_valid_until, k.permissions, k.roles, a.role_permissions, a.policies,
    k.networks, LEAST(k.expires_at, g.expires_at), LEAST(k.revoked_at, g.revoked_at), k.last_used_at, k.grant_id
  FROM api_key k JOIN tenant t ON t.id = k.tenant_id LEFT JOIN operator_grant g ON g.id = k.grant_id,
    access_of(k.tenant_id, 'API_KEY:' || k.id, k.roles) a
  WHERE k.id = key_id
$$;

-- organisationTenantsAcrossTenants: the organisation of the connection's tenant, and the names of its tenants; no row when it stands alone.
CREATE FUNCTION organisation_tenants_across_tenants() RETURNS TABLE (id uuid, name text, tenant_names text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT o.id, o.name, ARRAY(SELECT t.name FROM tenant t WHERE t.organisation_id = o.id ORDER BY t.name, t.id LIMIT 1000)
  FROM organisation o JOIN tenant own ON own.organisation_id = o.id WHERE own.id = current_tenant_id()
$$;

REVOKE ALL ON FUNCTION find_operator_grant_across_tenants(uuid, text, timestamptz), find_presented_key_across_tenants(text),
  organisation_tenants_across_tenants() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_operator_grant_across_tenants(uuid, text, timestamptz), find_presented_key_across_tenants(text),
  organisation_tenants_across_tenants() TO tessera_app;
