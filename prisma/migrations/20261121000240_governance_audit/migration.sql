-- The governance room's tables: the audit log of each tenant, the tree over it, and the signed seals of that tree.

-- One row per recorded execution. The hash is that of a leaf (RFC 6962) over the canonical form (RFC 8785) of the other columns, the previous
-- row's hash among them. What is searched by is generated from the entry, so that it can't say anything else.
CREATE TABLE audit_record (
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL CHECK (sequence >= 0),
  previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
  recorded_at_ms bigint NOT NULL,
  entry jsonb NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  execution_id text NOT NULL GENERATED ALWAYS AS (entry->>'executionId') STORED,
  started_at_ms bigint NOT NULL GENERATED ALWAYS AS ((entry->>'startedAtMs')::bigint) STORED,
  subject_id text NOT NULL GENERATED ALWAYS AS (entry->'subject'->>'id') STORED,
  trace_id text NOT NULL GENERATED ALWAYS AS (entry->>'traceId') STORED,
  PRIMARY KEY (tenant_id, sequence),
  UNIQUE (tenant_id, execution_id)
);
CREATE INDEX audit_record_by_start ON audit_record (tenant_id, started_at_ms, sequence);
CREATE INDEX audit_record_by_subject ON audit_record (tenant_id, subject_id, started_at_ms, sequence);
CREATE INDEX audit_record_by_trace ON audit_record (tenant_id, trace_id);
CREATE INDEX audit_record_by_recording ON audit_record (tenant_id, recorded_at_ms, sequence);
CREATE INDEX audit_record_by_object ON audit_record USING gin ((entry->'objects'));

-- Roots of perfect subtrees at every eighth level, so that a proof reads a few hundred hashes however long the log is.
CREATE TABLE audit_node (
  tenant_id uuid NOT NULL,
  level smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
  index bigint NOT NULL CHECK (index >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, level, index)
);

-- Signed statements about the whole log; what they say is repeated in columns to find them by, and compared when the log is verified.
CREATE TABLE audit_seal (
  tenant_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number >= 0),
  tree_size bigint NOT NULL CHECK (tree_size > 0),
  kept_from bigint NOT NULL CHECK (kept_from >= 0 AND kept_from <= tree_size),
  sealed_at_ms bigint NOT NULL,
  jws text NOT NULL CHECK (octet_length(jws) <= 4096),
  PRIMARY KEY (tenant_id, number)
);
CREATE INDEX audit_seal_by_size ON audit_seal (tenant_id, tree_size, number);

ALTER TABLE audit_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_record_of_tenant ON audit_record USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE audit_node ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_node_of_tenant ON audit_node USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
ALTER TABLE audit_seal ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_seal_of_tenant ON audit_seal USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());

-- What is written stays as it is: nobody but the owner can change or delete a row.
REVOKE ALL ON audit_record, audit_node, audit_seal FROM tessera_app;
GRANT SELECT, INSERT ON audit_record, audit_node, audit_seal TO tessera_app;

-- tenantsToSealAcrossTenants: up to max_tenants tenants after one, in order of their ids, that have records behind their newest seal or records
-- from before expired_before_ms that the seal still keeps. One look into the index per tenant, however long the logs are.
CREATE FUNCTION tenants_to_seal_across_tenants(after_tenant uuid, expired_before_ms bigint, max_tenants integer)
RETURNS TABLE (tenant_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  WITH RECURSIVE logs AS (
    SELECT (SELECT r.tenant_id FROM audit_record r WHERE after_tenant IS NULL OR r.tenant_id > after_tenant ORDER BY r.tenant_id LIMIT 1) AS tenant_id
    UNION ALL
    SELECT (SELECT r.tenant_id FROM audit_record r WHERE r.tenant_id > l.tenant_id ORDER BY r.tenant_id LIMIT 1) FROM logs l WHERE l.tenant_id IS NOT NULL
  )
  SELECT l.tenant_id FROM logs l
  CROSS JOIN LATERAL (SELECT r.sequence FROM audit_record r WHERE r.tenant_id = l.tenant_id ORDER BY r.sequence DESC LIMIT 1) newest
  CROSS JOIN LATERAL (SELECT r.recorded_at_ms FROM audit_record r WHERE r.tenant_id = l.tenant_id ORDER BY r.sequence LIMIT 1) oldest
  LEFT JOIN LATERAL (SELECT s.tree_size FROM audit_seal s WHERE s.tenant_id = l.tenant_id ORDER BY s.number DESC LIMIT 1) sealed ON true
  WHERE newest.sequence >= coalesce(sealed.tree_size, 0) OR oldest.recorded_at_ms < expired_before_ms
  LIMIT max_tenants
$$;

-- dropExpiredAuditRecords: drops records of the connection's tenant that its newest seal no longer keeps; never any that is not a year old,
-- whatever the seal says. At most max_records at a time; answers how many.
CREATE FUNCTION drop_expired_audit_records(max_records integer) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH expired AS (
    SELECT r.sequence FROM audit_record r
    WHERE r.tenant_id = current_tenant_id()
      AND r.sequence < (SELECT s.kept_from FROM audit_seal s WHERE s.tenant_id = current_tenant_id() ORDER BY s.number DESC LIMIT 1)
      AND r.recorded_at_ms < (extract(epoch FROM now() - interval '365 days') * 1000)::bigint
    ORDER BY r.sequence LIMIT max_records
  ), dropped AS (
    DELETE FROM audit_record r USING expired WHERE r.tenant_id = current_tenant_id() AND r.sequence = expired.sequence RETURNING 1
  ) SELECT count(*)::integer FROM dropped
$$;
