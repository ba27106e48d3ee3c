-- Abuse: what is known of sources, what was noticed, and who is held back for it. Rows of the nil UUID concern the installation and no tenant: guessed
-- keys, and the addresses they come from. Row-level security keeps them apart like any tenant's.

-- One row per source: what the detector goes by. Bounded by the detector; the least recently seen sources of a tenant are forgotten first.
CREATE TABLE abuse_source (
  tenant_id uuid NOT NULL,
  source_kind text NOT NULL CHECK (source_kind IN ('API_KEY', 'USER', 'CLIENT', 'ADDRESS', 'NETWORK')),
  source_id text NOT NULL CHECK (char_length(source_id) BETWEEN 1 AND 200),
  state jsonb NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, source_kind, source_id)
);
CREATE INDEX abuse_source_by_age ON abuse_source (tenant_id, seen_at);

-- How far a consumer has come in a tenant's log, in the transaction of its effects: an entry that comes again is known.
CREATE TABLE abuse_place (
  tenant_id uuid NOT NULL,
  consumer text NOT NULL,
  transaction_id xid8 NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (tenant_id, consumer)
);

CREATE TABLE security_event (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('CREDENTIAL_STUFFING', 'KEY_SCANNING', 'SCRAPING', 'COST_SPIKE')),
  source_kind text NOT NULL,
  source_id text NOT NULL,
  window_from timestamptz(3) NOT NULL,
  window_to timestamptz(3) NOT NULL,
  measured double precision NOT NULL,
  bound double precision NOT NULL,
  usual double precision NOT NULL,
  created_at timestamptz(3) NOT NULL,
  -- One event per kind, source and window, whatever comes again.
  UNIQUE (tenant_id, kind, source_kind, source_id, window_from)
);
CREATE INDEX security_event_newest ON security_event (tenant_id, created_at DESC, id DESC);

CREATE TABLE throttle (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  security_event_id uuid NOT NULL REFERENCES security_event (id) ON DELETE CASCADE,
  kind text NOT NULL,
  source_kind text NOT NULL,
  source_id text NOT NULL,
  level text NOT NULL CHECK (level IN ('REDUCED', 'BLOCKED')),
  percent integer NOT NULL CHECK (percent BETWEEN 0 AND 99),
  strikes integer NOT NULL CHECK (strikes > 0),
  starts_at timestamptz(3) NOT NULL,
  until timestamptz(3) NOT NULL CHECK (until > starts_at),
  lifted_at timestamptz(3),
  lifted_by_kind text,
  lifted_by_id text,
  lift_reason text CHECK (char_length(lift_reason) BETWEEN 1 AND 500),
  CHECK ((lifted_at IS NULL) = (lifted_by_id IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX throttle_of_source ON throttle (tenant_id, source_kind, source_id, starts_at DESC);
CREATE INDEX throttle_newest ON throttle (tenant_id, starts_at DESC, id DESC);
CREATE INDEX throttle_event ON throttle (security_event_id);

ALTER TABLE abuse_source ENABLE ROW LEVEL SECURITY;
ALTER TABLE abuse_place ENABLE ROW LEVEL SECURITY;
ALTER TABLE security_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE throttle ENABLE ROW LEVEL SECURITY;
CREATE POLICY abuse_source_of_tenant ON abuse_source USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY abuse_place_of_tenant ON abuse_place USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY security_event_of_tenant ON security_event USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY throttle_of_tenant ON throttle USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

REVOKE ALL ON abuse_source, abuse_place, security_event, throttle FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON abuse_source TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON abuse_place TO tessera_app;
GRANT SELECT, INSERT ON security_event TO tessera_app;
GRANT SELECT, INSERT, UPDATE (lifted_at, lifted_by_kind, lifted_by_id, lift_reason) ON throttle TO tessera_app;
