import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const OF_RUN = "tenant_id = $1 AND id = $2 AND attempt = $3 AND state <> 'DONE'";

/** A run that may write while no other has begun. */
interface Run {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly attempt: number;
}

/** One wish at a time per tenant, until the transaction ends. */
export const lockErasuresStatement = (tenantId: TenantId) =>
  statement("lock-erasures", "SELECT pg_advisory_xact_lock(hashtextextended('erasure:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** The erasure under way of an id. */
export const openErasureStatement = (tenantId: TenantId, key: string) =>
  statement("open-erasure", "SELECT * FROM person_erasure WHERE tenant_id = $1 AND asked = $2", [tenantId, key]);
/** Counts a tenant's erasures that are not done. */
export const countOpenStatement = (tenantId: TenantId) =>
  statement(
    "count-open-erasures",
    "SELECT count(*)::int AS open FROM person_erasure WHERE tenant_id = $1 AND state <> 'DONE'",
    [tenantId],
  );
/** Stores a wish that is due at once; one whose id is known changes nothing. */
export const insertErasureStatement = (
  tenantId: TenantId,
  wish: {
    readonly id: string;
    readonly key: string;
    readonly reason: string;
    readonly by: string;
    readonly atMs: number;
  },
) =>
  statement(
    "insert-erasure",
    `INSERT INTO person_erasure (id, tenant_id, asked, reason, requested_by, requested_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (id) DO NOTHING RETURNING *`,
    [wish.id, tenantId, wish.key, wish.reason, wish.by, new Date(wish.atMs)],
  );
/** An erasure by its id. */
export const findErasureStatement = (tenantId: TenantId, id: string) =>
  statement("find-erasure", "SELECT * FROM person_erasure WHERE tenant_id = $1 AND id = $2", [tenantId, id]);
/** Erasures newest first after a place, one more than asked for. */
export const listErasuresStatement = (
  tenantId: TenantId,
  first: number,
  after: { readonly createdAtMs: number; readonly id: string } | null,
) =>
  statement(
    "list-erasures",
    `SELECT * FROM person_erasure WHERE tenant_id = $1
       AND ($2::timestamptz IS NULL OR (requested_at, id) < ($2, $3::uuid)) ORDER BY requested_at DESC, id DESC LIMIT $4`,
    [tenantId, after === null ? null : new Date(after.createdAtMs), after?.id ?? null, first + 1],
  );
/** Begins or goes on with passes that are due. */
export const claimErasuresStatement = (nowMs: number, leaseSeconds: number, max: number) =>
  statement("claim-erasures", "SELECT * FROM claim_person_erasures_across_tenants($1, $2, $3)", [
    new Date(nowMs),
    leaseSeconds,
    max,
  ]);
/** Keeps who is erased, at the beginning of the first pass. */
export const foundStatement = (
  run: Run,
  found: {
    readonly identities: readonly string[];
    readonly numbers: readonly string[];
    readonly digests: readonly string[];
  },
) =>
  statement(
    "erasure-found",
    `UPDATE person_erasure SET identities = $4, numbers = $5, digests = $6, step = 0 WHERE ${OF_RUN} RETURNING *`,
    [run.tenantId, run.id, run.attempt, found.identities, found.numbers, found.digests],
  );
/** Renews the lease of a run. */
export const renewStatement = (run: Run, untilMs: number) =>
  statement("renew-erasure", `UPDATE person_erasure SET lease_until = $4 WHERE ${OF_RUN} RETURNING *`, [
    run.tenantId,
    run.id,
    run.attempt,
    new Date(untilMs),
  ]);
/** Keeps that a step ended and what it erased. */
export const stepStatement = (run: Run, step: number, place: string, count: number) =>
  statement(
    "erasure-step",
    `UPDATE person_erasure SET step = $4,
       erased = erased || jsonb_build_object($5::text, coalesce((erased->>$5)::bigint, 0) + $6::bigint) WHERE ${OF_RUN} RETURNING *`,
    [run.tenantId, run.id, run.attempt, step, place, count],
  );
/** Ends a pass; the last one forgets who was erased. */
export const endPassStatement = (run: Run, nowMs: number, nextMs: number | null) =>
  statement(
    "end-erasure-pass",
    `UPDATE person_erasure SET passes = passes + 1, step = 0, lease_until = NULL, due_at = $5, erased_at = coalesce(erased_at, $4),
       state = CASE WHEN $5::timestamptz IS NULL THEN 'DONE' ELSE 'SETTLING' END,
       finished_at = CASE WHEN $5::timestamptz IS NULL THEN $4::timestamptz END,
       asked = CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE asked END,
       identities = CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE identities END,
       numbers = CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE numbers END
     WHERE ${OF_RUN} RETURNING *`,
    [run.tenantId, run.id, run.attempt, new Date(nowMs), nextMs === null ? null : new Date(nextMs)],
  );

/** Ids of the persons of some ids that are linked now. */
export const linkedWithStatement = (tenantId: TenantId, keys: readonly string[]) =>
  statement(
    "linked-with",
    `SELECT identity, person::text AS person FROM people_identity WHERE tenant_id = $1 AND root IN
       (SELECT root FROM people_identity WHERE tenant_id = $1 AND identity = ANY($2::text[]))`,
    [tenantId, keys],
  );
/** Tells whether somebody said since a moment who is who of some ids, other than by events. */
export const linkedByHandStatement = (tenantId: TenantId, keys: readonly string[], sinceMs: number) =>
  statement(
    "linked-by-hand",
    `SELECT version::text AS id FROM people_change WHERE tenant_id = $1 AND (identity = ANY($2::text[]) OR other = ANY($2::text[]))
       AND made_at > $3 AND made_by <> 'SERVICE:events' LIMIT 1`,
    [tenantId, keys, new Date(sinceMs)],
  );
/** Forgets ids; answers how many of them were under others. */
export const forgetIdentitiesStatement = (tenantId: TenantId, keys: readonly string[]) =>
  statement(
    "forget-identities",
    `WITH gone AS (DELETE FROM people_identity WHERE tenant_id = $1 AND identity = ANY($2::text[]) RETURNING parent)
     SELECT count(*)::int AS ids, count(parent)::int AS links FROM gone`,
    [tenantId, keys],
  );
/** Takes users from those that visitors of others were seen with. */
export const forgetSeenStatement = (tenantId: TenantId, users: readonly string[]) =>
  statement(
    "forget-seen-users",
    `UPDATE people_identity SET seen_users = ARRAY(SELECT u FROM unnest(seen_users) WITH ORDINALITY AS s(u, place) WHERE u <> ALL($2::text[]) ORDER BY place)
     WHERE tenant_id = $1 AND seen_users && $2::text[]`,
    [tenantId, users],
  );
/** Makes changes of who is who changes of nobody: their numbers have no gaps. */
export const blankChangesStatement = (tenantId: TenantId, keys: readonly string[], erasureId: string) =>
  statement(
    "blank-people-changes",
    `UPDATE people_change SET reason = 'erased',
       identity = CASE WHEN identity = ANY($2::text[]) THEN split_part(identity, ':', 1) || ':erased-' || $3 ELSE identity END,
       other = CASE WHEN other = ANY($2::text[]) THEN split_part(other, ':', 1) || ':erased-' || $3 ELSE other END
     WHERE tenant_id = $1 AND (identity = ANY($2::text[]) OR other = ANY($2::text[]))`,
    [tenantId, keys, erasureId],
  );
/** Moves the version of who is who on, with fewer links. */
export const fewerLinksStatement = (tenantId: TenantId, links: number) =>
  statement(
    "fewer-links",
    "UPDATE people_state SET version = version + 1, links = greatest(0, links - $2) WHERE tenant_id = $1",
    [tenantId, links],
  );

/** Matches of a tenant in order of their ids, after one. */
export const matchesAfterStatement = (tenantId: TenantId, after: string, first: number) =>
  statement(
    "matches-after",
    `SELECT id, ARRAY(SELECT e->>'id' FROM jsonb_array_elements(events) AS e) AS events FROM correlation_match
     WHERE tenant_id = $1 AND id > $2::uuid ORDER BY id LIMIT $3`,
    [tenantId, after, first],
  );
/** Removes matches. */
export const forgetMatchesStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement("forget-matches", "DELETE FROM correlation_match WHERE tenant_id = $1 AND id = ANY($2::uuid[])", [
    tenantId,
    ids,
  ]);
/** Removes ended runs of reports, with their files, that could tell who people are: what a workbook says can't be looked up. */
export const forgetReportRunsStatement = (tenantId: TenantId, untilMs: number) =>
  statement(
    "forget-report-runs",
    `DELETE FROM report_run WHERE tenant_id = $1 AND due_at <= $2 AND state IN ('SUCCEEDED', 'FAILED')
       AND 'analytics:personal-data' = ANY(permissions) RETURNING id::text AS id`,
    [tenantId, new Date(untilMs)],
  );
/** Jobs whose question holds one of the texts. */
export const jobsAskingStatement = (tenantId: TenantId, texts: readonly string[]) =>
  statement(
    "jobs-asking-of-person",
    "SELECT id::text AS id FROM job WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS t(one) WHERE strpos(input::text, one) > 0)",
    [tenantId, texts],
  );
/** Removes jobs, finished or not: who runs one finds it gone. */
export const forgetJobsStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement("forget-jobs", "DELETE FROM job WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id::text AS id", [
    tenantId,
    ids,
  ]);
