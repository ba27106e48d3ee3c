-- Channels: by what people are told of alerts, the routes to them, what is to be told (notices), the messages it is told in (deliveries), and inboxes.
-- A notice is made once for each transition and channel; it belongs to one delivery at a time. A delivery gathers notices until it is begun, and its id is
-- what receivers tell repetitions by.

CREATE TABLE notify_channel (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('EMAIL', 'SLACK', 'TEAMS', 'PAGERDUTY', 'OPSGENIE', 'SMS', 'WEBHOOK', 'IN_APP')),
  -- Without the secret, which is sealed by the key ring.
  settings jsonb NOT NULL,
  sealed_secret text,
  secret_hint text,
  templates jsonb NOT NULL,
  quiet_hours jsonb,
  digest jsonb,
  rate_messages integer NOT NULL CHECK (rate_messages BETWEEN 1 AND 1000),
  rate_window_seconds integer NOT NULL CHECK (rate_window_seconds BETWEEN 10 AND 86400),
  state text NOT NULL CHECK (state IN ('ACTIVE', 'PAUSED', 'DISABLED')),
  disabled_because text CHECK ((state = 'DISABLED') = (disabled_because IS NOT NULL)),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  -- What was deleted stays for the log of deliveries, without its secret.
  deleted_at timestamptz(3) CHECK (deleted_at IS NULL OR sealed_secret IS NULL),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX notify_channel_name ON notify_channel (tenant_id, name) WHERE deleted_at IS NULL;

CREATE TABLE notify_routes (
  tenant_id uuid PRIMARY KEY,
  version integer NOT NULL,
  root jsonb NOT NULL,
  changed_at timestamptz(3) NOT NULL
);

CREATE TABLE notify_delivery (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  channel_id uuid NOT NULL,
  -- Notices of one bundle go into one delivery while it gathers.
  bundle text NOT NULL,
  wait text NOT NULL CHECK (wait IN ('NOW', 'GROUP', 'QUIET_HOURS', 'DIGEST', 'RATE_CAP')),
  -- GATHERING: not begun yet. SENDING: begun. RETRYING: to be tried again. SENT, FAILED, DROPPED (its channel was deleted): over.
  state text NOT NULL DEFAULT 'GATHERING' CHECK (state IN ('GATHERING', 'SENDING', 'RETRYING', 'SENT', 'FAILED', 'DROPPED')),
  -- When it is begun, or tried next.
  due_at timestamptz(3) NOT NULL,
  -- Who sends it, and until when nobody else may; a settlement must present the token.
  lease_token uuid,
  leased_until timestamptz(3),
  attempts integer NOT NULL DEFAULT 0,
  -- What was tried, the newest last: bounded by the number of tries.
  log jsonb NOT NULL DEFAULT '[]',
  -- Recipients of a message that is sent to each by itself who have it.
  done text[] NOT NULL DEFAULT '{}',
  response_code integer,
  response text,
  created_at timestamptz(3) NOT NULL,
  begun_at timestamptz(3),
  finished_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_channel (tenant_id, id)
);
CREATE UNIQUE INDEX notify_delivery_gathering ON notify_delivery (tenant_id, channel_id, bundle) WHERE state = 'GATHERING';
CREATE INDEX notify_delivery_due ON notify_delivery (due_at) WHERE state IN ('GATHERING', 'SENDING', 'RETRYING');
CREATE INDEX notify_delivery_begun ON notify_delivery (tenant_id, channel_id, begun_at DESC) WHERE begun_at IS NOT NULL;
CREATE INDEX notify_delivery_of_bundle ON notify_delivery (tenant_id, channel_id, bundle, begun_at DESC) WHERE begun_at IS NOT NULL;

CREATE TABLE notify_notice (
  tenant_id uuid NOT NULL,
  transition_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  -- The order in which transitions were told; within a lane (a series) nothing overtakes.
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  lane text NOT NULL,
  delivery_id uuid NOT NULL,
  -- False once its delivery is over.
  open boolean NOT NULL DEFAULT true,
  rule_id uuid NOT NULL,
  anomaly_id uuid,
  route text NOT NULL,
  alert json NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, transition_id, channel_id),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES notify_delivery (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX notify_notice_of_delivery ON notify_notice (tenant_id, delivery_id, sequence);
CREATE INDEX notify_notice_lane ON notify_notice (tenant_id, channel_id, lane, sequence) WHERE open;
CREATE INDEX notify_notice_of_anomaly ON notify_notice (tenant_id, anomaly_id) WHERE anomaly_id IS NOT NULL;

-- Where a conversation about an anomaly goes on.
CREATE TABLE notify_thread (
  tenant_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  subject text NOT NULL,
  reference text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, subject),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_channel (tenant_id, id)
);

