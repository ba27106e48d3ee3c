-- Sealing anew, with the newest key of the ring, what the authorization server keeps sealed, so that older keys can be dropped: one row per walk through
-- all of it, which is the record of who (which key) sealed what, when, and how far a walk that was interrupted had come. Names of keys, never keys. No
-- tenant reads or writes this table; it is reached by the functions below alone.
CREATE TABLE key_rotation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Name of the ring's first key, which seals.
  sealing_key text NOT NULL CHECK (sealing_key ~ '^[A-Za-z0-9_-]{1,32}$'),
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3),
  -- The last piece that was looked at.
  place_model text NOT NULL DEFAULT '',
  place_id bytea NOT NULL DEFAULT '\x',
  looked_at bigint NOT NULL DEFAULT 0,
  resealed bigint NOT NULL DEFAULT 0,
  -- Pieces that no key of the ring opens; they are left as they are.
  unreadable bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX key_rotation_under_way ON key_rotation (sealing_key) WHERE finished_at IS NULL;
ALTER TABLE key_rotation ENABLE ROW LEVEL SECURITY;

-- beginKeyRotationAcrossTenants: the walk under way for a key, or a new one; its id.
CREATE FUNCTION begin_key_rotation_across_tenants(of_key text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  found_id bigint;
BEGIN
  INSERT INTO key_rotation (sealing_key) VALUES (of_key) ON CONFLICT (sealing_key) WHERE finished_at IS NULL DO NOTHING;
  SELECT r.id INTO found_id FROM key_rotation r WHERE r.sealing_key = of_key AND r.finished_at IS NULL;
  RETURN found_id;
END
$$;

-- nextSealedAcrossTenants: the sealed pieces behind the place of a walk: state in the order of model and id, then the signing keys' private parts. Another process on the same walk waits until the
-- transaction that asked has moved the place.
CREATE FUNCTION next_sealed_across_tenants(of_rotation bigint, max_rows integer)
RETURNS TABLE (model text, id bytea, sealed text) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  walk key_rotation;
BEGIN
  SELECT * INTO walk FROM key_rotation r WHERE r.id = of_rotation AND r.finished_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF walk.place_model <> 'signing-key' THEN
    RETURN QUERY SELECT s.model, s.id_hash, s.payload FROM oauth_state s
      WHERE (s.model, s.id_hash) > (walk.place_model, walk.place_id) ORDER BY s.model, s.id_hash LIMIT max_rows;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RETURN QUERY SELECT 'signing-key'::text, convert_to(k.kid, 'UTF8'), k.private_key FROM signing_key k
    WHERE walk.place_model <> 'signing-key' OR convert_to(k.kid, 'UTF8') > walk.place_id ORDER BY convert_to(k.kid, 'UTF8') LIMIT max_rows;
END
$$;

-- resealAcrossTenants: puts pieces in place of those they were made from, as long as these are still there; moves the place of the walk to the last one
-- looked at, and counts. Answers how many were replaced.
CREATE FUNCTION reseal_across_tenants(
  of_rotation bigint, models text[], ids bytea[], olds text[], news text[], to_model text, to_id bytea, looked integer, lost integer
) RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  states integer;
  keys integer;
BEGIN
  UPDATE oauth_state s SET payload = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE s.model = a.model AND s.id_hash = a.id AND s.payload = a.old;
  GET DIAGNOSTICS states = ROW_COUNT;
  UPDATE signing_key k SET private_key = a.fresh FROM unnest(models, ids, olds, news) a (model, id, old, fresh)
    WHERE a.model = 'signing-key' AND k.kid = convert_from(a.id, 'UTF8') AND k.private_key = a.old;
  GET DIAGNOSTICS keys = ROW_COUNT;
  UPDATE key_rotation r SET place_model = to_model, place_id = to_id, looked_at = r.looked_at + looked,
    resealed = r.resealed + states + keys, unreadable = r.unreadable + lost WHERE r.id = of_rotation;
  RETURN states + keys;
END
$$;

-- finishKeyRotationAcrossTenants: ends a walk that has come to the end; what it came to.
CREATE FUNCTION finish_key_rotation_across_tenants(of_rotation bigint)
RETURNS TABLE (looked_at bigint, resealed bigint, unreadable bigint) LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  UPDATE key_rotation r SET finished_at = coalesce(r.finished_at, now()) WHERE r.id = of_rotation
  RETURNING r.looked_at, r.resealed, r.unreadable
$$;

REVOKE ALL ON key_rotation FROM tessera_app;
REVOKE ALL ON FUNCTION begin_key_rotation_across_tenants(text), next_sealed_across_tenants(bigint, integer),
  reseal_across_tenants(bigint, text[], bytea[], text[], text[], text, bytea, integer, integer), finish_key_rotation_across_tenants(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_key_rotation_across_tenants(text), next_sealed_across_tenants(bigint, integer),
  reseal_across_tenants(bigint, text[], bytea[], text[], text[], text, bytea, integer, integer), finish_key_rotation_across_tenants(bigint) TO tessera_app;
