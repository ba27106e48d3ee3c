-- The erasure of one person (GDPR Art. 17): what was asked, how far it is, and afterwards the proof that it was done, which names nobody.
-- Until the last pass a row holds the ids that are erased, so that whoever is killed on the way is followed by another; the last pass forgets them.

CREATE TABLE person_erasure (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  -- The id that was named, with its kind in front (`user:ada`); null once it is done.
  asked text COLLATE "C" CHECK (char_length(asked) <= 264),
  -- All ids the person had at the cut-off, and the numbers events of them were stored with; null before the first pass and once it is done.
  identities text[],
  numbers text[],
  -- A salted SHA-256 of each id: whoever knows an id can tell that it was erased, nobody else can tell whose erasure this was.
  digests text[] NOT NULL DEFAULT '{}',
  reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
  requested_by text NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'RUNNING', 'SETTLING', 'DONE')),
  -- What was received until then is erased; set when the first pass begins.
  cut_off timestamptz(3),
  -- End of the first pass, and of the last.
  erased_at timestamptz(3),
  finished_at timestamptz(3),
  -- Passes that have ended, and steps that have ended in the pass under way.
  passes integer NOT NULL DEFAULT 0,
  step integer NOT NULL DEFAULT 0,
  -- Things erased, by place.
  erased jsonb NOT NULL DEFAULT '{}',
  due_at timestamptz(3),
  -- Fencing token: each run has a higher one, and only the newest may write.
  attempt integer NOT NULL DEFAULT 0,
  lease_until timestamptz(3),
  CHECK ((state = 'DONE') = (asked IS NULL)),
  CHECK (state <> 'DONE' OR (identities IS NULL AND numbers IS NULL AND due_at IS NULL))
);
CREATE UNIQUE INDEX person_erasure_asked ON person_erasure (tenant_id, asked) WHERE asked IS NOT NULL;
CREATE INDEX person_erasure_of_tenant ON person_erasure (tenant_id, requested_at DESC, id DESC);
CREATE INDEX person_erasure_due ON person_erasure (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE person_erasure ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_erasure_of_tenant ON person_erasure USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON person_erasure FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON person_erasure TO tessera_app;

-- What was linked is forgotten; changes of who is who stay, as changes of nobody.
GRANT DELETE ON people_identity TO tessera_app;
GRANT UPDATE (identity, other, reason) ON people_change TO tessera_app;
-- Matches of events that are erased go with them.
GRANT DELETE ON correlation_match TO tessera_app;

-- claimPersonErasuresAcrossTenants: begins or goes on with passes that are due and that nobody holds, the longest due first; answers them.
CREATE FUNCTION claim_person_erasures_across_tenants(at_time timestamptz, lease_seconds integer, max_erasures integer)
RETURNS SETOF person_erasure LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE person_erasure e SET
    state = CASE e.state WHEN 'QUEUED' THEN 'RUNNING' ELSE e.state END, attempt = e.attempt + 1,
    lease_until = at_time + make_interval(secs => lease_seconds), cut_off = coalesce(e.cut_off, at_time)
  WHERE e.id IN (
    SELECT d.id FROM person_erasure d
    WHERE d.due_at <= at_time AND (d.lease_until IS NULL OR d.lease_until <= at_time)
    ORDER BY d.due_at, d.id LIMIT max_erasures FOR UPDATE SKIP LOCKED
  )
  RETURNING e.*
$$;
REVOKE ALL ON FUNCTION claim_person_erasures_across_tenants(timestamptz, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_person_erasures_across_tenants(timestamptz, integer, integer) TO tessera_app;
