import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { CohortDraft, CohortRun } from "../domain/cohort.ts";
import type { CohortPart } from "../domain/cohort-references.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);
/** A cohort with its definition now. */
const SELECT =
  "SELECT c.*, v.definition FROM cohort c JOIN cohort_version v ON v.cohort_id = c.id AND v.version = c.version";
const OF_RUN = "tenant_id = $1 AND id = $2 AND run = $3 AND state = 'RUNNING'";

/** One change of a tenant's cohorts at a time, until the transaction ends. */
export const lockCohortsStatement = (tenantId: TenantId) =>
  statement("lock-cohorts", "SELECT pg_advisory_xact_lock(hashtextextended('cohort:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** Cohorts by id, in no particular order. */
export const findCohortsStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement("find-cohorts", `${SELECT} WHERE c.tenant_id = $1 AND c.id = ANY($2::uuid[])`, [tenantId, ids]);
/** Every cohort of a tenant: what definitions may refer to. */
export const allCohortsStatement = (tenantId: TenantId) =>
  statement("all-cohorts", `${SELECT} WHERE c.tenant_id = $1`, [tenantId]);
/** Cohorts by name after a name, one more than asked for. */
export const listCohortsStatement = (tenantId: TenantId, first: number, after: string | null) =>
  statement(
    "list-cohorts",
    `${SELECT} WHERE c.tenant_id = $1 AND ($2::text IS NULL OR c.name COLLATE "C" > $2) ORDER BY c.name COLLATE "C" LIMIT $3`,
    [tenantId, after, first + 1],
  );
/** Stores a cohort that is due at once. */
export const insertCohortStatement = (tenantId: TenantId, draft: CohortDraft, createdBy: string, nowMs: number) =>
  statement(
    "insert-cohort",
    `INSERT INTO cohort (id, tenant_id, name, description, version, recompute_every, created_by, created_at, updated_at, due_at, group_type)
     VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $7, $7, $8)`,
    [
      ...[draft.id, tenantId, draft.name, draft.description, draft.recomputeEverySeconds, createdBy, at(nowMs)],
      draft.group,
    ],
  );
/** Changes a cohort; a new definition makes it due. */
export const updateCohortStatement = (
  tenantId: TenantId,
  draft: CohortDraft,
  change: { readonly version: number; readonly dueAtMs: number | null },
  nowMs: number,
) =>
  statement(
    "update-cohort",
    `UPDATE cohort SET name = $3, description = $4, recompute_every = $5, version = $6, updated_at = $7, due_at = $8
     WHERE tenant_id = $1 AND id = $2`,
    [
      ...[tenantId, draft.id, draft.name, draft.description, draft.recomputeEverySeconds, change.version, at(nowMs)],
      change.dueAtMs === null ? null : at(change.dueAtMs),
    ],
  );
/** Keeps a definition as a version. */
export const insertVersionStatement = (tenantId: TenantId, draft: CohortDraft, version: number, nowMs: number) =>
  statement(
    "insert-cohort-version",
    "INSERT INTO cohort_version (tenant_id, cohort_id, version, definition, created_at) VALUES ($1, $2, $3, $4::jsonb, $5)",
    [tenantId, draft.id, version, JSON.stringify(draft.definition), at(nowMs)],
  );
/** Forgets to which cohorts a definition referred. */
export const dropReferencesStatement = (tenantId: TenantId, id: string) =>
  statement("drop-cohort-references", "DELETE FROM cohort_reference WHERE tenant_id = $1 AND cohort_id = $2", [
    tenantId,
    id,
  ]);
/** Keeps to which cohorts a definition refers. */
export const insertReferencesStatement = (tenantId: TenantId, id: string, refersTo: readonly string[]) =>
  statement(
    "insert-cohort-references",
    "INSERT INTO cohort_reference (tenant_id, cohort_id, refers_to) SELECT $1, $2, unnest($3::uuid[])",
    [tenantId, id, refersTo],
  );
/** Cohorts whose definitions refer to one. */
export const usedByStatement = (tenantId: TenantId, id: string) =>
  statement(
    "cohort-used-by",
    `${SELECT} JOIN cohort_reference r ON r.cohort_id = c.id WHERE c.tenant_id = $1 AND r.refers_to = $2 ORDER BY c.name LIMIT 100`,
    [tenantId, id],
  );
/** Deletes a cohort with all that is kept of it. */
export const deleteCohortStatement = (tenantId: TenantId, id: string) =>
  statement("delete-cohort", "DELETE FROM cohort WHERE tenant_id = $1 AND id = $2 RETURNING id", [tenantId, id]);
/** Makes a cohort due; one that runs is computed again after. */
export const requestCohortStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement("request-cohort", "UPDATE cohort SET due_at = $3 WHERE tenant_id = $1 AND id = $2 RETURNING id", [
    tenantId,
    id,
    at(nowMs),
  ]);
/** Sizes of a cohort, the newest first. */
export const sizesStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "cohort-sizes",
    "SELECT as_of, version, size, entered, departed FROM cohort_size WHERE tenant_id = $1 AND cohort_id = $2 ORDER BY as_of DESC LIMIT $3",
    [tenantId, id, first],
  );
