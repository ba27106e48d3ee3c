-- What providers tell back: the address of a channel at which its provider says that somebody acknowledged or resolved an incident there, the events it has told (each is taken once), and
-- what it calls the incidents of our anomalies.

CREATE TABLE notify_inbound (
  tenant_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  -- 256 random bits, base64url: names the channel to whoever was told it. What proves the sender is the signature.
  endpoint text NOT NULL UNIQUE CHECK (char_length(endpoint) = 43),
  -- By which the provider signs; null until it is known, and nothing is taken before.
  sealed_secret text,
  created_at timestamptz(3) NOT NULL,
  last_event_at timestamptz(3),
  PRIMARY KEY (tenant_id, channel_id),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_channel (tenant_id, id)
);

CREATE TABLE notify_inbound_event (
  tenant_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  event_id text NOT NULL CHECK (char_length(event_id) BETWEEN 1 AND 200),
  received_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, event_id),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_inbound (tenant_id, channel_id) ON DELETE CASCADE
);
CREATE INDEX notify_inbound_event_received ON notify_inbound_event (tenant_id, channel_id, received_at);

CREATE TABLE notify_remote (
  tenant_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  anomaly_id uuid NOT NULL,
  -- The provider's own id of it, and where its people see it.
  remote_id text NOT NULL CHECK (char_length(remote_id) BETWEEN 1 AND 200),
  remote_url text CHECK (char_length(remote_url) <= 2000),
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, anomaly_id),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notify_inbound (tenant_id, channel_id) ON DELETE CASCADE
);
CREATE INDEX notify_remote_by_id ON notify_remote (tenant_id, channel_id, remote_id);
CREATE INDEX notify_remote_of_anomaly ON notify_remote (tenant_id, anomaly_id);

ALTER TABLE notify_inbound ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_inbound_of_tenant ON notify_inbound USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_inbound_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_inbound_event_of_tenant ON notify_inbound_event USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE notify_remote ENABLE ROW LEVEL SECURITY;
CREATE POLICY notify_remote_of_tenant ON notify_remote USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON notify_inbound, notify_inbound_event, notify_remote FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notify_inbound, notify_inbound_event, notify_remote TO tessera_app;

