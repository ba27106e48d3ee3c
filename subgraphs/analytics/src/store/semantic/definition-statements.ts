import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { DefinitionContent, DefinitionKind } from "../../domain/semantic/definition.ts";
import type { Wanted } from "./definition-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

const COLUMNS = `d.id, d.tenant_id, d.kind, d.name, v.version, d.version AS latest_version, d.archived_at, d.created_by, d.created_at,
  v.defined_by, v.defined_at, v.content`;
/** Definitions in their version now. */
const NOW = `SELECT ${COLUMNS} FROM semantic_definition d
  JOIN semantic_definition_version v ON v.definition_id = d.id AND v.version = d.version`;

/** One change of a tenant's definitions at a time, until the transaction ends. */
export const lockDefinitionsStatement = (tenantId: TenantId) =>
  statement("lock-definitions", "SELECT pg_advisory_xact_lock(hashtextextended('semantic:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** Definitions by kind and name, in the versions wanted or as they are now; in no particular order. */
export const findDefinitionsStatement = (tenantId: TenantId, wanted: readonly Wanted[]) =>
  statement(
    "find-definitions",
    `SELECT ${COLUMNS} FROM unnest($2::text[], $3::text[], $4::integer[]) AS w (kind, name, version)
     JOIN semantic_definition d ON d.tenant_id = $1 AND d.kind = w.kind AND d.name = w.name
     JOIN semantic_definition_version v ON v.definition_id = d.id AND v.version = coalesce(w.version, d.version)`,
    [tenantId, wanted.map(({ kind }) => kind), wanted.map(({ name }) => name), wanted.map(({ version }) => version)],
  );
/** A definition by id, in a version or as it is now. */
export const definitionByIdStatement = (tenantId: TenantId, id: string, version: number | null) =>
  statement(
    "definition-by-id",
    `SELECT ${COLUMNS} FROM semantic_definition d
     JOIN semantic_definition_version v ON v.definition_id = d.id AND v.version = coalesce($3::integer, d.version)
     WHERE d.tenant_id = $1 AND d.id = $2`,
    [tenantId, id, version],
  );
/** Definitions by id, as they are now. */
export const definitionsByIdStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement(
    "definitions-by-id",
    `SELECT ${COLUMNS} FROM semantic_definition d
     JOIN semantic_definition_version v ON v.definition_id = d.id AND v.version = d.version
     WHERE d.tenant_id = $1 AND d.id = ANY ($2::uuid[])`,
    [tenantId, ids],
  );
/** Names of a kind that are not archived, sorted. */
export const definitionNamesStatement = (tenantId: TenantId, kind: DefinitionKind) =>
  statement(
    "definition-names",
    'SELECT name FROM semantic_definition WHERE tenant_id = $1 AND kind = $2 AND archived_at IS NULL ORDER BY name COLLATE "C"',
    [tenantId, kind],
  );
/** How many names of a kind there are, archived ones included. */
export const countDefinitionsStatement = (tenantId: TenantId, kind: DefinitionKind) =>
  statement(
    "count-definitions",
    "SELECT count(*)::integer AS found FROM semantic_definition WHERE tenant_id = $1 AND kind = $2",
    [tenantId, kind],
  );
/** Definitions of a kind by name after a name, one more than asked for. */
export const listDefinitionsStatement = (
  tenantId: TenantId,
  kind: DefinitionKind,
  page: { readonly first: number; readonly after: string | null; readonly archived: boolean },
) =>
  statement(
    "list-definitions",
    `${NOW} WHERE d.tenant_id = $1 AND d.kind = $2 AND ($3::text IS NULL OR d.name COLLATE "C" > $3)
     AND (d.archived_at IS NOT NULL) = $4 ORDER BY d.name COLLATE "C" LIMIT $5`,
    [tenantId, kind, page.after, page.archived, page.first + 1],
  );
/** Versions of a definition, the newest first. */
export const definitionVersionsStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "definition-versions",
    `SELECT version, content, defined_by, defined_at FROM semantic_definition_version
     WHERE tenant_id = $1 AND definition_id = $2 ORDER BY version DESC LIMIT $3`,
    [tenantId, id, first],
  );
