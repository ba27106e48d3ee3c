import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { IdentityRules } from "../../domain/people/identity.ts";
import type { Change } from "../../domain/people/links.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });

/** Makes sure that a tenant has a state to lock. */
export const ensureStateStatement = (tenantId: TenantId) =>
  statement("ensure-people-state", "INSERT INTO people_state (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING", [
    tenantId,
  ]);
/** The state of a tenant's people; locked until the end of the transaction where it is to change. */
export const stateStatement = (tenantId: TenantId, lock: boolean) =>
  statement(
    lock ? "lock-people-state" : "people-state",
    `SELECT version, copied_version, link_from, shared_from_users, blocked_ids, links FROM people_state WHERE tenant_id = $1${lock ? " FOR UPDATE" : ""}`,
    [tenantId],
  );
/** Sets the rules by which ids are linked from now on. */
export const setRulesStatement = (tenantId: TenantId, rules: IdentityRules) =>
  statement(
    "set-people-rules",
    "UPDATE people_state SET link_from = $2, shared_from_users = $3, blocked_ids = $4 WHERE tenant_id = $1",
    [tenantId, rules.linkFrom, rules.sharedFromUsers, rules.blockedIds],
  );

const IDENTITY =
  "SELECT i.identity, i.person::text AS person, i.parent, i.root, i.held_apart, i.shared, i.seen_users, " +
  "(SELECT count(*)::int FROM people_identity o WHERE o.tenant_id = i.tenant_id AND o.root = i.root) AS size FROM people_identity i";

/** What is known of ids. */
export const findIdentitiesStatement = (tenantId: TenantId, keys: readonly string[]) =>
  statement("find-identities", `${IDENTITY} WHERE i.tenant_id = $1 AND i.identity = ANY($2::text[])`, [tenantId, keys]);
/** Every id of the persons that ids of these numbers belong to, by whom they go by; `number` is the number that was asked for. */
export const identitiesOfStatement = (tenantId: TenantId, numbers: readonly string[], most: number) =>
  statement(
    "identities-of-people",
    `SELECT asked.person::text AS asked, i.identity, i.person::text AS person, r.person::text AS counts_as
     FROM people_identity asked
     JOIN people_identity i ON i.tenant_id = asked.tenant_id AND i.root = asked.root
     JOIN people_identity r ON r.tenant_id = asked.tenant_id AND r.identity = asked.root
     WHERE asked.tenant_id = $1 AND asked.person = ANY($2::numeric[]) ORDER BY asked.person, i.identity LIMIT $3`,
    [tenantId, numbers, most],
  );
/** Makes an id known that goes by itself. */
export const ensureIdentityStatement = (tenantId: TenantId, key: string, person: string) =>
  statement(
    "ensure-identity",
    `INSERT INTO people_identity (tenant_id, identity, person, root, version) VALUES ($1, $2, $3::numeric, $2, 0) ON CONFLICT DO NOTHING`,
    [tenantId, key, person],
  );
/** Remembers a user a visitor was seen with. */
export const seenUserStatement = (tenantId: TenantId, key: string, user: string) =>
  statement(
    "seen-user-of-visitor",
    `UPDATE people_identity SET seen_users = seen_users || $3::text WHERE tenant_id = $1 AND identity = $2 AND NOT seen_users @> ARRAY[$3::text]`,
    [tenantId, key, user],
  );
/** Puts an id that a person goes by under another, with everything under it. */
export const putUnderStatement = (tenantId: TenantId, change: Change, root: string, version: number) =>
  statement(
    "put-identity-under",
    `UPDATE people_identity SET parent = CASE WHEN identity = $2 THEN $3 ELSE parent END, root = $4, version = $5,
       held_apart = held_apart AND identity <> $2
     WHERE tenant_id = $1 AND root = $2`,
    [tenantId, change.identity, change.other, root, version],
  );
/** Takes an id, with everything under it, from under its parent. */
export const takeFromUnderStatement = (tenantId: TenantId, change: Change, version: number) =>
  statement(
    "take-identity-from-under",
    `WITH RECURSIVE under (identity) AS (
       SELECT $2::text COLLATE "C"
       UNION ALL
       SELECT c.identity FROM people_identity c JOIN under u ON c.parent = u.identity WHERE c.tenant_id = $1
     )
     UPDATE people_identity SET parent = CASE WHEN identity = $2 THEN NULL ELSE parent END, root = $2, version = $3,
       held_apart = held_apart OR (identity = $2 AND $4 = 'SEPARATED'), shared = shared OR (identity = $2 AND $4 = 'SHARED')
     WHERE tenant_id = $1 AND identity IN (SELECT identity FROM under)`,
    [tenantId, change.identity, version, change.action],
  );
/** Keeps a change under its number. */
export const insertChangeStatement = (
  tenantId: TenantId,
  change: Change,
  made: { readonly version: number; readonly reason: string; readonly by: string; readonly atMs: number },
) =>
  statement(
    "insert-people-change",
    "INSERT INTO people_change (tenant_id, version, action, identity, other, reason, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [
      ...[tenantId, made.version, change.action, change.identity, change.other],
      ...[made.reason, made.by, new Date(made.atMs)],
    ],
  );
/** Moves the version on. */
export const moveStateStatement = (tenantId: TenantId, version: number, links: number) =>
  statement("move-people-state", "UPDATE people_state SET version = $2, links = $3 WHERE tenant_id = $1", [
    tenantId,
    version,
    links,
  ]);
/** Whom each id counts as that changed after a version, by version. */
export const changedStatement = (tenantId: TenantId, after: number, first: number) =>
  statement(
    "changed-people",
    `SELECT i.person::text AS person, r.person::text AS canonical, i.version FROM people_identity i
       JOIN people_identity r ON r.tenant_id = i.tenant_id AND r.identity = i.root
     WHERE i.tenant_id = $1 AND i.version > $2 ORDER BY i.version LIMIT $3`,
    [tenantId, after, first],
  );
/** Tells up to which version the copy is complete. */
export const copiedStatement = (tenantId: TenantId, version: number) =>
  statement("people-copied", "UPDATE people_state SET copied_version = $2 WHERE tenant_id = $1", [tenantId, version]);
/** Tenants whose copy is behind. */
export const behindStatement = (max: number) =>
  statement("people-behind-across-tenants", "SELECT tenant_id FROM people_behind_across_tenants($1)", [max]);
/** Changes that ids took part in, the newest first, before a version. */
export const historyStatement = (tenantId: TenantId, keys: readonly string[], first: number, before: number | null) =>
  statement(
    "people-history",
    `SELECT version, action, identity, other, reason, made_by, made_at FROM people_change
     WHERE tenant_id = $1 AND (identity = ANY($2::text[]) OR other = ANY($2::text[])) AND ($4::bigint IS NULL OR version < $4)
     ORDER BY version DESC LIMIT $3`,
    [tenantId, keys, first + 1, before],
  );
