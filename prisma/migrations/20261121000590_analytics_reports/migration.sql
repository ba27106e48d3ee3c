-- Reports: what is to be told when and to whom it belongs, its runs, and their files. A run is made once for each moment a report is due; its files are
-- stored by the transaction that ends it, in parts, so that they can be read in parts.

CREATE TABLE report (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  -- The dashboard or saved query, its version if one is fixed, the range and the variables' values, as they were sent.
  content json NOT NULL,
  formats text[] NOT NULL CHECK (cardinality(formats) >= 1 AND formats <@ ARRAY['HTML', 'CSV', 'XLSX']),
  -- Null for a report that is run by hand alone.
  cron text,
  time_zone text NOT NULL,
  keep_runs integer NOT NULL CHECK (keep_runs BETWEEN 1 AND 100),
  owner text NOT NULL,
  -- What its owner was permitted when it was defined: a run is permitted no more.
  owner_permissions text[] NOT NULL,
  -- Why it is not run by its schedule; null while it is.
  paused text CHECK (paused IN ('ASKED', 'FAILURES')),
  failures integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 1,
  next_due_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX report_due ON report (next_due_at) WHERE paused IS NULL AND next_due_at IS NOT NULL;

CREATE TABLE report_run (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  report_id uuid NOT NULL,
  -- The moment it was due, or was asked for by hand.
  due_at timestamptz(3) NOT NULL,
  -- What tells one that is asked for by hand again; null for one of the schedule.
  asked_by text,
  state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED')),
  -- Grows with every change; readers of the event log skip what they have seen.
  revision integer NOT NULL DEFAULT 1,
  fair_tag integer NOT NULL,
  -- Fencing token: each try has a higher one, and only the newest may write.
  attempt integer NOT NULL DEFAULT 0,
  dispatched_at timestamptz,
  lease_until timestamptz,
  done integer NOT NULL DEFAULT 0,
  parts integer,
  source_version integer,
  -- By what its files were made: who may not see the same is not given them.
  permissions text[] NOT NULL DEFAULT '{}',
  policy text NOT NULL DEFAULT '',
  error_code text,
  error_detail text,
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, report_id) REFERENCES report (tenant_id, id) ON DELETE CASCADE
);
-- A moment a report was due has one run, whoever sees first that it was.
CREATE UNIQUE INDEX report_run_once_due ON report_run (tenant_id, report_id, due_at) WHERE asked_by IS NULL;
CREATE UNIQUE INDEX report_run_once_asked ON report_run (tenant_id, report_id, asked_by) WHERE asked_by IS NOT NULL;
CREATE INDEX report_run_newest ON report_run (tenant_id, report_id, created_at DESC, id DESC);
CREATE INDEX report_run_unfinished ON report_run (tenant_id, state) WHERE state IN ('QUEUED', 'RUNNING');

CREATE TABLE report_file (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  format text NOT NULL CHECK (format IN ('HTML', 'CSV', 'XLSX')),
  size integer NOT NULL,
  sha256 text NOT NULL,
  PRIMARY KEY (tenant_id, run_id, format),
  FOREIGN KEY (tenant_id, run_id) REFERENCES report_run (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE report_file_part (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  format text NOT NULL,
  place integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (tenant_id, run_id, format, place),
  FOREIGN KEY (tenant_id, run_id, format) REFERENCES report_file (tenant_id, run_id, format) ON DELETE CASCADE
);

ALTER TABLE report ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_of_tenant ON report USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON report TO tessera_app;
ALTER TABLE report_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_run_of_tenant ON report_run USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON report_run TO tessera_app;
ALTER TABLE report_file ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_file_of_tenant ON report_file USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON report_file FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON report_file TO tessera_app;
ALTER TABLE report_file_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_file_part_of_tenant ON report_file_part USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON report_file_part FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON report_file_part TO tessera_app;

-- dueReportsAcrossTenants(at time, max): reports whose moment has come, the longest due first, of as many tenants as there are before a second of any.
CREATE FUNCTION due_reports_across_tenants(at_time timestamptz, max_reports integer) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT d.tenant_id, d.id FROM (
    SELECT r.tenant_id, r.id, r.next_due_at, row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.next_due_at, r.id) AS place
    FROM report r WHERE r.paused IS NULL AND r.next_due_at <= at_time
  ) d ORDER BY d.place, d.next_due_at, d.id LIMIT max_reports
$$;

-- reportRunFairTagAcrossTenants(tenant): start tag of the tenant's next run (start-time fair queuing): one after its own last unfinished one, and not before
-- what runs now.
CREATE FUNCTION report_run_fair_tag_across_tenants(of_tenant uuid) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT greatest(
    coalesce((SELECT max(fair_tag) FROM report_run WHERE state IN ('QUEUED', 'RUNNING') AND tenant_id = of_tenant), 0),
    coalesce((SELECT min(fair_tag) FROM report_run WHERE state IN ('QUEUED', 'RUNNING')), 1) - 1
  ) + 1
$$;

-- undispatchedReportRunsAcrossTenants(silent, max): runs the queue does not know (any more): what a crash between commit and dispatch, or the loss of the
-- queue, leaves behind.
CREATE FUNCTION undispatched_report_runs_across_tenants(silent interval, max_runs integer) RETURNS TABLE (tenant_id uuid, id uuid, fair_tag integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.tenant_id, r.id, r.fair_tag FROM report_run r
  WHERE (r.state = 'QUEUED' AND (r.dispatched_at IS NULL OR r.dispatched_at < now() - silent))
     OR (r.state = 'RUNNING' AND r.lease_until < now() - silent)
  ORDER BY r.created_at LIMIT max_runs
$$;
