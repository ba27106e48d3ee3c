-- Budgets of rate limits, shared by every process of an installation without Redis. Units spent, by budget and part of its window. Not written to the
-- log: after a crash of the server every budget is fresh, which costs at most one window of each. No tenant reads or writes this table; it is reached by
-- the functions below alone.
CREATE UNLOGGED TABLE rate_budget (
  budget text NOT NULL CHECK (length(budget) <= 300),
  part bigint NOT NULL,
  units bigint NOT NULL CHECK (units > 0),
  part_ms bigint NOT NULL CHECK (part_ms > 0),
  leaves_at timestamptz NOT NULL,
  PRIMARY KEY (budget, part)
);
CREATE INDEX rate_budget_by_end ON rate_budget (leaves_at);
ALTER TABLE rate_budget ENABLE ROW LEVEL SECURITY;

-- chargeRateBudgetsAcrossTenants: takes units from several budgets, from all of them or none, and answers one row per budget in the order asked for. Of
-- each at least `needed`, and where more is `wanted` (a lease) at most the given share of what would be left. Budgets are locked in the order of their
-- names, so that two charges can't wait for each other; time is the server's.
CREATE FUNCTION charge_rate_budgets_across_tenants(
  budgets text[], needed bigint[], wanted bigint[], limits bigint[], part_lengths bigint[], parts integer, lease_share integer
) RETURNS TABLE (charged boolean, granted bigint, spent bigint, resets_in_ms bigint, fits_in_ms bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  now_ms bigint;
  name text;
  fits boolean := true;
  total bigint;
  totals bigint[] := '{}';
  take bigint;
  first_part bigint;
  over bigint;
  step record;
BEGIN
  FOR name IN SELECT DISTINCT unnest(budgets) ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('rate_budget:' || name, 0));
  END LOOP;
  now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
  FOR i IN 1 .. cardinality(budgets) LOOP
    DELETE FROM rate_budget b WHERE b.budget = budgets[i] AND b.part < now_ms / part_lengths[i] - parts;
    SELECT coalesce(sum(b.units), 0) INTO total FROM rate_budget b WHERE b.budget = budgets[i];
    totals := totals || total;
    IF needed[i] > 0 AND total + needed[i] > limits[i] THEN fits := false; END IF;
  END LOOP;
  FOR i IN 1 .. cardinality(budgets) LOOP
    take := 0;
    IF fits THEN
      take := least(greatest(wanted[i] - needed[i], 0), greatest(limits[i] - totals[i] - needed[i], 0) / lease_share);
      -- Whole multiples of what is needed, so that charges of one size leave no crumbs in leases.
      IF needed[i] > 0 THEN take := take - take % needed[i]; END IF;
      take := take + needed[i];
      IF take > 0 THEN
        INSERT INTO rate_budget AS b (budget, part, units, part_ms, leaves_at)
        VALUES (budgets[i], now_ms / part_lengths[i], take, part_lengths[i],
          to_timestamp(((now_ms / part_lengths[i] + parts + 1) * part_lengths[i]) / 1000.0))
        ON CONFLICT (budget, part) DO UPDATE SET units = b.units + excluded.units;
      END IF;
    END IF;
    SELECT min(b.part) INTO first_part FROM rate_budget b WHERE b.budget = budgets[i];
    charged := fits;
    granted := take;
    spent := totals[i] + take;
    resets_in_ms := coalesce(greatest(1, (first_part + parts + 1) * part_lengths[i] - now_ms), 0);
    fits_in_ms := 0;
    IF NOT fits THEN
      over := totals[i] + needed[i] - limits[i];
      IF needed[i] > limits[i] THEN
        fits_in_ms := NULL;
      ELSE
        FOR step IN SELECT b.part, b.units FROM rate_budget b WHERE b.budget = budgets[i] ORDER BY b.part LOOP
          EXIT WHEN over <= 0;
          over := over - step.units;
          fits_in_ms := greatest(1, (step.part + parts + 1) * part_lengths[i] - now_ms);
        END LOOP;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- adjustRateBudgetsAcrossTenants: counts units as spent without asking; negative ones are given back, from the newest part on. Forgets what has left
-- every window, a bounded number at a time.
CREATE FUNCTION adjust_rate_budgets_across_tenants(budgets text[], amounts bigint[], part_lengths bigint[], parts integer)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  now_ms bigint;
  name text;
  left_over bigint;
  step record;
BEGIN
  FOR name IN SELECT DISTINCT unnest(budgets) ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('rate_budget:' || name, 0));
  END LOOP;
  now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
  FOR i IN 1 .. cardinality(budgets) LOOP
    IF amounts[i] > 0 THEN
      INSERT INTO rate_budget AS b (budget, part, units, part_ms, leaves_at)
      VALUES (budgets[i], now_ms / part_lengths[i], amounts[i], part_lengths[i],
        to_timestamp(((now_ms / part_lengths[i] + parts + 1) * part_lengths[i]) / 1000.0))
      ON CONFLICT (budget, part) DO UPDATE SET units = b.units + excluded.units;
    ELSE
      left_over := -amounts[i];
      FOR step IN SELECT b.part, b.units FROM rate_budget b WHERE b.budget = budgets[i] ORDER BY b.part DESC LOOP
        EXIT WHEN left_over <= 0;
        IF step.units <= left_over THEN
          DELETE FROM rate_budget b WHERE b.budget = budgets[i] AND b.part = step.part;
        ELSE
          UPDATE rate_budget b SET units = b.units - left_over WHERE b.budget = budgets[i] AND b.part = step.part;
        END IF;
        left_over := left_over - step.units;
      END LOOP;
    END IF;
  END LOOP;
  DELETE FROM rate_budget b USING (
    SELECT o.budget, o.part FROM rate_budget o WHERE o.leaves_at < clock_timestamp() - interval '1 minute'
    ORDER BY o.leaves_at LIMIT 500 FOR UPDATE SKIP LOCKED
  ) old WHERE b.budget = old.budget AND b.part = old.part;
END
$$;

REVOKE ALL ON FUNCTION charge_rate_budgets_across_tenants(text[], bigint[], bigint[], bigint[], bigint[], integer, integer),
  adjust_rate_budgets_across_tenants(text[], bigint[], bigint[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charge_rate_budgets_across_tenants(text[], bigint[], bigint[], bigint[], bigint[], integer, integer),
  adjust_rate_budgets_across_tenants(text[], bigint[], bigint[], integer) TO tessera_app;
