-- Identity: OAuth clients, people's passwords and invitations, trusted issuers, and the state of the authorization server. Applied as the
-- owner role. What belongs to a tenant is held by its policies; the authorization server, which knows no tenant before it has looked,
-- crosses tenants through the functions below alone. Secrets are nowhere in the clear: client secrets and tokens are kept as hashes,
-- passwords as argon2id, the server's state and its signing keys as JWE under the installation's key ring.

ALTER TABLE api_key DROP CONSTRAINT api_key_created_by_kind_check;
ALTER TABLE api_key ADD CONSTRAINT api_key_created_by_kind_check CHECK (created_by_kind IN ('API_KEY', 'USER', 'SERVICE', 'CLIENT'));

CREATE TABLE oauth_client (
  id text PRIMARY KEY CHECK (id ~ '^tsc-[0-9a-z]{20}$'),
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  -- SERVICE: acts for itself. WEB: signs people in and can keep a secret. PUBLIC: signs people in and cannot.
  kind text NOT NULL CHECK (kind IN ('SERVICE', 'WEB', 'PUBLIC')),
  -- HMAC-SHA-256, under the installation's pepper, of the SHA-256 of the secret.
  secret_hash bytea CHECK (octet_length(secret_hash) = 32),
  redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) <= 20),
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
  dpop_required boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by_kind text NOT NULL CHECK (created_by_kind IN ('API_KEY', 'USER', 'SERVICE', 'CLIENT')),
  created_by_id text NOT NULL,
  revoked_at timestamptz(3),
  CHECK ((kind = 'PUBLIC') = (secret_hash IS NULL)),
  CHECK ((kind = 'SERVICE') = (cardinality(redirect_uris) = 0))
);
CREATE INDEX oauth_client_newest ON oauth_client (tenant_id, created_at DESC, id DESC);
ALTER TABLE oauth_client ENABLE ROW LEVEL SECURITY;
CREATE POLICY oauth_client_of_tenant ON oauth_client USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE TABLE person_password (
  user_id uuid PRIMARY KEY REFERENCES tenant_user (id) ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  -- argon2id in PHC form: parameters and salt are within.
  hash text NOT NULL CHECK (hash LIKE '$argon2id$%'),
  changed_at timestamptz(3) NOT NULL DEFAULT now()
);
ALTER TABLE person_password ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_password_of_tenant ON person_password USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE TABLE person_invitation (
  -- SHA-256 of the link's token, which has 256 random bits.
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES tenant_user (id) ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3)
);
CREATE INDEX person_invitation_of_user ON person_invitation (user_id);
CREATE INDEX person_invitation_by_end ON person_invitation (expires_at);
ALTER TABLE person_invitation ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_invitation_of_tenant ON person_invitation USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE TABLE trusted_issuer (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  issuer text NOT NULL CHECK (char_length(issuer) BETWEEN 8 AND 500),
  -- Name of the claim whose values are looked up in role_map, for example "groups".
  role_claim text NOT NULL CHECK (char_length(role_claim) BETWEEN 1 AND 200),
  -- Claim value to role: {"analysts": "ANALYST"}.
  role_map jsonb NOT NULL CHECK (jsonb_typeof(role_map) = 'object'),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by_kind text NOT NULL CHECK (created_by_kind IN ('API_KEY', 'USER', 'SERVICE', 'CLIENT')),
  created_by_id text NOT NULL,
  UNIQUE (tenant_id, issuer)
);
ALTER TABLE trusted_issuer ENABLE ROW LEVEL SECURITY;
CREATE POLICY trusted_issuer_of_tenant ON trusted_issuer USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- The authorization server's state: codes, refresh tokens, grants, sessions, interactions, replay marks.
CREATE TABLE oauth_state (
  model text NOT NULL CHECK (char_length(model) BETWEEN 1 AND 40),
  -- SHA-256 of the id, which often is the token itself.
  id_hash bytea NOT NULL CHECK (octet_length(id_hash) = 32),
  -- The tenant of the client the state belongs to; null where it belongs to none yet.
  tenant_id uuid REFERENCES tenant (id) ON DELETE CASCADE,
  client_id text REFERENCES oauth_client (id) ON DELETE CASCADE,
  grant_hash bytea CHECK (octet_length(grant_hash) = 32),
  uid_hash bytea CHECK (octet_length(uid_hash) = 32),
  payload text NOT NULL CHECK (octet_length(payload) <= 65536),
  consumed_at timestamptz(3),
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (model, id_hash)
);
CREATE INDEX oauth_state_by_grant ON oauth_state (grant_hash) WHERE grant_hash IS NOT NULL;
CREATE INDEX oauth_state_by_uid ON oauth_state (model, uid_hash) WHERE uid_hash IS NOT NULL;
CREATE INDEX oauth_state_by_end ON oauth_state (expires_at);
ALTER TABLE oauth_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY oauth_state_of_tenant ON oauth_state USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- Access tokens that were ended before their time: one by one, or all of a grant.
CREATE TABLE oauth_denied (
  kind text NOT NULL CHECK (kind IN ('TOKEN', 'GRANT')),
  id_hash bytea NOT NULL CHECK (octet_length(id_hash) = 32),
  tenant_id uuid REFERENCES tenant (id) ON DELETE CASCADE,
  denied_until timestamptz(3) NOT NULL,
  PRIMARY KEY (kind, id_hash)
);
CREATE INDEX oauth_denied_by_end ON oauth_denied (denied_until);
ALTER TABLE oauth_denied ENABLE ROW LEVEL SECURITY;
CREATE POLICY oauth_denied_of_tenant ON oauth_denied USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- Keys of the installation that sign tokens; a private part is a JWE under the key ring.
CREATE TABLE signing_key (
  kid text PRIMARY KEY CHECK (kid ~ '^[A-Za-z0-9_-]{16,64}$'),
  algorithm text NOT NULL CHECK (algorithm IN ('ES256')),
  public_key jsonb NOT NULL,
  private_key text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  signs_from timestamptz(3) NOT NULL,
  published_until timestamptz(3) NOT NULL
);

