-- Administration of tenants: lifecycle with a grace before data is erased, organisations, tiers, settings, limits, requests to scale, plans and
-- credits. What decides who may use the platform is changed by functions alone, which see no other tenant than the one of the connection.

CREATE TABLE organisation (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Tenants that were there before tiers have everything.
ALTER TABLE tenant
  ADD COLUMN organisation_id uuid REFERENCES organisation (id),
  ADD COLUMN tier text NOT NULL DEFAULT 'ENTERPRISE' CHECK (tier IN ('FREE', 'TEAM', 'BUSINESS', 'ENTERPRISE')),
  ADD COLUMN delete_at timestamptz(3),
  DROP CONSTRAINT tenant_state_check,
  ADD CONSTRAINT tenant_state_check CHECK (state IN ('ACTIVE', 'SUSPENDED', 'DELETING')),
  ADD CONSTRAINT tenant_delete_at_check CHECK ((state = 'DELETING') = (delete_at IS NOT NULL));
CREATE INDEX tenant_of_organisation ON tenant (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX tenant_to_erase ON tenant (delete_at) WHERE delete_at IS NOT NULL;

ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
CREATE POLICY organisation_of_tenant ON organisation
  USING (id = (SELECT t.organisation_id FROM tenant t WHERE t.id = current_tenant_id()));

-- What was changed about a tenant, when and by whom; never changed itself.
CREATE TABLE tenant_history (
  tenant_id uuid NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz(3) NOT NULL,
  change text NOT NULL,
  detail text NOT NULL CHECK (char_length(detail) <= 2000),
  by_kind text NOT NULL,
  by_id text NOT NULL,
  PRIMARY KEY (tenant_id, sequence)
);

-- What is left of an erased tenant: that it was there.
CREATE TABLE tenant_tombstone (tenant_id uuid PRIMARY KEY, slug text NOT NULL, requested_at timestamptz(3), erased_at timestamptz(3) NOT NULL, erased_rows bigint NOT NULL);

CREATE TABLE tenant_setting (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  key text NOT NULL CHECK (key ~ '^[a-z][A-Za-z]{0,59}$'),
  value jsonb NOT NULL,
  set_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, key)
);

-- Limits that differ from the tier's: of the tenant itself (empty scope_id), of a key or of a person. Null: no soft or no hard limit.
CREATE TABLE usage_limit (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  scope text NOT NULL CHECK (scope IN ('TENANT', 'API_KEY', 'USER')),
  scope_id text NOT NULL CHECK (char_length(scope_id) <= 200 AND (scope = 'TENANT') = (scope_id = '')),
  metric text NOT NULL CHECK (metric ~ '^[A-Z_]{1,40}$'),
  soft numeric(24, 0) CHECK (soft >= 0),
  hard numeric(24, 0) CHECK (hard >= 0),
  grace_seconds integer NOT NULL CHECK (grace_seconds BETWEEN 0 AND 2678400),
  set_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, scope, scope_id, metric)
);

-- Limits of all tenants of an organisation together.
CREATE TABLE organisation_limit (
  organisation_id uuid NOT NULL REFERENCES organisation (id) ON DELETE CASCADE,
  metric text NOT NULL CHECK (metric ~ '^[A-Z_]{1,40}$'),
  soft numeric(24, 0) CHECK (soft >= 0),
  hard numeric(24, 0) CHECK (hard >= 0),
  grace_seconds integer NOT NULL CHECK (grace_seconds BETWEEN 0 AND 2678400),
  set_at timestamptz(3) NOT NULL,
  PRIMARY KEY (organisation_id, metric)
);
ALTER TABLE organisation_limit ENABLE ROW LEVEL SECURITY;
CREATE POLICY organisation_limit_of_tenant ON organisation_limit
  USING (organisation_id = (SELECT t.organisation_id FROM tenant t WHERE t.id = current_tenant_id()))
  WITH CHECK (organisation_id = (SELECT t.organisation_id FROM tenant t WHERE t.id = current_tenant_id()));

-- When a limit was first passed in a period: told once, and the beginning of a hard limit's grace.
CREATE TABLE limit_breach (
  tenant_id uuid NOT NULL,
  scope text NOT NULL,
  scope_id text NOT NULL,
  metric text NOT NULL,
  level text NOT NULL CHECK (level IN ('SOFT', 'HARD')),
  -- First day of the period, `2026-11-01`.
  period text NOT NULL,
  breached_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, metric, scope, scope_id, level, period)
);

