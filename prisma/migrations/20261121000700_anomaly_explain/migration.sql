-- What anomalies are explained by: the judged buckets around their episodes, and changes that people and programs tell of (deploys, flags, experiments, campaigns).

CREATE TABLE anomaly_bucket (
  tenant_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  fingerprint text NOT NULL,
  at timestamptz(3) NOT NULL,
  until timestamptz(3) NOT NULL CHECK (until > at),
  value double precision,
  expected double precision,
  low double precision,
  high double precision,
  score double precision NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('ANOMALOUS', 'NORMAL', 'LEARNING', 'NO_DATA')),
  PRIMARY KEY (tenant_id, rule_id, fingerprint, at),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES anomaly_rule (tenant_id, id)
);

CREATE INDEX anomaly_by_raised ON anomaly (tenant_id, raised_at);

CREATE TABLE recorded_change (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  -- Whoever records names it, so that recording it again is no second change.
  key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
  kind text NOT NULL CHECK (kind IN ('DEPLOY', 'FLAG', 'EXPERIMENT', 'CAMPAIGN', 'CONFIGURATION', 'OTHER')),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 300),
  at timestamptz(3) NOT NULL,
  -- When what it began is over; null: it lasts, or was over at once.
  until timestamptz(3) CHECK (until > at),
  labels jsonb NOT NULL CHECK (octet_length(labels::text) <= 16384),
  link text CHECK (char_length(link) <= 2000),
  recorded_by jsonb NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key)
);
CREATE INDEX recorded_change_by_time ON recorded_change (tenant_id, at DESC, id DESC);
CREATE INDEX recorded_change_by_end ON recorded_change (tenant_id, until DESC) WHERE until IS NOT NULL;

ALTER TABLE anomaly_bucket ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_bucket_of_tenant ON anomaly_bucket USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE recorded_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY recorded_change_of_tenant ON recorded_change USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON anomaly_bucket, recorded_change FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON anomaly_bucket TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recorded_change TO tessera_app;
