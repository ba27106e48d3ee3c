-- What a tenant has set up is told when it changes, by the transaction that changes it, whichever statement does (docs/decisions/0045). A test holds that every
-- table with a tenant is told by one of these triggers, by a topic of its own, or is left out with a reason.

-- tellSetupChanged(kind, columns of the id, column that ends it | PART): one entry of the event log for each thing, change and transaction. It holds an id and
-- a word: what stands in the row is read by who may read it. A kind `=column` stands in the row; without columns of an id a tenant has one of the kind.
-- PART: a row is part of the thing that the columns name, which is CHANGED whatever becomes of the row.
CREATE FUNCTION tell_setup_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  former jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  stands jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  one jsonb := coalesce(stands, former);
  -- The tenant's own row is named by its id.
  of_tenant uuid := coalesce(one->>'tenant_id', one->>'id')::uuid;
  of_kind text := CASE WHEN TG_ARGV[0] LIKE '=%' THEN one->>substr(TG_ARGV[0], 2) ELSE TG_ARGV[0] END;
  of_id text;
  was boolean := former IS NOT NULL AND (TG_ARGV[2] IN ('', 'PART') OR former->>TG_ARGV[2] IS NULL);
  is_now boolean := stands IS NOT NULL AND (TG_ARGV[2] IN ('', 'PART') OR stands->>TG_ARGV[2] IS NULL);
  what text;
BEGIN
  IF former = stands OR NOT (was OR is_now) THEN RETURN NULL; END IF;
  -- Nobody is told what goes with the tenant itself.
  IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM tenant t WHERE t.id = of_tenant AND t.state = 'DELETING') THEN RETURN NULL; END IF;
  what := CASE WHEN TG_ARGV[2] = 'PART' OR (was AND is_now) THEN 'CHANGED' WHEN is_now AND former IS NULL THEN 'MADE' WHEN is_now THEN 'RESTORED' ELSE 'REMOVED' END;
  IF TG_ARGV[1] <> '' THEN
    SELECT string_agg(one->>c.name, ':' ORDER BY c.place) INTO of_id FROM unnest(string_to_array(TG_ARGV[1], ',')) WITH ORDINALITY AS c (name, place);
  END IF;
  INSERT INTO event_log (tenant_id, topic, dedupe_key, payload) VALUES (
    of_tenant, 'setup.changed', concat_ws(' ', of_kind, of_id, what, pg_current_xact_id()),
    jsonb_build_object('tenantId', of_tenant, 'kind', of_kind, 'id', of_id, 'change', what, 'atMs', floor(extract(epoch FROM clock_timestamp()) * 1000))
  ) ON CONFLICT (tenant_id, topic, dedupe_key) DO NOTHING;
  RETURN NULL;
END
$$;

-- The anomaly room. Rules are updated at each look: their version grows when somebody changes them.
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF version ON anomaly_rule
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('RULE', 'id', 'deleted_at');
-- What has long been over is dropped, which is no change.
CREATE TRIGGER tell_setup AFTER INSERT OR UPDATE ON anomaly_silence FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('SILENCE', 'id', 'ended_at');
CREATE TRIGGER tell_setup AFTER INSERT ON recorded_change FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('RECORDED_CHANGE', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON anomaly_inhibition FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('INHIBITION', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON service_objective FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('OBJECTIVE', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON event_calendar FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('EVENT_CALENDAR', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON change_source FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('CHANGE_SOURCE', 'name', '');
CREATE TRIGGER tell_setup AFTER INSERT ON anomaly_cause_done FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('CAUSE_DONE', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON incident_policies FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('INCIDENT_POLICIES', '', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON escalation_policy FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('ESCALATION_POLICY', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON on_call_schedule FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('ON_CALL_SCHEDULE', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE ON on_call_override FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('ON_CALL_SCHEDULE', 'schedule_id', 'PART');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON notification_contact
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('NOTIFICATION_CONTACT', 'person_id', '');
-- A secret that is sealed anew is the same secret.
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF version, deleted_at ON notify_channel
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('CHANNEL', 'id', 'deleted_at');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF endpoint ON notify_inbound FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('CHANNEL', 'channel_id', 'PART');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON notify_routes FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('NOTIFICATION_ROUTES', '', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON notify_template FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('NOTIFICATION_TEMPLATE', 'kind', '');

-- The analytics room. Cohorts and links are updated by being computed and used.
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF version ON cohort FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('COHORT', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON semantic_definition FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('=kind', 'id', 'archived_at');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF version, archived_at ON rollup FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('ROLLUP', 'id', 'archived_at');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON correlation_rule FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('CORRELATION_RULE', 'id', 'retired_at');
-- Edits are told by dashboard.changed.
CREATE TRIGGER tell_setup AFTER INSERT ON dashboard FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('DASHBOARD', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR UPDATE OF revoked_at ON dashboard_link
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('DASHBOARD_LINK', 'dashboard_id,id', 'revoked_at');
CREATE TRIGGER tell_setup AFTER UPDATE OF link_from, shared_from_users, blocked_ids ON people_state
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('IDENTITY_RULES', '', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON shared_indicator_member FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('INDICATOR_SHARING', '', '');

-- The tenant room. When a key was last used is no change of it.
CREATE TRIGGER tell_setup AFTER UPDATE OF name ON tenant FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('TENANT_NAME', '', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE OF name, key_hash, permissions, roles, networks, expires_at, revoked_at ON api_key
  FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('API_KEY', 'id', 'revoked_at');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON oauth_client FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('OAUTH_CLIENT', 'id', 'revoked_at');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON request_key FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('REQUEST_KEY', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON trusted_issuer FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('TRUSTED_ISSUER', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON custom_role FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('ROLE', 'name', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON data_policy FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('DATA_POLICY', 'name', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON tenant_user FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('MEMBER', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR UPDATE OF used_at ON person_invitation FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('MEMBER', 'user_id', 'PART');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON team_member FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('TEAM', 'team', 'PART');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON tenant_setting FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('TENANT_SETTING', 'key', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON usage_limit FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('LIMIT', 'scope,scope_id,metric', '');
CREATE TRIGGER tell_setup AFTER INSERT OR UPDATE ON scale_request FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('SCALE_REQUEST', 'id', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON billing_plan FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('BILLING_PLAN', 'from_month', '');
CREATE TRIGGER tell_setup AFTER INSERT OR DELETE OR UPDATE ON billing_credit FOR EACH ROW EXECUTE FUNCTION tell_setup_changed('BILLING_CREDIT', 'id', '');

-- What somebody says of an anomaly is told by anomaly.judged; that words of webhooks themselves change by webhook.endpoint-changed.
REVOKE ALL ON FUNCTION tell_setup_changed() FROM PUBLIC;
