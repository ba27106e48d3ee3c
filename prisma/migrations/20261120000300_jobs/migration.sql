-- Long queries: one row per job is the truth; BullMQ only says when to look at it. Rows of other tenants are invisible (row-level security).

CREATE TABLE job (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('OLAP')),
  input jsonb NOT NULL,
  idempotency_key text,
  created_by text NOT NULL,
  state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  -- Grows with every change; readers of the event log skip what they have seen.
  revision integer NOT NULL DEFAULT 1,
  -- Start tag of start-time fair queuing (Goyal, Vin, Cheng 1996): the job with the smallest tag is next.
  fair_tag integer NOT NULL,
  -- Fencing token: each run has a higher one, and only the newest may write.
  attempt integer NOT NULL DEFAULT 0,
  -- When the job was last handed to the queue, which knows it by its id and ignores what it already has.
  dispatched_at timestamptz,
  lease_until timestamptz,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_to_read bigint,
  bytes_read bigint NOT NULL DEFAULT 0,
  result_rows bigint,
  result_truncated boolean NOT NULL DEFAULT false,
  error_code text,
  error_detail text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz NOT NULL
);
CREATE INDEX job_of_tenant ON job (tenant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX job_idempotency ON job (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_unfinished ON job (tenant_id, state) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX job_by_expiry ON job (expires_at);

ALTER TABLE job ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_of_tenant ON job USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO tessera_app;

-- fairTagAcrossTenants: the tag of a tenant's next job: one after its own last unfinished one, and not before what runs now.
CREATE FUNCTION job_fair_tag_across_tenants(of_tenant uuid) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT greatest(
    coalesce((SELECT max(fair_tag) FROM job WHERE state IN ('QUEUED', 'RUNNING') AND tenant_id = of_tenant), 0),
    coalesce((SELECT min(fair_tag) FROM job WHERE state IN ('QUEUED', 'RUNNING')), 1) - 1
  ) + 1
$$;

-- undispatchedJobsAcrossTenants: jobs the queue does not know (any more): queued without a dispatch for a while, or running with a lease that
-- ended long ago. What a crash between commit and dispatch, or the loss of the queue, leaves behind.
CREATE FUNCTION undispatched_jobs_across_tenants(silent interval, max_jobs integer) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT j.tenant_id, j.id FROM job j
  WHERE (j.state = 'QUEUED' AND coalesce(j.dispatched_at, j.created_at) < now() - silent)
     OR (j.state = 'RUNNING' AND j.lease_until < now() - silent)
  ORDER BY j.created_at LIMIT max_jobs
$$;

-- pruneJobsAcrossTenants: removes jobs past their time to be kept; answers how many.
CREATE FUNCTION prune_jobs_across_tenants(max_jobs integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH expired AS (SELECT id FROM job WHERE expires_at < now() AND state NOT IN ('QUEUED', 'RUNNING') ORDER BY expires_at LIMIT max_jobs),
  dropped AS (DELETE FROM job USING expired WHERE job.id = expired.id RETURNING 1)
  SELECT count(*)::integer FROM dropped
$$;
