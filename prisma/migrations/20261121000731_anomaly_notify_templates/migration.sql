-- Words of a whole tenant: what every channel of a kind says that has no words of its own.

CREATE TABLE notify_template (
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('EMAIL', 'SLACK', 'TEAMS', 'PAGERDUTY', 'OPSGENIE', 'SMS', 'WEBHOOK', 'IN_APP')),
  -- Null: the built-in words.
  title text CHECK (char_length(title) <= 4000),
  body text CHECK (char_length(body) <= 4000),
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, kind),
  CHECK (title IS NOT NULL OR body IS NOT NULL)
);

ALTER TABLE notify_template ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_template_of_tenant ON notify_template USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON notify_template FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notify_template TO tessera_app;
