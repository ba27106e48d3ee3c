-- Walks of a key rotation end with the keys that shared indicators are hashed under. Their ids are the bytes of their periods.

-- nextSealedAcrossTenants: the sealed pieces behind the place of a walk: state in the order of model and id, the signing keys' private parts, then what rooms keep, table by table. Another process on the same
-- walk waits until the transaction that asked has moved the place.
CREATE OR REPLACE FUNCTION next_sealed_across_tenants(of_rotation bigint, max_rows integer)
RETURNS TABLE (model text, id bytea, sealed text) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  walk key_rotation;
  stages constant text[] := ARRAY['signing-key', 'webhook-headers', 'webhook-secret', 'notify-channel', 'notify-inbound', 'shared-indicator-key'];
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
  IF stage <= 5 THEN
    RETURN QUERY SELECT stages[5], uuid_send(i.tenant_id) || uuid_send(i.channel_id), i.sealed_secret FROM notify_inbound i
      WHERE i.sealed_secret IS NOT NULL AND (stage < 5 OR uuid_send(i.tenant_id) || uuid_send(i.channel_id) > walk.place_id)
      ORDER BY i.tenant_id, i.channel_id LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RETURN QUERY SELECT stages[6], int4send(k.period), k.sealed FROM shared_indicator_key k
    WHERE stage < 6 OR int4send(k.period) > walk.place_id ORDER BY int4send(k.period) LIMIT max_rows;
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
  UPDATE shared_indicator_key k SET sealed = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'shared-indicator-key' AND int4send(k.period) = a.id AND k.sealed = a.old;
  GET DIAGNOSTICS here = ROW_COUNT;
  replaced := replaced + here;
  UPDATE key_rotation r SET place_model = to_model, place_id = to_id, looked_at = r.looked_at + looked,
    resealed = r.resealed + replaced, unreadable = r.unreadable + lost WHERE r.id = of_rotation;
  RETURN replaced;
END
$$;