-- findInboundAcrossTenants: whose address this is, with the secret its sender must know, while the channel is there.
CREATE FUNCTION find_inbound_across_tenants(of_endpoint text) RETURNS TABLE (tenant_id uuid, channel_id uuid, sealed_secret text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.tenant_id, i.channel_id, i.sealed_secret FROM notify_inbound i
  JOIN notify_channel c ON c.tenant_id = i.tenant_id AND c.id = i.channel_id AND c.deleted_at IS NULL
  WHERE i.endpoint = of_endpoint
$$;
REVOKE ALL ON FUNCTION find_inbound_across_tenants(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_inbound_across_tenants(text) TO tessera_app;

-- Walks of a key rotation go on through the secrets by which providers sign.

-- nextSealedAcrossTenants: the sealed pieces behind the place of a walk: state in the order of model and id, the signing keys' private parts, then what rooms keep, table by table. Another process on the same
-- walk waits until the transaction that asked has moved the place.
CREATE OR REPLACE FUNCTION next_sealed_across_tenants(of_rotation bigint, max_rows integer)
RETURNS TABLE (model text, id bytea, sealed text) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  walk key_rotation;
  stages constant text[] := ARRAY['signing-key', 'webhook-headers', 'webhook-secret', 'notify-channel', 'notify-inbound'];
  stage integer;
BEGIN
  SELECT * INTO walk FROM key_rotation r WHERE r.id = of_rotation AND r.finished_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  stage := coalesce(array_position(stages, walk.place_model), 0);
  IF stage = 0 THEN
    RETURN QUERY SELECT s.model, s.id_hash, s.payload FROM oauth_state s
      WHERE (s.model, s.id_hash) > (walk.place_model, walk.place_id) ORDER BY s.model, s.id_hash LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  IF stage <= 1 THEN
    RETURN QUERY SELECT stages[1], convert_to(k.kid, 'UTF8'), k.private_key FROM signing_key k
      WHERE stage < 1 OR convert_to(k.kid, 'UTF8') > walk.place_id ORDER BY convert_to(k.kid, 'UTF8') LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  IF stage <= 2 THEN
    RETURN QUERY SELECT stages[2], uuid_send(e.tenant_id) || uuid_send(e.id), e.sealed_headers FROM webhook_endpoint e
      WHERE e.sealed_headers IS NOT NULL AND (stage < 2 OR uuid_send(e.tenant_id) || uuid_send(e.id) > walk.place_id)
      ORDER BY e.tenant_id, e.id LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  IF stage <= 3 THEN
    RETURN QUERY SELECT stages[3], uuid_send(s.tenant_id) || uuid_send(s.endpoint_id) || uuid_send(s.id), s.sealed FROM webhook_secret s
      WHERE stage < 3 OR uuid_send(s.tenant_id) || uuid_send(s.endpoint_id) || uuid_send(s.id) > walk.place_id
      ORDER BY s.tenant_id, s.endpoint_id, s.id LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  IF stage <= 4 THEN
    RETURN QUERY SELECT stages[4], uuid_send(c.tenant_id) || uuid_send(c.id), c.sealed_secret FROM notify_channel c
      WHERE c.sealed_secret IS NOT NULL AND (stage < 4 OR uuid_send(c.tenant_id) || uuid_send(c.id) > walk.place_id)
      ORDER BY c.tenant_id, c.id LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RETURN QUERY SELECT stages[5], uuid_send(i.tenant_id) || uuid_send(i.channel_id), i.sealed_secret FROM notify_inbound i
    WHERE i.sealed_secret IS NOT NULL AND (stage < 5 OR uuid_send(i.tenant_id) || uuid_send(i.channel_id) > walk.place_id)
    ORDER BY i.tenant_id, i.channel_id LIMIT max_rows;
END
$$;

-- resealAcrossTenants: puts pieces in place of those they were made from, as long as these are still there; moves the place of the walk to the last one
-- looked at, and counts. Answers how many were replaced.
CREATE OR REPLACE FUNCTION reseal_across_tenants(
  of_rotation bigint, models text[], ids bytea[], olds text[], news text[], to_model text, to_id bytea, looked integer, lost integer
) RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  replaced integer := 0;
  here integer;
BEGIN
  UPDATE oauth_state s SET payload = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE s.model = a.model AND s.id_hash = a.id AND s.payload = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE signing_key k SET private_key = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'signing-key' AND k.kid = convert_from(a.id, 'UTF8') AND k.private_key = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE webhook_endpoint e SET sealed_headers = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'webhook-headers' AND uuid_send(e.tenant_id) || uuid_send(e.id) = a.id AND e.sealed_headers = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE webhook_secret s SET sealed = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'webhook-secret' AND uuid_send(s.tenant_id) || uuid_send(s.endpoint_id) || uuid_send(s.id) = a.id AND s.sealed = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE notify_channel c SET sealed_secret = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'notify-channel' AND uuid_send(c.tenant_id) || uuid_send(c.id) = a.id AND c.sealed_secret = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE notify_inbound i SET sealed_secret = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'notify-inbound' AND uuid_send(i.tenant_id) || uuid_send(i.channel_id) = a.id AND i.sealed_secret = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE key_rotation r SET place_model = to_model, place_id = to_id, looked_at = r.looked_at + looked,
    resealed = r.resealed + replaced, unreadable = r.unreadable + lost WHERE r.id = of_rotation;
  RETURN replaced;
END
$$;

-- A channel that is deleted takes its address and the sender's secret with it.
CREATE FUNCTION forget_inbound_of_deleted_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM notify_inbound i WHERE i.tenant_id = NEW.tenant_id AND i.channel_id = NEW.id;
  RETURN NEW;
END
$$;
CREATE TRIGGER notify_channel_deleted AFTER UPDATE OF deleted_at ON notify_channel
  FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_inbound_of_deleted_channel();