/** Definitions that are not archived and whose version now refers to one, by kind and name. */
export const definitionUsersStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "definition-users",
    `${NOW} JOIN semantic_reference r ON r.definition_id = d.id
     WHERE d.tenant_id = $1 AND r.refers_to = $2 AND d.archived_at IS NULL ORDER BY d.kind, d.name COLLATE "C" LIMIT $3`,
    [tenantId, id, first],
  );
/** Stores a name with its first version's number. */
export const insertDefinitionStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly kind: DefinitionKind; readonly name: string; readonly by: string },
  nowMs: number,
) =>
  statement(
    "insert-definition",
    `INSERT INTO semantic_definition (id, tenant_id, kind, name, version, created_by, created_at)
     VALUES ($1, $2, $3, $4, 1, $5, $6)`,
    [one.id, tenantId, one.kind, one.name, one.by, at(nowMs)],
  );
/** Makes a version the one that counts; what was archived is so no more. */
export const setVersionStatement = (tenantId: TenantId, id: string, version: number) =>
  statement(
    "set-definition-version",
    "UPDATE semantic_definition SET version = $3, archived_at = NULL WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, version],
  );
/** Archives a definition; the first time counts. */
export const archiveDefinitionStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement(
    "archive-definition",
    "UPDATE semantic_definition SET archived_at = coalesce(archived_at, $3) WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, at(nowMs)],
  );
/** A row when a version's content is the given one. */
export const sameContentStatement = (tenantId: TenantId, id: string, version: number, content: DefinitionContent) =>
  statement(
    "same-definition-content",
    `SELECT version FROM semantic_definition_version
     WHERE tenant_id = $1 AND definition_id = $2 AND version = $3 AND content = $4::jsonb`,
    [tenantId, id, version, JSON.stringify(content)],
  );
/** Keeps a version. */
export const insertDefinitionVersionStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly version: number; readonly content: DefinitionContent; readonly by: string },
  nowMs: number,
) =>
  statement(
    "insert-definition-version",
    `INSERT INTO semantic_definition_version (tenant_id, definition_id, version, content, defined_by, defined_at)
     VALUES ($1, $2, $3, $4::jsonb, $5, $6)`,
    [tenantId, one.id, one.version, JSON.stringify(one.content), one.by, at(nowMs)],
  );
/** Forgets to what a definition referred. */
export const dropDefinitionReferencesStatement = (tenantId: TenantId, id: string) =>
  statement(
    "drop-definition-references",
    "DELETE FROM semantic_reference WHERE tenant_id = $1 AND definition_id = $2",
    [tenantId, id],
  );
/** Forgets which cohorts a definition names. */
export const dropCohortReferencesStatement = (tenantId: TenantId, id: string) =>
  statement(
    "drop-definition-cohorts",
    "DELETE FROM semantic_cohort_reference WHERE tenant_id = $1 AND definition_id = $2",
    [tenantId, id],
  );
/** Keeps which cohorts a definition names; one that has gone meanwhile is left out. */
export const insertCohortReferencesStatement = (tenantId: TenantId, id: string, cohorts: readonly string[]) =>
  statement(
    "insert-definition-cohorts",
    `INSERT INTO semantic_cohort_reference (tenant_id, definition_id, cohort_id)
     SELECT $1, $2, id FROM cohort WHERE tenant_id = $1 AND id = ANY ($3::uuid[])`,
    [tenantId, id, cohorts],
  );
/** Ids of the definitions that name a cohort now, by kind and name. */
export const cohortDefinitionsStatement = (tenantId: TenantId, cohortId: string, first: number) =>
  statement(
    "cohort-definitions",
    `SELECT d.id FROM semantic_definition d JOIN semantic_cohort_reference r ON r.definition_id = d.id
     WHERE d.tenant_id = $1 AND r.cohort_id = $2 ORDER BY d.kind, d.name COLLATE "C" LIMIT $3`,
    [tenantId, cohortId, first],
  );
/** Keeps to what a definition refers. */
export const insertDefinitionReferencesStatement = (tenantId: TenantId, id: string, refersTo: readonly string[]) =>
  statement(
    "insert-definition-references",
    "INSERT INTO semantic_reference (tenant_id, definition_id, refers_to) SELECT $1, $2, unnest($3::uuid[])",
    [tenantId, id, refersTo],
  );
