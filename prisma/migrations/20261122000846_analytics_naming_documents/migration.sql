-- Everything of a tenant that may name its definitions, cohorts and kept expectations, as it stands now: whoever takes one of these away asks here who would
-- miss it. Read by the role that asks, so that row-level security of each table holds. What people may not see by itself tells who may: its owner, and whom it is shared with.

CREATE VIEW naming_document WITH (security_invoker = true) AS
SELECT d.tenant_id, d.kind, d.id, d.name, v.content AS document, NULL::text AS owner, '{}'::text[] AS scopes, '{}'::text[] AS roles
FROM semantic_definition d JOIN semantic_definition_version v ON v.definition_id = d.id AND v.version = d.version
WHERE d.archived_at IS NULL
UNION ALL
SELECT c.tenant_id, 'COHORT', c.id, c.name, v.definition, NULL, '{}', '{}'
FROM cohort c JOIN cohort_version v ON v.cohort_id = c.id AND v.version = c.version
UNION ALL
-- A rule whose run is held to a version needs that one and the latest.
SELECT r.tenant_id, 'CORRELATION_RULE', r.id, r.name, v.content, NULL, '{}', '{}'
FROM correlation_rule r JOIN correlation_rule_version v ON v.rule_id = r.id AND v.version IN (r.version, r.pinned_version)
WHERE r.retired_at IS NULL
UNION ALL
SELECT r.tenant_id, 'ROLLUP', r.id, r.name, v.content, NULL, '{}', '{}'
FROM rollup r JOIN rollup_version v ON v.rollup_id = r.id AND v.version = r.version
WHERE r.archived_at IS NULL
UNION ALL
SELECT tenant_id, 'DASHBOARD', id, title, replace(document::text, '\u0000', '')::jsonb, owner, ARRAY[view_scope, edit_scope], view_roles || edit_roles
FROM dashboard
UNION ALL
SELECT tenant_id, 'RULE', id, name, watch, NULL, '{}', '{}'
FROM anomaly_rule WHERE deleted_at IS NULL
UNION ALL
SELECT tenant_id, 'OBJECTIVE', id, name, definition, NULL, '{}', '{}'
FROM service_objective;

REVOKE ALL ON naming_document FROM tessera_app;
GRANT SELECT ON naming_document TO tessera_app;
