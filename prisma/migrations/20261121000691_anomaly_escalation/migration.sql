-- Whom the steps of an escalation tell: policies, how people are reached, and pages, each of which tells somebody of one step of an alert; deliveries to one person.

CREATE TABLE escalation_policy (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  -- Labels it is for, rank and steps, as their author gave them.
  definition jsonb NOT NULL CHECK (octet_length(definition::text) <= 262144),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE notification_contact (
  tenant_id uuid NOT NULL,
  person_id uuid NOT NULL,
  -- [{channelId, address, afterMs}] in the order they are told.
  contacts jsonb NOT NULL CHECK (jsonb_array_length(contacts) BETWEEN 1 AND 10),
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, person_id)
);

CREATE TABLE escalation_page (
  tenant_id uuid NOT NULL,
  -- Made of the transition and whom it tells: whatever comes again makes no second one.
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  transition_id uuid NOT NULL,
  anomaly_id uuid NOT NULL,
  policy text NOT NULL,
  step integer,
  -- SCHEDULE, PERSON and CHANNEL as the policy names them; CONTACT: a further way to reach a person; TOLD: whoever was told before, that it is over or looked at.
  target_kind text NOT NULL CHECK (target_kind IN ('SCHEDULE', 'PERSON', 'CHANNEL', 'CONTACT', 'TOLD')),
  target_id text NOT NULL,
  -- Of a CONTACT, {channelId, address}.
  contact jsonb,
  alert json NOT NULL,
  due_at timestamptz(3) NOT NULL,
  -- Who was on call, once that was asked.
  person_id uuid,
  outcome text CHECK (outcome IN ('TOLD', 'NOBODY_ON_CALL', 'NO_CONTACT', 'NO_CHANNEL', 'NOT_NEEDED')),
  finished_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  CHECK ((outcome IS NULL) = (finished_at IS NULL)),
  FOREIGN KEY (tenant_id, anomaly_id) REFERENCES anomaly (tenant_id, id)
);
CREATE INDEX escalation_page_due ON escalation_page (due_at) WHERE finished_at IS NULL;
CREATE INDEX escalation_page_of_anomaly ON escalation_page (tenant_id, anomaly_id, seq);
CREATE INDEX escalation_page_over ON escalation_page (tenant_id, finished_at) WHERE finished_at IS NOT NULL;

-- A delivery to one person: {personId, address}; null is to whomever the channel names.
ALTER TABLE notify_delivery ADD COLUMN recipient jsonb;
-- Whom a notice is for, KIND:id and address; empty is whomever the channel names. Each of them has a step once by each channel.
ALTER TABLE notify_notice ADD COLUMN recipient text NOT NULL DEFAULT '';
ALTER TABLE notify_notice DROP CONSTRAINT notify_notice_pkey, ADD PRIMARY KEY (tenant_id, transition_id, channel_id, recipient);

ALTER TABLE escalation_policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY escalation_policy_of_tenant ON escalation_policy USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notification_contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY notification_contact_of_tenant ON notification_contact USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE escalation_page ENABLE ROW LEVEL SECURITY;
CREATE POLICY escalation_page_of_tenant ON escalation_page USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON escalation_policy, notification_contact, escalation_page FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON escalation_policy, notification_contact, escalation_page TO tessera_app;

-- tenantsWithDuePagesAcrossTenants: tenants that have a page which is due, those that wait longest first.
CREATE FUNCTION tenants_with_due_pages_across_tenants(present timestamptz, max_tenants integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT p.tenant_id FROM escalation_page p WHERE p.finished_at IS NULL AND p.due_at <= present GROUP BY p.tenant_id ORDER BY min(p.due_at) LIMIT max_tenants
$$;
REVOKE ALL ON FUNCTION tenants_with_due_pages_across_tenants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_due_pages_across_tenants(timestamptz, integer) TO tessera_app;