CREATE TABLE scale_request (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  state text NOT NULL CHECK (state IN ('PENDING', 'APPLIED', 'REJECTED', 'WITHDRAWN')),
  concurrent_queries integer NOT NULL CHECK (concurrent_queries >= 1),
  query_memory_bytes bigint NOT NULL CHECK (query_memory_bytes >= 1),
  worker_weight integer NOT NULL CHECK (worker_weight >= 1),
  -- What it changes from, and the price it was decided on.
  before jsonb NOT NULL,
  prediction jsonb NOT NULL,
  reason text NOT NULL CHECK (char_length(reason) <= 1000),
  requested_at timestamptz(3) NOT NULL,
  requested_by_kind text NOT NULL,
  requested_by_id text NOT NULL,
  decided_at timestamptz(3),
  decided_by_kind text,
  decided_by_id text,
  note text CHECK (char_length(note) <= 1000),
  CHECK ((state = 'PENDING') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX scale_request_pending ON scale_request (tenant_id) WHERE state = 'PENDING';
CREATE INDEX scale_request_newest ON scale_request (tenant_id, requested_at DESC, id DESC);

-- The plan a tenant is billed by, from a month on.
CREATE TABLE billing_plan (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  from_month date NOT NULL CHECK (extract(day FROM from_month) = 1),
  plan jsonb NOT NULL,
  set_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, from_month)
);

CREATE TABLE billing_credit (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  amount numeric(20, 4) NOT NULL CHECK (amount > 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- Lower is drawn first.
  priority integer NOT NULL CHECK (priority BETWEEN 0 AND 1000),
  from_month date NOT NULL,
  expires_at timestamptz(3),
  note text NOT NULL CHECK (char_length(note) <= 200),
  granted_at timestamptz(3) NOT NULL
);
CREATE INDEX billing_credit_of_tenant ON billing_credit (tenant_id, priority, expires_at);

ALTER TABLE tenant_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_tombstone ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_limit ENABLE ROW LEVEL SECURITY;
ALTER TABLE limit_breach ENABLE ROW LEVEL SECURITY;
ALTER TABLE scale_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_credit ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_history_of_tenant ON tenant_history USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY tenant_tombstone_of_tenant ON tenant_tombstone USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY tenant_setting_of_tenant ON tenant_setting USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY usage_limit_of_tenant ON usage_limit USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY limit_breach_of_tenant ON limit_breach USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY scale_request_of_tenant ON scale_request USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY billing_plan_of_tenant ON billing_plan USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY billing_credit_of_tenant ON billing_credit USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

REVOKE ALL ON organisation, organisation_limit, tenant_history, tenant_tombstone, tenant_setting, usage_limit, limit_breach, scale_request, billing_plan, billing_credit FROM tessera_app;
GRANT SELECT ON organisation TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON organisation_limit, usage_limit, tenant_setting TO tessera_app;
GRANT SELECT, INSERT ON tenant_history, limit_breach, billing_credit TO tessera_app;
GRANT SELECT ON tenant_tombstone TO tessera_app;
GRANT SELECT, INSERT, UPDATE (state, decided_at, decided_by_kind, decided_by_id, note) ON scale_request TO tessera_app;
GRANT SELECT, INSERT, UPDATE (plan, set_at) ON billing_plan TO tessera_app;

-- ensureOrganisationAcrossTenants: makes an organisation unless it is there; answers its id.
CREATE FUNCTION ensure_organisation_across_tenants(organisation_id uuid, organisation_name text) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO organisation (id, name) VALUES (organisation_id, organisation_name) ON CONFLICT (id) DO NOTHING;
  SELECT organisation_id
$$;

-- changeTenantState(from, to, delete at): changes the state of the connection's tenant when it is one of `from_states`; the tenant, or no row.
CREATE FUNCTION change_tenant_state(from_states text[], to_state text, to_delete_at timestamptz) RETURNS SETOF tenant
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE tenant SET state = to_state, delete_at = to_delete_at WHERE id = current_tenant_id() AND state = ANY (from_states) RETURNING *
$$;

-- changeTenantTier(tier): gives the connection's tenant a tier; the tenant, or no row.
CREATE FUNCTION change_tenant_tier(to_tier text) RETURNS SETOF tenant LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE tenant SET tier = to_tier WHERE id = current_tenant_id() RETURNING *
$$;

-- tenantsToEraseAcrossTenants(now, max): tenants whose grace is over, the oldest first.
CREATE FUNCTION tenants_to_erase_across_tenants(at_time timestamptz, max_tenants integer) RETURNS TABLE (id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.id FROM tenant t WHERE t.state = 'DELETING' AND t.delete_at <= at_time ORDER BY t.delete_at LIMIT max_tenants
$$;

-- eraseTenant(at time): removes every row of the connection's tenant, in every table that has a tenant, once its grace is over, and leaves a tombstone;
-- answers how many rows went, null when there is nothing to erase. Audit tables stay: they hold ids and names of operations, and are kept by law.
-- Tables that others refer to are tried again after those.
CREATE FUNCTION erase_tenant(at_time timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  erased_id uuid := current_tenant_id();
  of_tenant tenant;
  one text;
  waiting text[];
  failed text[];
  gone bigint;
  total bigint := 0;
BEGIN
  SELECT * INTO of_tenant FROM tenant t WHERE t.id = erased_id AND t.state = 'DELETING' AND t.delete_at <= at_time FOR UPDATE;
  IF of_tenant.id IS NULL THEN RETURN NULL; END IF;
  SELECT array_agg(c.relname::text ORDER BY c.relname) INTO waiting FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'tenant_tombstone' AND c.relname NOT LIKE 'audit%';
  FOR pass IN 1..10 LOOP
    failed := '{}';
    FOREACH one IN ARRAY waiting LOOP
      BEGIN
        EXECUTE format('DELETE FROM %I WHERE tenant_id::text = $1', one) USING erased_id::text;
        GET DIAGNOSTICS gone = ROW_COUNT;
        total := total + gone;
      EXCEPTION WHEN foreign_key_violation THEN failed := failed || one;
      END;
    END LOOP;
    waiting := failed;
    EXIT WHEN cardinality(waiting) = 0;
  END LOOP;
  IF cardinality(waiting) > 0 THEN RAISE EXCEPTION 'Rows of % are still referred to.', waiting; END IF;
  DELETE FROM tenant t WHERE t.id = erased_id;
  INSERT INTO tenant_tombstone (tenant_id, slug, requested_at, erased_at, erased_rows)
    VALUES (erased_id, of_tenant.slug, of_tenant.delete_at, at_time, total + 1) ON CONFLICT (tenant_id) DO NOTHING;
  RETURN total + 1;
END $$;

-- organisationUsageAcrossTenants(metric inputs): what all tenants of the connection's organisation used from a day on, and store now.
CREATE FUNCTION organisation_usage_across_tenants(from_day date) RETURNS TABLE (events numeric, rows_read numeric, storage_bytes numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  WITH own AS (SELECT t.id FROM tenant t WHERE t.organisation_id = (SELECT o.organisation_id FROM tenant o WHERE o.id = current_tenant_id()))
  SELECT (SELECT coalesce(sum(d.events), 0) FROM usage_day d JOIN own ON own.id = d.tenant_id WHERE d.day >= from_day),
    (SELECT coalesce(sum(d.rows_read), 0) FROM usage_day d JOIN own ON own.id = d.tenant_id WHERE d.day >= from_day),
    (SELECT coalesce(sum(last.bytes), 0) FROM own CROSS JOIN LATERAL
      (SELECT s.bytes FROM usage_storage s WHERE s.tenant_id = own.id ORDER BY s.hour DESC LIMIT 1) last)
$$;

-- The tag of a tenant's next job (start-time fair queuing): a tenant of weight w has w jobs with each tag, so its turn comes w times as often.
CREATE OR REPLACE FUNCTION job_fair_tag_across_tenants(of_tenant uuid) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  WITH own AS (
    SELECT fair_tag AS tag, count(*) AS jobs FROM job WHERE state IN ('QUEUED', 'RUNNING') AND tenant_id = of_tenant
    GROUP BY fair_tag ORDER BY fair_tag DESC LIMIT 1
  ), present AS (
    SELECT coalesce((SELECT min(fair_tag) FROM job WHERE state IN ('QUEUED', 'RUNNING')), 1) AS tag
  ), weight AS (
    SELECT coalesce((SELECT l.hard FROM usage_limit l
      WHERE l.tenant_id = of_tenant AND l.scope = 'TENANT' AND l.scope_id = '' AND l.metric = 'WORKER_WEIGHT'), 1) AS jobs_per_tag
  )
  SELECT greatest(
    coalesce((SELECT CASE WHEN own.jobs < weight.jobs_per_tag THEN own.tag ELSE own.tag + 1 END FROM own, weight), 1),
    (SELECT tag FROM present)
  )::integer
$$;

REVOKE ALL ON FUNCTION ensure_organisation_across_tenants(uuid, text), change_tenant_state(text[], text, timestamptz), change_tenant_tier(text),
  tenants_to_erase_across_tenants(timestamptz, integer), erase_tenant(timestamptz), organisation_usage_across_tenants(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_organisation_across_tenants(uuid, text), change_tenant_state(text[], text, timestamptz), change_tenant_tier(text),
  tenants_to_erase_across_tenants(timestamptz, integer), erase_tenant(timestamptz), organisation_usage_across_tenants(date) TO tessera_app;
