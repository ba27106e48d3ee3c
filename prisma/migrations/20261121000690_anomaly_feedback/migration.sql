-- What people say of anomalies, and that the causes of known issues are done; nothing here is ever changed.

CREATE TABLE anomaly_feedback (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  -- The order in which it was said; of one person's verdicts on an anomaly the last counts.
  seq bigint GENERATED ALWAYS AS IDENTITY,
  anomaly_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('TRUE', 'FALSE', 'EXPECTED', 'KNOWN_ISSUE', 'WITHDRAWN')),
  -- What a known issue comes of, and until when it is known.
  cause text CHECK (char_length(cause) BETWEEN 1 AND 200),
  expires_at timestamptz(3),
  note text CHECK (char_length(note) BETWEEN 1 AND 2000),
  -- {kind: ONCE, fromMs, untilMs} or {kind: DAILY | WEEKLY, timeZone, fromHour, hours, untilMs}.
  expected jsonb,
  -- What was known of the anomaly then: series, span, side, score, severity, and digest of what it was judged by.
  seen jsonb NOT NULL,
  given_by jsonb NOT NULL,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((verdict = 'KNOWN_ISSUE') = (cause IS NOT NULL)),
  CHECK ((verdict = 'KNOWN_ISSUE') = (expires_at IS NOT NULL)),
  CHECK ((verdict = 'EXPECTED') = (expected IS NOT NULL)),
  FOREIGN KEY (tenant_id, anomaly_id) REFERENCES anomaly (tenant_id, id),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES anomaly_rule (tenant_id, id)
);
CREATE INDEX anomaly_feedback_of_anomaly ON anomaly_feedback (tenant_id, anomaly_id, seq);
CREATE INDEX anomaly_feedback_of_rule ON anomaly_feedback (tenant_id, rule_id, seq);
CREATE INDEX anomaly_feedback_of_cause ON anomaly_feedback (tenant_id, cause) WHERE cause IS NOT NULL;

CREATE TABLE anomaly_cause_done (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  -- All known issues of this cause that were said before are over.
  cause text NOT NULL CHECK (char_length(cause) BETWEEN 1 AND 200),
  note text CHECK (char_length(note) BETWEEN 1 AND 2000),
  done_by jsonb NOT NULL,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX anomaly_cause_done_by_cause ON anomaly_cause_done (tenant_id, cause, at);

ALTER TABLE anomaly_feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_feedback_of_tenant ON anomaly_feedback USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE anomaly_cause_done ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_cause_done_of_tenant ON anomaly_cause_done USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON anomaly_feedback, anomaly_cause_done FROM tessera_app;
GRANT SELECT, INSERT ON anomaly_feedback, anomaly_cause_done TO tessera_app;
