-- Tenants, their people and their API keys. Applied as the owner role; tessera_app sees one tenant at a time through the policies, and
-- crosses tenants in one place only: the function that looks up a presented API key before its tenant is known.

CREATE TABLE tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'SUSPENDED')),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_itself ON tenant USING (id = current_tenant_id()) WITH CHECK (id = current_tenant_id());

CREATE TABLE tenant_user (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  -- Kept in lower case, so that uniqueness does not depend on how it was typed.
  email text NOT NULL CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['OWNER', 'ADMIN', 'ANALYST', 'VIEWER']),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, email)
);
CREATE INDEX tenant_user_newest ON tenant_user (tenant_id, created_at DESC, id DESC);
ALTER TABLE tenant_user ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_user_of_tenant ON tenant_user USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE TABLE api_key (
  -- The public part of the key; the secret part is nowhere.
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{16}$'),
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  -- HMAC-SHA-256, under the installation's pepper, of the SHA-256 of the whole key.
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by_kind text NOT NULL CHECK (created_by_kind IN ('API_KEY', 'USER', 'SERVICE')),
  created_by_id text NOT NULL,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  idempotency_key text CHECK (char_length(idempotency_key) BETWEEN 1 AND 200),
  UNIQUE (tenant_id, idempotency_key)
);
CREATE INDEX api_key_newest ON api_key (tenant_id, created_at DESC, id DESC);
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_key_of_tenant ON api_key USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- findApiKeyAcrossTenants: what is needed to decide about a presented key, and nothing else; at most one row.
CREATE FUNCTION find_api_key_across_tenants(key_id text)
RETURNS TABLE (tenant_id uuid, key_hash bytea, permissions text[], expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz, tenant_state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.tenant_id, k.key_hash, k.permissions, k.expires_at, k.revoked_at, k.last_used_at, t.state
  FROM api_key k JOIN tenant t ON t.id = k.tenant_id WHERE k.id = key_id
$$;

-- The hash of a key is written by the application and read by the function above alone.
REVOKE ALL ON tenant, tenant_user, api_key FROM tessera_app;
GRANT SELECT, INSERT, UPDATE (name) ON tenant TO tessera_app;
GRANT SELECT, INSERT ON tenant_user TO tessera_app;
GRANT INSERT, UPDATE (last_used_at, revoked_at),
  SELECT (id, tenant_id, name, permissions, created_at, created_by_kind, created_by_id, expires_at, last_used_at, revoked_at, idempotency_key)
  ON api_key TO tessera_app;
REVOKE ALL ON FUNCTION find_api_key_across_tenants(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key_across_tenants(text) TO tessera_app;
