-- Rules watch any question in series: what a rule watches, by which detector, when people are told; its series, each with the state of its detector and its alert; every
-- step of an alert; and anomalies, one for each episode of a series.

ALTER TABLE anomaly_rule
  -- What is watched: {kind: METRIC, metric} or {kind: QUESTION, ...}.
  ADD COLUMN watch jsonb,
  ADD COLUMN detector jsonb,
  -- The alert policy, in the form its author gives.
  ADD COLUMN alerting jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN labels jsonb NOT NULL DEFAULT '{}',
  -- As whom a question is asked (KIND:id), and what they were permitted when they last changed the rule; null for metrics, which are of the whole tenant.
  ADD COLUMN author text,
  ADD COLUMN author_permissions text[] NOT NULL DEFAULT '{}',
  -- End of the last bucket that was judged; buckets that end no later than the second are only learnt.
  ADD COLUMN judged_until timestamptz(3),
  ADD COLUMN warm_until timestamptz(3),
  -- Series the last answer had, kept or not.
  ADD COLUMN series_seen integer NOT NULL DEFAULT 0,
  ADD COLUMN failure_code text;
UPDATE anomaly_rule SET
  watch = jsonb_build_object('kind', 'METRIC', 'metric', metric),
  detector = CASE direction
    WHEN 'ABOVE' THEN jsonb_build_object('kind', 'STATIC', 'side', 'ABOVE', 'high', threshold, 'minimumSamples', minimum_samples)
    ELSE jsonb_build_object('kind', 'STATIC', 'side', 'BELOW', 'low', threshold, 'minimumSamples', minimum_samples)
  END,
  last_evaluation = NULL;
ALTER TABLE anomaly_rule
  ALTER COLUMN watch SET NOT NULL,
  ALTER COLUMN detector SET NOT NULL,
  ADD CHECK (watch->>'kind' IN ('METRIC', 'QUESTION')),
  ADD CHECK (watch->>'kind' = 'METRIC' OR author IS NOT NULL),
  ADD CHECK (octet_length(watch::text) <= 65536),
  DROP COLUMN metric,
  DROP COLUMN direction,
  DROP COLUMN threshold,
  DROP COLUMN minimum_samples;

CREATE TABLE anomaly_series (
  tenant_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  -- Hash of the rule's id and the group: equal for equal rule and group alone.
  fingerprint text NOT NULL,
  series_group jsonb NOT NULL,
  -- What the detector has learnt, and where the alert stands; both of a bounded size.
  detector jsonb,
  alert jsonb NOT NULL,
  -- The last judged buckets with their bands, oldest first.
  recent jsonb NOT NULL DEFAULT '[]',
  -- The anomaly of its last episode.
  anomaly_id uuid,
  -- When the series last had events.
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, rule_id, fingerprint),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES anomaly_rule (tenant_id, id)
);

ALTER TABLE anomaly
  ADD COLUMN fingerprint text NOT NULL DEFAULT '',
  ADD COLUMN series_group jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN severity text NOT NULL DEFAULT 'WARNING' CHECK (severity IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL'));
UPDATE anomaly SET
  fingerprint = encode(sha256(convert_to(rule_id::text || '[]', 'UTF8')), 'hex'),
  evidence = jsonb_build_object(
    'value', evidence->'value', 'samples', evidence->'samples', 'score', 1, 'expected', NULL,
    'low', CASE evidence->>'direction' WHEN 'BELOW' THEN evidence->'threshold' ELSE 'null'::jsonb END,
    'high', CASE evidence->>'direction' WHEN 'ABOVE' THEN evidence->'threshold' ELSE 'null'::jsonb END,
    'side', evidence->'direction', 'because', 'a value beyond its bound', 'weighed', '[]'::jsonb, 'window', evidence->'window');
DROP INDEX anomaly_one_open_per_rule;
ALTER TABLE anomaly DROP CONSTRAINT anomaly_state_check, DROP CONSTRAINT anomaly_check1, DROP CONSTRAINT anomaly_check2;
UPDATE anomaly SET state = 'FIRING' WHERE state = 'OPEN';
ALTER TABLE anomaly
  ALTER COLUMN fingerprint DROP DEFAULT,
  ALTER COLUMN last_value DROP NOT NULL,
  ADD CHECK (state IN ('FIRING', 'ACKNOWLEDGED', 'RESOLVING', 'RESOLVED')),
  ADD CHECK (state <> 'ACKNOWLEDGED' OR acknowledgement IS NOT NULL);
-- However many evaluators run, a series has at most one anomaly that is not resolved.
CREATE UNIQUE INDEX anomaly_one_open_per_series ON anomaly (tenant_id, rule_id, fingerprint) WHERE state <> 'RESOLVED';
CREATE INDEX anomaly_by_severity ON anomaly (tenant_id, severity, id) WHERE state <> 'RESOLVED';

-- The alerts of anomalies that were open: they stand where they stood.
INSERT INTO anomaly_series (tenant_id, rule_id, fingerprint, series_group, alert, anomaly_id, seen_at)
SELECT tenant_id, rule_id, fingerprint, '[]', jsonb_build_object(
    'state', state, 'sinceMs', extract(epoch FROM raised_at) * 1000, 'lastUntilMs', extract(epoch FROM last_seen_at) * 1000, 'recent', '', 'emptyRun', 0, 'cause', 'BREACH',
    'severity', 'WARNING', 'episode', 1, 'episodeSinceMs', extract(epoch FROM raised_at) * 1000, 'lastBreachMs', extract(epoch FROM last_seen_at) * 1000,
    'acknowledged', state = 'ACKNOWLEDGED', 'awaitsReturn', false, 'snoozedUntilMs', NULL, 'silences', '[]'::jsonb, 'changesMs', '[]'::jsonb, 'flapping', false,
    'believed', jsonb_build_object('episode', 1, 'severity', 'WARNING'), 'notices', NULL),
  id, last_seen_at
FROM anomaly WHERE state <> 'RESOLVED';

-- Every step of an alert, with its reason; nothing here is ever changed.
CREATE TABLE anomaly_transition (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rule_id uuid NOT NULL,
  fingerprint text NOT NULL,
  anomaly_id uuid,
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text NOT NULL,
  severity text NOT NULL,
  notify boolean NOT NULL,
  silence text,
  escalation_step integer,
  at timestamptz(3) NOT NULL,
  -- Who led to it, and what they said; null where a bucket or the clock did.
  actor jsonb,
  note text,
  -- What the detector said of the bucket that led to it.
  finding jsonb,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES anomaly_rule (tenant_id, id)
);
CREATE INDEX anomaly_transition_by_anomaly ON anomaly_transition (tenant_id, anomaly_id, id);
CREATE INDEX anomaly_transition_by_series ON anomaly_transition (tenant_id, rule_id, fingerprint, id);

ALTER TABLE anomaly_series ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_series_of_tenant ON anomaly_series USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE anomaly_transition ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_transition_of_tenant ON anomaly_transition USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

REVOKE ALL ON anomaly_series, anomaly_transition FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON anomaly_series TO tessera_app;
GRANT SELECT, INSERT ON anomaly_transition TO tessera_app;