/** What one computation of a cohort was made of. */
export const madeOfStatement = (tenantId: TenantId, id: string, asOfMs: number) =>
  statement(
    "cohort-made-of",
    "SELECT made_of FROM cohort_size WHERE tenant_id = $1 AND cohort_id = $2 AND as_of = $3",
    [tenantId, id, at(asOfMs)],
  );
/** Definitions of a cohort, the newest first. */
export const versionsStatement = (tenantId: TenantId, id: string, max: number) =>
  statement(
    "cohort-versions",
    "SELECT version, definition, created_at FROM cohort_version WHERE tenant_id = $1 AND cohort_id = $2 ORDER BY version DESC LIMIT $3",
    [tenantId, id, max],
  );
/** Begins runs of cohorts that are due, of all tenants. */
export const claimStatement = (nowMs: number, leaseSeconds: number, max: number) =>
  statement(
    "claim-due-cohorts-across-tenants",
    "SELECT c.*, v.definition FROM claim_due_cohorts_across_tenants($1, $2, $3) c JOIN LATERAL cohort_definition_across_tenants(c.id, c.version) v ON true",
    [at(nowMs), leaseSeconds, max],
  );
/** Ends the run that counts with the size. */
export const finishStatement = ({ cohort, run, asOfMs }: CohortRun, size: number) =>
  statement(
    "finish-cohort",
    `UPDATE cohort SET state = 'IDLE', lease_until = NULL, running_since = NULL, as_of = $4, computed_version = $5, size = $6,
       error_code = NULL, error_detail = NULL WHERE ${OF_RUN} RETURNING id`,
    [cohort.tenantId, cohort.id, run, at(asOfMs), cohort.version, size],
  );
/** Keeps the size a run has computed. */
export const insertSizeStatement = (
  { cohort, asOfMs }: CohortRun,
  counted: {
    readonly size: number;
    readonly entered: number;
    readonly left: number;
    readonly madeOf: readonly CohortPart[];
  },
) =>
  statement(
    "insert-cohort-size",
    "INSERT INTO cohort_size (tenant_id, cohort_id, as_of, version, size, entered, departed, made_of) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)",
    [
      ...[cohort.tenantId, cohort.id, at(asOfMs), cohort.version, counted.size, counted.entered, counted.left],
      JSON.stringify(counted.madeOf),
    ],
  );
/** Forgets the oldest sizes beyond those that are kept. */
export const pruneSizesStatement = (tenantId: TenantId, id: string, kept: number) =>
  statement(
    "prune-cohort-sizes",
    `DELETE FROM cohort_size WHERE tenant_id = $1 AND cohort_id = $2 AND as_of < (
       SELECT min(as_of) FROM (SELECT as_of FROM cohort_size WHERE tenant_id = $1 AND cohort_id = $2 ORDER BY as_of DESC LIMIT $3) kept)`,
    [tenantId, id, kept],
  );
/** Ends the run that counts without a size; what it wrote counts for nothing until another run has looked at it. */
export const failStatement = ({ cohort, run }: CohortRun, error: { readonly code: string; readonly detail: string }) =>
  statement(
    "fail-cohort",
    `UPDATE cohort SET state = 'FAILED', lease_until = NULL, running_since = NULL, error_code = $4, error_detail = $5 WHERE ${OF_RUN} RETURNING id`,
    [cohort.tenantId, cohort.id, run, error.code, error.detail],
  );
