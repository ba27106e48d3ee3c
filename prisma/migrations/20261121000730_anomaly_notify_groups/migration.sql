-- Groups of alerts that a channel is told of in one message: which alerts belong to a group as the channel was last told of it, and what a message told.

-- The group a notice's alert belongs to, with the labels it is grouped by; null: it is told of by itself.
ALTER TABLE notify_notice ADD COLUMN group_id uuid, ADD COLUMN group_labels jsonb CHECK ((group_id IS NULL) = (group_labels IS NULL));
-- What a message told of its group: {episode, labels, state, counts}.
ALTER TABLE notify_delivery ADD COLUMN told_group jsonb;

CREATE TABLE notify_group_member (
  tenant_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  -- What stands for the alert at receivers: its anomaly, or its series. An alert belongs to one group of a channel at a time.
  subject text NOT NULL,
  group_id uuid NOT NULL,
  -- The order in which the channel was first told.
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  -- The delivery that began the group's episode: the time from its first open alert until all are over.
  episode uuid NOT NULL,
  anomaly_id uuid,
  -- The newest transition that a message told, or failed to.
  transition_id uuid NOT NULL,
  alert json NOT NULL,
  is_over boolean NOT NULL,
  -- Whether a message of the group told that the alert is open.
  told boolean NOT NULL,
  -- Whether the message about the newest transition failed: the group's next one tells it.
  lost boolean NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, subject),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_channel (tenant_id, id)
);
CREATE INDEX notify_group_member_of_group ON notify_group_member (tenant_id, channel_id, group_id, sequence);
CREATE INDEX notify_group_member_old ON notify_group_member (changed_at);

ALTER TABLE notify_group_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_group_member_of_tenant ON notify_group_member USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON notify_group_member FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notify_group_member TO tessera_app;

-- forgetOldGroupMembersAcrossTenants: removes up to max_rows members that nothing was told of since a moment, and whose anomaly is over or was never there;
-- answers how many rows it removed.
CREATE FUNCTION forget_old_group_members_across_tenants(before timestamptz, max_rows integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM notify_group_member WHERE (tenant_id, channel_id, subject) IN (
      SELECT m.tenant_id, m.channel_id, m.subject FROM notify_group_member m LEFT JOIN anomaly a ON a.tenant_id = m.tenant_id AND a.id = m.anomaly_id
      WHERE m.changed_at < before AND (a.id IS NULL OR a.state = 'RESOLVED') LIMIT max_rows
    ) RETURNING 1
  )
  SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_old_group_members_across_tenants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_old_group_members_across_tenants(timestamptz, integer) TO tessera_app;
