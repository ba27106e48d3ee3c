-- Why people are not told of alerts (silences and inhibitions), and who is on call: schedules, and who stands in.

CREATE TABLE anomaly_silence (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('SUPPRESSED', 'MAINTENANCE')),
  -- What is asked of an alert's labels; all must hold.
  matchers jsonb NOT NULL CHECK (jsonb_array_length(matchers) BETWEEN 1 AND 20),
  -- {kind: ONCE, fromMs, untilMs} or {kind: RECURRING, cron, timeZone, durationMs, fromMs, untilMs}.
  silent jsonb NOT NULL,
  comment text NOT NULL CHECK (char_length(comment) BETWEEN 1 AND 2000),
  created_by jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  -- When it can no longer be in force; null: it recurs without an end.
  over_at timestamptz(3),
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX anomaly_silence_in_force ON anomaly_silence (tenant_id, over_at) WHERE ended_at IS NULL;

CREATE TABLE anomaly_inhibition (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  source jsonb NOT NULL,
  target jsonb NOT NULL,
  equal text[] NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE on_call_schedule (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  -- Zone and layers, as their author gave them.
  definition jsonb NOT NULL CHECK (octet_length(definition::text) <= 262144),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE on_call_override (
  tenant_id uuid NOT NULL,
  -- Ascends in the order they were put down: of two, the later stands in.
  id uuid NOT NULL,
  schedule_id uuid NOT NULL,
  person_id uuid NOT NULL,
  from_at timestamptz(3) NOT NULL,
  until_at timestamptz(3) NOT NULL CHECK (until_at > from_at),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, schedule_id) REFERENCES on_call_schedule (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX on_call_override_of_schedule ON on_call_override (tenant_id, schedule_id, until_at);

ALTER TABLE anomaly_silence ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_silence_of_tenant ON anomaly_silence USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE anomaly_inhibition ENABLE ROW LEVEL SECURITY;
CREATE POLICY anomaly_inhibition_of_tenant ON anomaly_inhibition USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE on_call_schedule ENABLE ROW LEVEL SECURITY;
CREATE POLICY on_call_schedule_of_tenant ON on_call_schedule USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE on_call_override ENABLE ROW LEVEL SECURITY;
CREATE POLICY on_call_override_of_tenant ON on_call_override USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON anomaly_silence, anomaly_inhibition, on_call_schedule, on_call_override FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON anomaly_silence, anomaly_inhibition, on_call_schedule, on_call_override TO tessera_app;