-- Attempts to sign in, by a keyed hash of what is throttled (a person's address in a tenant, a network address).
CREATE TABLE sign_in_attempt (
  key_hash bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
  attempts integer NOT NULL,
  window_ends_at timestamptz(3) NOT NULL
);
CREATE INDEX sign_in_attempt_by_end ON sign_in_attempt (window_ends_at);

-- findOAuthClientAcrossTenants: a working client by the id it presents, with what is needed to prove it; at most one row.
CREATE FUNCTION find_oauth_client_across_tenants(client_id text)
RETURNS TABLE (id text, tenant_id uuid, tenant_name text, name text, kind text, secret_hash bytea, redirect_uris text[], permissions text[], dpop_required boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.id, c.tenant_id, t.name, c.name, c.kind, c.secret_hash, c.redirect_uris, c.permissions, c.dpop_required
  FROM oauth_client c JOIN tenant t ON t.id = c.tenant_id
  WHERE c.id = client_id AND c.revoked_at IS NULL AND t.state = 'ACTIVE'
$$;

-- findTokenStandingAcrossTenants: what a verified token still amounts to; no row when its client, person, grant or itself was ended.
CREATE FUNCTION find_token_standing_across_tenants(of_client text, of_user uuid, token_hash bytea, of_grant bytea)
RETURNS TABLE (tenant_id uuid, client_permissions text[], user_roles text[]) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.tenant_id, c.permissions, u.roles
  FROM oauth_client c JOIN tenant t ON t.id = c.tenant_id LEFT JOIN tenant_user u ON u.id = of_user AND u.tenant_id = c.tenant_id
  WHERE c.id = of_client AND c.revoked_at IS NULL AND t.state = 'ACTIVE' AND (of_user IS NULL OR u.id IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM oauth_denied d WHERE d.kind = 'TOKEN' AND d.id_hash = token_hash)
    AND NOT EXISTS (SELECT 1 FROM oauth_denied d WHERE d.kind = 'GRANT' AND d.id_hash = of_grant)
$$;

-- findPasswordAcrossTenants: the kept password of a person, for the one tenant that is named.
CREATE FUNCTION find_password_across_tenants(of_tenant uuid, of_email text)
RETURNS TABLE (user_id uuid, hash text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT u.id, p.hash FROM tenant_user u JOIN person_password p ON p.user_id = u.id JOIN tenant t ON t.id = u.tenant_id
  WHERE u.tenant_id = of_tenant AND u.email = lower(of_email) AND t.state = 'ACTIVE'
$$;

-- setPersonPassword: sets the password of a person of the tenant in scope; the application writes hashes and can't read them back.
CREATE FUNCTION set_person_password(of_user uuid, new_hash text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO person_password (user_id, tenant_id, hash)
  SELECT u.id, u.tenant_id, new_hash FROM tenant_user u WHERE u.id = of_user AND u.tenant_id = current_tenant_id()
  ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = now()
$$;

-- findInvitationAcrossTenants: whom an unused, running invitation invites.
CREATE FUNCTION find_invitation_across_tenants(of_token bytea)
RETURNS TABLE (tenant_id uuid, tenant_name text, user_id uuid, email text, name text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.id, t.name, u.id, u.email, u.name
  FROM person_invitation i JOIN tenant t ON t.id = i.tenant_id JOIN tenant_user u ON u.id = i.user_id
  WHERE i.token_hash = of_token AND i.used_at IS NULL AND i.expires_at > now() AND t.state = 'ACTIVE'
$$;

-- saveOAuthStateAcrossTenants: writes one piece of state; its tenant is that of its client.
CREATE FUNCTION save_oauth_state_across_tenants(of_model text, of_id bytea, of_client text, of_grant bytea, of_uid bytea, new_payload text, ends_at timestamptz)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO oauth_state AS s (model, id_hash, tenant_id, client_id, grant_hash, uid_hash, payload, expires_at)
  VALUES (of_model, of_id, (SELECT c.tenant_id FROM oauth_client c WHERE c.id = of_client), of_client, of_grant, of_uid, new_payload, ends_at)
  ON CONFLICT (model, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at, tenant_id = excluded.tenant_id,
    client_id = excluded.client_id, grant_hash = excluded.grant_hash, uid_hash = excluded.uid_hash
$$;

-- addOAuthMarkAcrossTenants: writes a mark that must not be there yet; false when it is (a replay).
CREATE FUNCTION add_oauth_mark_across_tenants(of_model text, of_id bytea, new_payload text, ends_at timestamptz)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH added AS (
    INSERT INTO oauth_state AS s (model, id_hash, payload, expires_at) VALUES (of_model, of_id, new_payload, ends_at)
    ON CONFLICT (model, id_hash) DO UPDATE SET expires_at = excluded.expires_at WHERE s.expires_at <= now() RETURNING 1
  ) SELECT EXISTS (SELECT 1 FROM added)
$$;

-- findOAuthStateAcrossTenants, findOAuthStateByUidAcrossTenants: one piece of state that has not ended.
CREATE FUNCTION find_oauth_state_across_tenants(of_model text, of_id bytea)
RETURNS TABLE (payload text, consumed_at timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.payload, s.consumed_at FROM oauth_state s WHERE s.model = of_model AND s.id_hash = of_id AND s.expires_at > now()
$$;
CREATE FUNCTION find_oauth_state_by_uid_across_tenants(of_model text, of_uid bytea)
RETURNS TABLE (payload text, consumed_at timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.payload, s.consumed_at FROM oauth_state s WHERE s.model = of_model AND s.uid_hash = of_uid AND s.expires_at > now()
  ORDER BY s.expires_at DESC LIMIT 1
$$;

-- consumeOAuthStateAcrossTenants: marks as used; false when it was used before, so that of two at the same time one alone goes on.
CREATE FUNCTION consume_oauth_state_across_tenants(of_model text, of_id bytea) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH used AS (
    UPDATE oauth_state SET consumed_at = now() WHERE model = of_model AND id_hash = of_id AND consumed_at IS NULL RETURNING 1
  ) SELECT EXISTS (SELECT 1 FROM used)
$$;

-- dropOAuthStateAcrossTenants: forgets one piece of state.
CREATE FUNCTION drop_oauth_state_across_tenants(of_model text, of_id bytea) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  DELETE FROM oauth_state WHERE model = of_model AND id_hash = of_id
$$;

-- revokeOAuthGrantAcrossTenants: forgets every token of a grant and denies its access tokens until the last of them has ended.
CREATE FUNCTION revoke_oauth_grant_across_tenants(of_grant bytea, until timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH dropped AS (DELETE FROM oauth_state WHERE grant_hash = of_grant RETURNING tenant_id)
  INSERT INTO oauth_denied AS d (kind, id_hash, tenant_id, denied_until) SELECT 'GRANT', of_grant, (SELECT tenant_id FROM dropped LIMIT 1), until
  ON CONFLICT (kind, id_hash) DO UPDATE SET denied_until = greatest(d.denied_until, excluded.denied_until)
$$;

-- denyTokenAcrossTenants: ends one access token before its time.
CREATE FUNCTION deny_token_across_tenants(token_hash bytea, of_client text, until timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO oauth_denied (kind, id_hash, tenant_id, denied_until)
  VALUES ('TOKEN', token_hash, (SELECT c.tenant_id FROM oauth_client c WHERE c.id = of_client), until) ON CONFLICT (kind, id_hash) DO NOTHING
$$;

-- countSignInAttempt: counts one attempt in its window and answers how many there were; the window begins with the first.
CREATE FUNCTION count_sign_in_attempt(of_key bytea, window_length interval) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO sign_in_attempt AS a (key_hash, attempts, window_ends_at) VALUES (of_key, 1, now() + window_length)
  ON CONFLICT (key_hash) DO UPDATE SET
    attempts = CASE WHEN a.window_ends_at <= now() THEN 1 ELSE a.attempts + 1 END,
    window_ends_at = CASE WHEN a.window_ends_at <= now() THEN excluded.window_ends_at ELSE a.window_ends_at END
  RETURNING attempts
$$;

-- forgetSignInAttempts: a person who has signed in begins anew.
CREATE FUNCTION forget_sign_in_attempts(of_key bytea) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  DELETE FROM sign_in_attempt WHERE key_hash = of_key
$$;

-- purgeIdentityAcrossTenants: forgets what has ended, at most max_rows of each kind; answers how many rows went.
CREATE FUNCTION purge_identity_across_tenants(max_rows integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH state AS (DELETE FROM oauth_state WHERE ctid IN (SELECT ctid FROM oauth_state WHERE expires_at <= now() LIMIT max_rows) RETURNING 1),
  denied AS (DELETE FROM oauth_denied WHERE ctid IN (SELECT ctid FROM oauth_denied WHERE denied_until <= now() LIMIT max_rows) RETURNING 1),
  attempts AS (DELETE FROM sign_in_attempt WHERE ctid IN (SELECT ctid FROM sign_in_attempt WHERE window_ends_at <= now() LIMIT max_rows) RETURNING 1),
  invitations AS (DELETE FROM person_invitation WHERE ctid IN (SELECT ctid FROM person_invitation WHERE expires_at <= now() LIMIT max_rows) RETURNING 1),
  keys AS (DELETE FROM signing_key WHERE published_until <= now() RETURNING 1)
  SELECT ((SELECT count(*) FROM state) + (SELECT count(*) FROM denied) + (SELECT count(*) FROM attempts)
    + (SELECT count(*) FROM invitations) + (SELECT count(*) FROM keys))::integer
$$;

-- Hashes and state are written by the application and read by the functions above alone.
REVOKE ALL ON oauth_client, person_password, person_invitation, trusted_issuer, oauth_state, oauth_denied, signing_key, sign_in_attempt FROM tessera_app;
GRANT INSERT, UPDATE (revoked_at),
  SELECT (id, tenant_id, name, kind, redirect_uris, permissions, dpop_required, created_at, created_by_kind, created_by_id, revoked_at)
  ON oauth_client TO tessera_app;
GRANT SELECT (user_id, tenant_id, changed_at) ON person_password TO tessera_app;
GRANT SELECT, INSERT, UPDATE (used_at) ON person_invitation TO tessera_app;
GRANT SELECT, INSERT, DELETE ON trusted_issuer TO tessera_app;
GRANT SELECT, INSERT ON signing_key TO tessera_app;
REVOKE ALL ON FUNCTION find_oauth_client_across_tenants(text), find_token_standing_across_tenants(text, uuid, bytea, bytea),
  find_password_across_tenants(uuid, text), set_person_password(uuid, text), find_invitation_across_tenants(bytea),
  save_oauth_state_across_tenants(text, bytea, text, bytea, bytea, text, timestamptz), add_oauth_mark_across_tenants(text, bytea, text, timestamptz),
  find_oauth_state_across_tenants(text, bytea), find_oauth_state_by_uid_across_tenants(text, bytea), consume_oauth_state_across_tenants(text, bytea),
  drop_oauth_state_across_tenants(text, bytea), revoke_oauth_grant_across_tenants(bytea, timestamptz), deny_token_across_tenants(bytea, text, timestamptz),
  count_sign_in_attempt(bytea, interval), forget_sign_in_attempts(bytea), purge_identity_across_tenants(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_oauth_client_across_tenants(text), find_token_standing_across_tenants(text, uuid, bytea, bytea),
  find_password_across_tenants(uuid, text), set_person_password(uuid, text), find_invitation_across_tenants(bytea),
  save_oauth_state_across_tenants(text, bytea, text, bytea, bytea, text, timestamptz), add_oauth_mark_across_tenants(text, bytea, text, timestamptz),
  find_oauth_state_across_tenants(text, bytea), find_oauth_state_by_uid_across_tenants(text, bytea), consume_oauth_state_across_tenants(text, bytea),
  drop_oauth_state_across_tenants(text, bytea), revoke_oauth_grant_across_tenants(bytea, timestamptz), deny_token_across_tenants(bytea, text, timestamptz),
  count_sign_in_attempt(bytea, interval), forget_sign_in_attempts(bytea), purge_identity_across_tenants(integer) TO tessera_app;