CREATE TABLE notification (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  -- `KIND:id` of whose inbox it is in; null: in everybody's.
  recipient text,
  -- The delivery it comes from; null for what the platform tells by itself.
  delivery_id uuid,
  kind text NOT NULL CHECK (kind IN ('ALERT', 'CHANNEL_DISABLED')),
  severity text NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL')),
  title text NOT NULL,
  body text NOT NULL,
  anomaly_id uuid,
  channel_id uuid,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX notification_once ON notification (tenant_id, delivery_id, coalesce(recipient, '')) WHERE delivery_id IS NOT NULL;
CREATE INDEX notification_newest ON notification (tenant_id, recipient, id DESC);

CREATE TABLE notification_read (
  tenant_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  reader text NOT NULL,
  read_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, notification_id, reader),
  FOREIGN KEY (tenant_id, notification_id) REFERENCES notification (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE notify_channel ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_channel_of_tenant ON notify_channel USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_routes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_routes_of_tenant ON notify_routes USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_delivery_of_tenant ON notify_delivery USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_notice_of_tenant ON notify_notice USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_thread ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_thread_of_tenant ON notify_thread USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notification ENABLE ROW LEVEL SECURITY;
CREATE POLICY notification_of_tenant ON notification USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notification_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY notification_read_of_tenant ON notification_read USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON notify_channel, notify_routes, notify_delivery, notify_notice, notify_thread, notification, notification_read FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON notify_channel, notify_routes TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notify_delivery, notify_notice, notify_thread TO tessera_app;
GRANT SELECT, INSERT, DELETE ON notification, notification_read TO tessera_app;

-- claimDueNotifyDeliveriesAcrossTenants: leases up to max_deliveries deliveries that are due and that nobody sends until lease_until, of as many tenants as
-- there are before another of any, counting those a tenant has under way. What follows an unfinished one of its lane is not taken, nor what a paused or
-- disabled channel is to be told. Rows that another worker is claiming at the same time are skipped, not waited for.
CREATE FUNCTION claim_due_notify_deliveries_across_tenants(present timestamptz, lease_until timestamptz, max_deliveries integer)
RETURNS TABLE (tenant_id uuid, id uuid, lease_token uuid) LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH due AS (
    SELECT d.tenant_id, d.id, d.due_at FROM notify_delivery d
    JOIN notify_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id AND c.state = 'ACTIVE' AND c.deleted_at IS NULL
    WHERE d.state IN ('GATHERING', 'SENDING', 'RETRYING') AND d.due_at <= present AND (d.leased_until IS NULL OR d.leased_until <= present)
      AND NOT EXISTS (
        SELECT 1 FROM notify_notice n JOIN notify_notice earlier ON earlier.tenant_id = n.tenant_id AND earlier.channel_id = n.channel_id
          AND earlier.lane = n.lane AND earlier.sequence < n.sequence AND earlier.open AND earlier.delivery_id <> n.delivery_id
        WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id
      )
  ), ranked AS (
    SELECT due.tenant_id, due.id, due.due_at, row_number() OVER (PARTITION BY due.tenant_id ORDER BY due.due_at, due.id) + (
      SELECT count(*) FROM notify_delivery busy WHERE busy.tenant_id = due.tenant_id
        AND busy.state IN ('GATHERING', 'SENDING', 'RETRYING') AND busy.leased_until > present
    ) AS turn FROM due
  ), claimed AS (
    SELECT d.tenant_id, d.id FROM notify_delivery d JOIN ranked USING (tenant_id, id)
    WHERE d.state IN ('GATHERING', 'SENDING', 'RETRYING') AND d.due_at <= present AND (d.leased_until IS NULL OR d.leased_until <= present)
    ORDER BY ranked.turn, ranked.due_at, d.id LIMIT max_deliveries FOR UPDATE OF d SKIP LOCKED
  )
  UPDATE notify_delivery d SET lease_token = gen_random_uuid(), leased_until = lease_until
  FROM claimed c WHERE d.tenant_id = c.tenant_id AND d.id = c.id
  RETURNING d.tenant_id, d.id, d.lease_token
$$;

-- forgetOldNotificationsAcrossTenants: removes up to max_rows deliveries that were over before a moment, with their notices, and as many threads and
-- notifications of before it; answers how many rows it removed.
CREATE FUNCTION forget_old_notifications_across_tenants(before timestamptz, max_rows integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH deliveries AS (
    DELETE FROM notify_delivery WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM notify_delivery WHERE finished_at < before LIMIT max_rows
    ) RETURNING 1
  ), threads AS (
    DELETE FROM notify_thread WHERE (tenant_id, channel_id, subject) IN (
      SELECT tenant_id, channel_id, subject FROM notify_thread WHERE created_at < before LIMIT max_rows
    ) RETURNING 1
  ), told AS (
    DELETE FROM notification WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM notification WHERE created_at < before LIMIT max_rows
    ) RETURNING 1
  )
  SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM threads) + (SELECT count(*) FROM told)
$$;

REVOKE ALL ON FUNCTION claim_due_notify_deliveries_across_tenants(timestamptz, timestamptz, integer), forget_old_notifications_across_tenants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_notify_deliveries_across_tenants(timestamptz, timestamptz, integer), forget_old_notifications_across_tenants(timestamptz, integer) TO tessera_app;
