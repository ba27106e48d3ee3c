-- Indicators that tenants share about fraud: keyed hashes of identifiers, by tenants that opted in, under keys of the installation that are thrown away with the hashes made by them. docs/fraud-patterns.md.

CREATE TABLE shared_indicator_member (
  tenant_id uuid PRIMARY KEY,
  -- [{field, kind}]: which fields of its events hold identifiers of which kind.
  fields jsonb NOT NULL,
  joined_by jsonb NOT NULL,
  joined_at timestamptz(3) NOT NULL
);

-- What a tenant contributes goes with its membership, whoever removes that.
CREATE TABLE shared_indicator (
  tenant_id uuid NOT NULL REFERENCES shared_indicator_member (tenant_id) ON DELETE CASCADE,
  -- Days since the epoch by 28: it names the key.
  period integer NOT NULL,
  -- HMAC-SHA-256 of kind and identifier.
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  -- REPORT, or the id of the anomaly it was behind.
  source text NOT NULL CHECK (source = 'REPORT' OR source ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  kind text NOT NULL CHECK (kind IN ('CARD', 'DEVICE', 'IP', 'EMAIL')),
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, period, hash, source)
);
CREATE INDEX shared_indicator_by_hash ON shared_indicator (period, hash);

-- What a tenant asked about on a day, each once: it bounds guesses. Kept when the tenant leaves, so that coming back gives no second day.
CREATE TABLE shared_indicator_lookup (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, day, hash)
);

-- The installation's keys, sealed by its key ring; no tenant's and no role's of the application to read.
CREATE TABLE shared_indicator_key (
  period integer PRIMARY KEY,
  sealed text NOT NULL
);

ALTER TABLE shared_indicator_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY shared_indicator_member_of_tenant ON shared_indicator_member USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE shared_indicator ENABLE ROW LEVEL SECURITY;
CREATE POLICY shared_indicator_of_tenant ON shared_indicator USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE shared_indicator_lookup ENABLE ROW LEVEL SECURITY;
CREATE POLICY shared_indicator_lookup_of_tenant ON shared_indicator_lookup USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE shared_indicator_key ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON shared_indicator_member, shared_indicator, shared_indicator_lookup, shared_indicator_key FROM tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON shared_indicator_member TO tessera_app;
GRANT SELECT, INSERT, DELETE ON shared_indicator TO tessera_app;
GRANT SELECT ON shared_indicator_lookup TO tessera_app;

-- sharedIndicatorBandsAcrossTenants(places, periods, hashes, released before, day, most): of identifiers, each told by a place and hashed under one or more keys, those that at least 3 other parties contributed
-- before a moment, as a band and nothing else. A party is an organisation, or a tenant that stands alone; those that are not active count for nothing, nor does the asking one's own. The connection's tenant is charged
-- with each identifier once a day. One row of place -1 in place of the answer: NOT_A_MEMBER, or SPENT when it would have asked about more than `most` that day, of which nothing is charged.
CREATE FUNCTION shared_indicator_bands_across_tenants(
  places integer[], periods integer[], hashes bytea[], released_before timestamptz, on_day date, most integer
) RETURNS TABLE (place integer, band text) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  asking constant uuid := current_tenant_id();
  own_party uuid;
  known integer;
  fresh bytea[];
BEGIN
  PERFORM 1 FROM shared_indicator_member m WHERE m.tenant_id = asking FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT -1, 'NOT_A_MEMBER';
    RETURN;
  END IF;
  SELECT count(*) INTO known FROM shared_indicator_lookup l WHERE l.tenant_id = asking AND l.day = on_day;
  SELECT coalesce(array_agg(DISTINCT n.hash), '{}') INTO fresh
    FROM (SELECT DISTINCT ON (a.place) a.hash FROM unnest(places, periods, hashes) a (place, period, hash) ORDER BY a.place, a.period DESC) n
    WHERE NOT EXISTS (SELECT 1 FROM shared_indicator_lookup l WHERE l.tenant_id = asking AND l.day = on_day AND l.hash = n.hash);
  IF known + cardinality(fresh) > most THEN
    RETURN QUERY SELECT -1, 'SPENT';
    RETURN;
  END IF;
  INSERT INTO shared_indicator_lookup (tenant_id, day, hash) SELECT asking, on_day, f.hash FROM unnest(fresh) f (hash);
  own_party := coalesce((SELECT t.organisation_id FROM tenant t WHERE t.id = asking), asking);
  RETURN QUERY
    SELECT c.place, CASE WHEN c.parties >= 30 THEN 'MANY' WHEN c.parties >= 10 THEN 'SOME' ELSE 'FEW' END
    FROM (
      SELECT a.place, count(DISTINCT coalesce(t.organisation_id, s.tenant_id)) AS parties
      FROM unnest(places, periods, hashes) a (place, period, hash)
      JOIN shared_indicator s ON s.period = a.period AND s.hash = a.hash
      LEFT JOIN tenant t ON t.id = s.tenant_id
      WHERE s.at < released_before AND coalesce(t.state, 'ACTIVE') = 'ACTIVE' AND coalesce(t.organisation_id, s.tenant_id) <> own_party
      GROUP BY a.place
    ) c
    WHERE c.parties >= 3;
END
$$;

-- sharedIndicatorKeysAcrossTenants(oldest): the sealed keys of a period and those after it.
CREATE FUNCTION shared_indicator_keys_across_tenants(oldest integer) RETURNS TABLE (period integer, sealed text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.period, k.sealed FROM shared_indicator_key k WHERE k.period >= oldest ORDER BY k.period
$$;

-- keepSharedIndicatorKeyAcrossTenants(period, made): keeps a sealed key for a period that has none; answers the one that it has then, whoever made it.
CREATE FUNCTION keep_shared_indicator_key_across_tenants(of_period integer, made text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO shared_indicator_key (period, sealed) VALUES (of_period, made) ON CONFLICT DO NOTHING;
  RETURN (SELECT k.sealed FROM shared_indicator_key k WHERE k.period = of_period);
END
$$;

-- forgetSharedIndicatorsAcrossTenants(oldest, today): removes keys of periods before one, what was contributed under them, and what was asked about before a day; how many rows went.
CREATE FUNCTION forget_shared_indicators_across_tenants(oldest integer, today date) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  gone integer := 0;
  here integer;
BEGIN
  DELETE FROM shared_indicator_key k WHERE k.period < oldest;
  GET DIAGNOSTICS here = ROW_COUNT;
  gone := gone + here;
  DELETE FROM shared_indicator s WHERE s.period < oldest;
  GET DIAGNOSTICS here = ROW_COUNT;
  gone := gone + here;
  DELETE FROM shared_indicator_lookup l WHERE l.day < today;
  GET DIAGNOSTICS here = ROW_COUNT;
  RETURN gone + here;
END
$$;

REVOKE ALL ON FUNCTION shared_indicator_bands_across_tenants(integer[], integer[], bytea[], timestamptz, date, integer), shared_indicator_keys_across_tenants(integer),
  keep_shared_indicator_key_across_tenants(integer, text), forget_shared_indicators_across_tenants(integer, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shared_indicator_bands_across_tenants(integer[], integer[], bytea[], timestamptz, date, integer), shared_indicator_keys_across_tenants(integer),
  keep_shared_indicator_key_across_tenants(integer, text), forget_shared_indicators_across_tenants(integer, date) TO tessera_app;
