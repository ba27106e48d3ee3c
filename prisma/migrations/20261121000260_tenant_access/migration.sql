-- Who may do what in a tenant, and what of its events they may see: roles of its own, roles and networks of API keys, overlap of rotated keys, and
-- data policies. What a credential amounts to is read in one statement, so that a change counts with the next lookup.

CREATE TABLE custom_role (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  -- In lower case, so that it never meets the name of a built-in role.
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,59}$'),
  description text NOT NULL CHECK (char_length(description) <= 500),
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
ALTER TABLE custom_role ENABLE ROW LEVEL SECURITY;
CREATE POLICY custom_role_of_tenant ON custom_role USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- Names of roles, built-in ones in upper case. A person may have none: whose only role was deleted may do nothing.
ALTER TABLE tenant_user DROP CONSTRAINT tenant_user_roles_check;
ALTER TABLE tenant_user ADD CONSTRAINT tenant_user_roles_check CHECK (cardinality(roles) <= 20);

ALTER TABLE api_key
  DROP CONSTRAINT api_key_permissions_check,
  ADD COLUMN roles text[] NOT NULL DEFAULT '{}' CHECK (cardinality(roles) <= 20),
  -- Networks in CIDR notation the key may be used from; null: from anywhere.
  ADD COLUMN networks text[] CHECK (cardinality(networks) BETWEEN 1 AND 50),
  -- What the key was before it was rotated, for as long as both are valid.
  ADD COLUMN previous_key_hash bytea CHECK (octet_length(previous_key_hash) = 32),
  ADD COLUMN previous_valid_until timestamptz(3),
  ADD COLUMN rotated_at timestamptz(3),
  ADD CONSTRAINT api_key_previous_check CHECK ((previous_key_hash IS NULL) = (previous_valid_until IS NULL));

-- What is taken from whom: rows and columns of the tenant's events.
CREATE TABLE data_policy (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  description text NOT NULL CHECK (char_length(description) <= 500),
  -- To whom it applies: to all, to who has one of the roles, or to single subjects, named `KIND:id`.
  everyone boolean NOT NULL,
  roles text[] NOT NULL CHECK (cardinality(roles) <= 100),
  subjects text[] NOT NULL CHECK (cardinality(subjects) <= 1000),
  rows jsonb NOT NULL CHECK (jsonb_typeof(rows) = 'array'),
  masks jsonb NOT NULL CHECK (jsonb_typeof(masks) = 'array'),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
ALTER TABLE data_policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY data_policy_of_tenant ON data_policy USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

REVOKE ALL ON custom_role, data_policy FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON custom_role, data_policy TO tessera_app;
GRANT UPDATE (roles) ON tenant_user TO tessera_app;
-- The hash that counts so far moves aside within the database: the application still can't read it.
GRANT SELECT (roles, networks, previous_valid_until, rotated_at), UPDATE (roles, networks, rotated_at) ON api_key TO tessera_app;

-- rotateApiKey(tenant, key, hash of the new secret, end of the old one, now): false when there is no such key that works.
CREATE FUNCTION rotate_api_key(of_key text, new_hash bytea, old_until timestamptz, at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH rotated AS (
    UPDATE api_key SET previous_key_hash = key_hash, previous_valid_until = old_until, key_hash = new_hash, rotated_at = at
    WHERE id = of_key AND tenant_id = current_tenant_id() AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > at)
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM rotated)
$$;

-- accessOf(tenant, subject, roles): permissions of the tenant's own roles among the named, and the policies that apply; one row.
CREATE FUNCTION access_of(of_tenant uuid, of_subject text, of_roles text[]) RETURNS TABLE (role_permissions text[], policies jsonb)
LANGUAGE sql STABLE AS $$
  SELECT
    ARRAY(SELECT DISTINCT permission FROM custom_role r, unnest(r.permissions) permission WHERE r.tenant_id = of_tenant AND r.name = ANY (of_roles) ORDER BY 1),
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'rows', p.rows, 'masks', p.masks) ORDER BY p.name), '[]')
      FROM data_policy p WHERE p.tenant_id = of_tenant AND (p.everyone OR p.roles && of_roles OR of_subject = ANY (p.subjects)))
$$;

-- findPresentedKeyAcrossTenants: what is needed to decide about a presented key, and nothing else; at most one row.
CREATE FUNCTION find_presented_key_across_tenants(key_id text)
RETURNS TABLE (tenant_id uuid, tenant_state text, key_hash bytea, previous_key_hash bytea, previous_valid_until timestamptz, permissions text[],
  roles text[], role_permissions text[], policies jsonb, networks text[], expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.tenant_id, t.state, k.key_hash, k.previous_key_hash, k.previous_valid_until, k.permissions, k.roles, a.role_permissions, a.policies,
    k.networks, k.expires_at, k.revoked_at, k.last_used_at
  FROM api_key k JOIN tenant t ON t.id = k.tenant_id, access_of(k.tenant_id, 'API_KEY:' || k.id, k.roles) a WHERE k.id = key_id
$$;

REVOKE ALL ON FUNCTION rotate_api_key(text, bytea, timestamptz, timestamptz), find_presented_key_across_tenants(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rotate_api_key(text, bytea, timestamptz, timestamptz), find_presented_key_across_tenants(text) TO tessera_app;
