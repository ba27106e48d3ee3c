-- Public keys with which credentials of a tenant sign their requests (RFC 9421), and the nonces those requests have used up.

CREATE TABLE request_key (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  -- What `keyid` of a signature names: the thumbprint of the key (RFC 7638) is not unique across credentials, so a name of our own.
  id uuid PRIMARY KEY,
  credential_kind text NOT NULL CHECK (credential_kind IN ('API_KEY', 'CLIENT')),
  credential_id text NOT NULL CHECK (char_length(credential_id) BETWEEN 1 AND 128),
  -- The public key (RFC 7517); checked before it is stored.
  jwk jsonb NOT NULL CHECK (pg_column_size(jwk) <= 4096),
  required boolean NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX request_key_of_credential ON request_key (tenant_id, credential_kind, credential_id);
ALTER TABLE request_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY request_key_of_tenant ON request_key USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

CREATE TABLE request_nonce (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  key_id uuid NOT NULL,
  -- SHA-256 of the nonce; it may be anything the client likes.
  nonce_hash bytea NOT NULL CHECK (octet_length(nonce_hash) = 32),
  -- When a signature with this nonce would be refused for its age alone.
  usable_until timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, key_id, nonce_hash)
);
CREATE INDEX request_nonce_ended ON request_nonce (tenant_id, usable_until);
ALTER TABLE request_nonce ENABLE ROW LEVEL SECURITY;
CREATE POLICY request_nonce_of_tenant ON request_nonce USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

REVOKE ALL ON request_key, request_nonce FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON request_key, request_nonce TO tessera_app;
