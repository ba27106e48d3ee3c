-- Share links: credentials of readers without an account. Each stands for one thing that another room shows, on behalf of who shared it and never with more than they
-- may have at the moment. What a link shows is that room's; here is who may present it, until when, and what is taken from it besides.

CREATE TABLE share_link (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{16}$'),
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  sharer_kind text NOT NULL CHECK (sharer_kind IN ('API_KEY', 'USER', 'CLIENT')),
  sharer_id text NOT NULL CHECK (char_length(sharer_id) <= 300),
  -- What who shared it must still be permitted for the link to work.
  needs text[] NOT NULL CHECK (cardinality(needs) BETWEEN 1 AND 10),
  rows jsonb NOT NULL CHECK (jsonb_typeof(rows) = 'array'),
  masks jsonb NOT NULL CHECK (jsonb_typeof(masks) = 'array'),
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  CHECK (expires_at <= created_at + interval '90 days')
);
CREATE INDEX share_link_of_tenant_in_time ON share_link (tenant_id, expires_at);
ALTER TABLE share_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY share_link_of_tenant ON share_link USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON share_link FROM tessera_app;
GRANT SELECT (id, tenant_id, expires_at, revoked_at), INSERT, DELETE, UPDATE (revoked_at) ON share_link TO tessera_app;

-- findPresentedLinkAcrossTenants: what is needed to decide about a presented link, with what who shared it may now; none when they are there no longer. At most one row.
CREATE FUNCTION find_presented_link_across_tenants(link_id text)
RETURNS TABLE (tenant_id uuid, tenant_state text, key_hash bytea, needs text[], rows jsonb, masks jsonb, expires_at timestamptz, revoked_at timestamptz,
  permissions text[], roles text[], role_permissions text[], policies jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT l.tenant_id, t.state, l.key_hash, l.needs, l.rows, l.masks, l.expires_at, l.revoked_at, s.permissions, s.roles, a.role_permissions, a.policies
  FROM share_link l JOIN tenant t ON t.id = l.tenant_id
  CROSS JOIN LATERAL (
    SELECT '{}'::text[] AS permissions, u.roles FROM tenant_user u
    WHERE l.sharer_kind = 'USER' AND u.tenant_id = l.tenant_id AND u.id::text = l.sharer_id
    UNION ALL
    SELECT k.permissions, k.roles FROM api_key k
    WHERE l.sharer_kind = 'API_KEY' AND k.tenant_id = l.tenant_id AND k.id = l.sharer_id AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
    UNION ALL
    SELECT c.permissions, '{}'::text[] FROM oauth_client c
    WHERE l.sharer_kind = 'CLIENT' AND c.tenant_id = l.tenant_id AND c.id = l.sharer_id AND c.revoked_at IS NULL
  ) s, access_of(l.tenant_id, l.sharer_kind || ':' || l.sharer_id, s.roles) a
  WHERE l.id = link_id
$$;
REVOKE ALL ON FUNCTION find_presented_link_across_tenants(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_presented_link_across_tenants(text) TO tessera_app;

-- Whoever presents a link may be held back as any other credential.
ALTER TABLE abuse_source DROP CONSTRAINT abuse_source_source_kind_check;
ALTER TABLE abuse_source ADD CONSTRAINT abuse_source_source_kind_check CHECK (source_kind IN ('API_KEY', 'USER', 'CLIENT', 'LINK', 'ADDRESS', 'NETWORK'));
