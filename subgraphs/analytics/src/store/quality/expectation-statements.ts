import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { ExpectationContent } from "../../domain/quality/kept-expectation.ts";
import type { ExpectationDraft } from "./expectation-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

/** Expectations in their version now, each with what came of its last test. */
const NOW = `SELECT e.id, e.tenant_id, e.name, e.version, e.created_by, e.created_at, v.content, v.defined_by, v.defined_at,
    d.verdict, d.tested_at, d.from_at, d.to_at, d.at_least, d.tested, d.passed, d.code, d.detail
  FROM quality_expectation e JOIN quality_expectation_version v ON v.expectation_id = e.id AND v.version = e.version
  LEFT JOIN LATERAL (SELECT * FROM quality_verdict l WHERE l.expectation_id = e.id ORDER BY l.run DESC LIMIT 1) d ON d.version = e.version`;

/** One change of a tenant's expectations at a time, until the transaction ends. */
export const lockExpectationsStatement = (tenantId: TenantId) =>
  statement(
    "lock-expectations",
    "SELECT pg_advisory_xact_lock(hashtextextended('quality_expectation:' || $1::text, 0)) IS NULL",
    [tenantId],
  );
/** An expectation by its id. */
export const expectationByIdStatement = (tenantId: TenantId, id: string) =>
  statement("expectation-by-id", `${NOW} WHERE e.tenant_id = $1 AND e.id = $2`, [tenantId, id]);
/** An expectation by its name. */
export const expectationByNameStatement = (tenantId: TenantId, name: string) =>
  statement("expectation-by-name", `${NOW} WHERE e.tenant_id = $1 AND e.name = $2`, [tenantId, name]);
/** Expectations by name: all, or those of one name of events and of events of any. */
export const listExpectationsStatement = (tenantId: TenantId, event: string | null, most: number) =>
  statement(
    "list-expectations",
    `${NOW} WHERE e.tenant_id = $1 AND ($2::text IS NULL OR e.event IS NULL OR e.event = $2) ORDER BY e.name COLLATE "C" LIMIT $3`,
    [tenantId, event, most],
  );
/** Versions of an expectation, the newest first. */
export const expectationVersionsStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "expectation-versions",
    "SELECT version, content, defined_by, defined_at FROM quality_expectation_version WHERE tenant_id = $1 AND expectation_id = $2 ORDER BY version DESC LIMIT $3",
    [tenantId, id, first],
  );
/** Expectations by their ids, each in its version now and in those that are asked for, as far as there are such. */
export const expectationsInVersionsStatement = (
  tenantId: TenantId,
  wanted: readonly { readonly id: string; readonly version: number | null }[],
) =>
  statement(
    "expectations-in-versions",
    `SELECT DISTINCT e.id, e.name, e.version AS latest, v.version, v.content
     FROM unnest($2::uuid[], $3::integer[]) AS w(id, version)
     JOIN quality_expectation e ON e.tenant_id = $1 AND e.id = w.id
     JOIN quality_expectation_version v ON v.tenant_id = $1 AND v.expectation_id = e.id AND v.version IN (e.version, w.version)`,
    [tenantId, wanted.map(({ id }) => id), wanted.map(({ version }) => version)],
  );
/** How many expectations of other names than one there are, and how many of them are of a name of events. */
export const countExpectationsStatement = (tenantId: TenantId, name: string, event: string | null) =>
  statement(
    "count-expectations",
    `SELECT count(*)::integer AS all, (count(*) FILTER (WHERE event IS NOT DISTINCT FROM $3::text))::integer AS of_event
     FROM quality_expectation WHERE tenant_id = $1 AND name <> $2`,
    [tenantId, name, event],
  );
/** A row when a version's content is the given one. */
export const sameExpectationStatement = (
  tenantId: TenantId,
  id: string,
  version: number,
  content: ExpectationContent,
) =>
  statement(
    "same-expectation",
    "SELECT version FROM quality_expectation_version WHERE tenant_id = $1 AND expectation_id = $2 AND version = $3 AND content = $4::jsonb",
    [tenantId, id, version, JSON.stringify(content)],
  );
/** Stores a name with its first version's number. */
export const insertExpectationStatement = (
  tenantId: TenantId,
  { id, name, by, content }: ExpectationDraft,
  nowMs: number,
) =>
  statement(
    "insert-expectation",
    "INSERT INTO quality_expectation (id, tenant_id, name, event, version, created_by, created_at, due_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6)",
    [id, tenantId, name, content.event, by, at(nowMs)],
  );
/** Keeps a version. */
export const insertExpectationVersionStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly version: number } & Pick<ExpectationDraft, "content" | "by">,
  nowMs: number,
) =>
  statement(
    "insert-expectation-version",
    `INSERT INTO quality_expectation_version (tenant_id, expectation_id, version, content, defined_by, defined_at)
     VALUES ($1, $2, $3, $4::jsonb, $5, $6)`,
    [tenantId, one.id, one.version, JSON.stringify(one.content), one.by, at(nowMs)],
  );
/** Makes a version the one that counts, which is tested at once. */
export const setExpectationVersionStatement = (
  tenantId: TenantId,
  id: string,
  version: number,
  event: string | null,
  nowMs: number,
) =>
  statement(
    "set-expectation-version",
    "UPDATE quality_expectation SET version = $3, event = $4, due_at = $5 WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, version, event, at(nowMs)],
  );
/** Deletes an expectation with its versions; a row when there was one. */
export const deleteExpectationStatement = (tenantId: TenantId, id: string) =>
  statement("delete-expectation", "DELETE FROM quality_expectation WHERE tenant_id = $1 AND id = $2 RETURNING id", [
    tenantId,
    id,
  ]);
