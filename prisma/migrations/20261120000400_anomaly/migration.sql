-- The anomaly room's tables: rules, and the anomalies they raised.

CREATE TABLE anomaly_rule (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  description text CHECK (char_length(description) <= 2000),
  -- The metric's definition, in the shape of RuleMetric.
  metric jsonb NOT NULL,
  direction text NOT NULL CHECK (direction IN ('ABOVE', 'BELOW')),
  threshold double precision NOT NULL,
  minimum_samples integer NOT NULL CHECK (minimum_samples >= 0),
  evaluation_interval_seconds integer NOT NULL CHECK (evaluation_interval_seconds BETWEEN 10 AND 86400),
  enabled boolean NOT NULL,
  version integer NOT NULL DEFAULT 1,
  next_evaluation_at timestamptz(3) NOT NULL,
  -- Who evaluates the rule at the moment, and until when nobody else may; a settlement must present the token.
  lease_token uuid,
  leased_until timestamptz(3),
  last_evaluation jsonb,
  last_failure text,
  -- Since when the metric has been on the wrong side without returning: one such time is one breach, and raises one anomaly.
  breached_since timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX anomaly_rule_name ON anomaly_rule (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX anomaly_rule_due ON anomaly_rule (next_evaluation_at) WHERE enabled AND deleted_at IS NULL;

CREATE TABLE anomaly (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rule_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('OPEN', 'ACKNOWLEDGED', 'RESOLVED')),
  evidence jsonb NOT NULL,
  raised_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  last_value double precision NOT NULL,
  times_seen integer NOT NULL DEFAULT 1,
  acknowledgement jsonb,
  resolution jsonb,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES anomaly_rule (tenant_id, id),
  CHECK ((state = 'RESOLVED') = (resolution IS NOT NULL)),
  CHECK (state <> 'OPEN' OR acknowledgement IS NULL),
  CHECK (state <> 'ACKNOWLEDGED' OR acknowledgement IS NOT NULL)
);
-- However many evaluators run, a rule has at most one anomaly that is not resolved.
CREATE UNIQUE INDEX anomaly_one_open_per_rule ON anomaly (tenant_id, rule_id) WHERE state <> 'RESOLVED';
CREATE INDEX anomaly_by_rule ON anomaly (tenant_id, rule_id, id);
CREATE INDEX anomaly_by_state ON anomaly (tenant_id, state, id);

ALTER TABLE anomaly_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_rule_of_tenant ON anomaly_rule USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE anomaly ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_of_tenant ON anomaly USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- claimDueRulesAcrossTenants: takes up to max_rules rules whose turn has come and that nobody holds, one of each tenant before the second of
-- any, and leases them until lease_until. Rows that another worker is claiming at the same time are skipped, not waited for.
CREATE FUNCTION claim_due_anomaly_rules_across_tenants(present timestamptz, lease_until timestamptz, max_rules integer)
RETURNS TABLE (tenant_id uuid, id uuid, lease_token uuid) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH ranked AS (
    SELECT r.tenant_id, r.id, r.next_evaluation_at, row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.next_evaluation_at, r.id) AS turn
    FROM anomaly_rule r
    WHERE r.enabled AND r.deleted_at IS NULL AND r.next_evaluation_at <= present AND (r.leased_until IS NULL OR r.leased_until <= present)
  ), claimed AS (
    SELECT r.tenant_id, r.id FROM anomaly_rule r JOIN ranked USING (tenant_id, id)
    WHERE r.enabled AND r.deleted_at IS NULL AND r.next_evaluation_at <= present AND (r.leased_until IS NULL OR r.leased_until <= present)
    ORDER BY ranked.turn, ranked.next_evaluation_at, r.id LIMIT max_rules FOR UPDATE OF r SKIP LOCKED
  )
  UPDATE anomaly_rule r SET lease_token = gen_random_uuid(), leased_until = lease_until
  FROM claimed c WHERE r.tenant_id = c.tenant_id AND r.id = c.id
  RETURNING r.tenant_id, r.id, r.lease_token
$$;

REVOKE ALL ON anomaly_rule, anomaly FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON anomaly_rule, anomaly TO tessera_app;
