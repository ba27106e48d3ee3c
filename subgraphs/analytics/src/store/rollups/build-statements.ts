import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import { LOG_START, type LogCursor } from "@tessera/platform/events/log-cursor";
import type { ClaimedBuild, Slice } from "./rollup-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);
const FENCE = "tenant_id = $1 AND id = $2 AND run = $3 AND state = 'BUILDING'";

/** Batches that wait to be counted beyond which nobody asks which they are. */
export const MAX_WAITING = 1_000;
/** Batches told of lately that a build may name as its history: some minutes of the busiest tenant. */
export const MAX_HISTORY_BATCHES = 50_000;

/** Builds that answer, and the times of events of batches that the log tells of behind a consumer's place: all of one snapshot. */
export const answeringStatement = (tenantId: TenantId, consumer: string) =>
  statement(
    "answering-rollups",
    `SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'name', r.name, 'content', v.content, 'rows', b.rows, 'events', b.events_done) ORDER BY r.name), '[]')
        FROM rollup_build b JOIN rollup r ON r.id = b.rollup_id JOIN rollup_version v ON v.rollup_id = b.rollup_id AND v.version = b.version
        WHERE b.tenant_id = $1 AND b.state = 'READY') AS builds,
      (SELECT coalesce(jsonb_agg(jsonb_build_array(w.first, w.last)), '[]') FROM (
        SELECT e.payload->'minTimeMs' AS first, e.payload->'maxTimeMs' AS last FROM event_log e CROSS JOIN event_log_place($2, $1::uuid) c
        WHERE e.tenant_id = $1 AND e.topic = $3 AND (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence) LIMIT $4) w) AS waiting`,
    [tenantId, consumer, BATCH_STORED, MAX_WAITING + 1],
  );
/** Builds that batches are counted in. */
export const fedBuildsStatement = (tenantId: TenantId) =>
  statement(
    "fed-rollup-builds",
    `SELECT b.id, b.rollup_id, r.name, v.content, b.log_transaction::text, b.log_sequence::text, b.cut_at, b.doubted FROM rollup_build b
     JOIN rollup r ON r.id = b.rollup_id JOIN rollup_version v ON v.rollup_id = b.rollup_id AND v.version = b.version
     WHERE b.tenant_id = $1 AND b.state IN ('BUILDING', 'READY') AND b.log_transaction IS NOT NULL ORDER BY b.id`,
    [tenantId],
  );
/** Takes builds that nobody works on. */
export const claimBuildsStatement = (nowMs: number, leaseSeconds: number, max: number) =>
  statement(
    "claim-rollup-builds-across-tenants",
    "SELECT tenant_id, id, run FROM claim_rollup_builds_across_tenants($1, $2, $3)",
    [at(nowMs), leaseSeconds, max],
  );
/** A build that was claimed. */
export const claimedBuildStatement = (tenantId: TenantId, id: string, run: number) =>
  statement(
    "claimed-rollup-build",
    `SELECT b.id, b.run, b.rollup_id, v.content, b.cut_at, b.history_batches, b.slices, b.slices_done, b.events_done FROM rollup_build b
     JOIN rollup_version v ON v.rollup_id = b.rollup_id AND v.version = b.version
     WHERE b.tenant_id = $1 AND b.id = $2 AND b.run = $3 AND b.state = 'BUILDING'`,
    [tenantId, id, run],
  );
/** Waits until a consumer is between two rounds, and keeps it there until the transaction ends. */
export const holdConsumerStatement = (consumer: string) =>
  statement("hold-log-consumer", "SELECT pg_advisory_xact_lock(hashtextextended('log-consumer:' || $1, 0)) IS NULL", [
    consumer,
  ]);
/** A consumer that has not run yet stands at the beginning. */
export const placeConsumerStatement = (consumer: string) =>
  statement(
    "place-log-consumer",
    "INSERT INTO event_log_consumer (name, topic, transaction_id, sequence) VALUES ($1, $2, $3::text::xid8, $4::bigint) ON CONFLICT DO NOTHING",
    [consumer, BATCH_STORED, String(LOG_START.transaction), String(LOG_START.sequence)],
  );
/**
 * Draws the line between the history of a build and what is counted as it comes: by the consumer's place, by the moment before which no batch was received
 * that is told of behind it, and by the batches received since that are told of before it.
 */
export const beginBuildStatement = ({ tenantId, id, run }: ClaimedBuild, consumer: string, latestCutMs: number) =>
  statement(
    "begin-rollup-build",
    `WITH place AS (SELECT transaction_id, sequence FROM event_log_place($4, $1::uuid)),
      told AS (
        SELECT (e.payload->>'receivedAtMs')::bigint AS received, (e.payload->>'batchId')::uuid AS batch,
          (e.transaction_id, e.sequence) > (p.transaction_id, p.sequence) AS behind
        FROM event_log e CROSS JOIN place p WHERE e.tenant_id = $1 AND e.topic = $5),
      line AS (SELECT least($6::bigint, (SELECT min(received) FROM told WHERE behind)) AS cut),
      newest AS (
        SELECT t.batch, t.received FROM told t CROSS JOIN line l WHERE NOT t.behind AND t.received >= l.cut
        ORDER BY t.received DESC LIMIT $7),
      -- With more batches than can be named the line is drawn where they end.
      drawn AS (SELECT CASE WHEN (SELECT count(*) FROM newest) = $7 THEN (SELECT min(received) + 1 FROM newest) ELSE (SELECT cut FROM line) END AS cut)
    UPDATE rollup_build SET log_transaction = place.transaction_id, log_sequence = place.sequence,
      cut_at = to_timestamp(drawn.cut / 1000.0), history_batches = coalesce((SELECT array_agg(n.batch) FROM newest n WHERE n.received >= drawn.cut), '{}')
    FROM place, drawn WHERE ${FENCE} AND log_transaction IS NULL RETURNING id`,
    [tenantId, id, run, consumer, BATCH_STORED, latestCutMs, MAX_HISTORY_BATCHES],
  );
/** Keeps the slices of a history. */
export const layOutStatement = ({ tenantId, id, run }: ClaimedBuild, slices: readonly Slice[]) =>
  statement(
    "lay-out-rollup-build",
    `UPDATE rollup_build SET slices = $4::jsonb, events_total = $5 WHERE ${FENCE} RETURNING id`,
    [
      ...[tenantId, id, run],
      JSON.stringify(slices.map(({ fromMs, toMs, events }) => [fromMs, toMs, events])),
      slices.reduce((sum, { events }) => sum + events, 0),
    ],
  );
/** Notes how far a build is, and keeps the work. */
export const advanceBuildStatement = (
  { tenantId, id, run }: ClaimedBuild,
  done: { readonly slices: number; readonly events: number; readonly rows: number },
  leaseUntilMs: number,
) =>
  statement(
    "advance-rollup-build",
    `UPDATE rollup_build SET slices_done = $4, events_done = $5, rows = $6, lease_until = $7 WHERE ${FENCE} RETURNING id`,
    [tenantId, id, run, done.slices, done.events, done.rows, at(leaseUntilMs)],
  );
/** Ends the build that answered until now. */
export const replaceAnsweringStatement = ({ tenantId, id, rollupId }: ClaimedBuild, nowMs: number) =>
  statement(
    "replace-answering-rollup-build",
    "UPDATE rollup_build SET state = 'DROPPED', ended_at = $4 WHERE tenant_id = $1 AND rollup_id = $3 AND id <> $2 AND state = 'READY'",
    [tenantId, id, rollupId, at(nowMs)],
  );
/** Makes a build the one that answers. */
export const finishBuildStatement = ({ tenantId, id, run }: ClaimedBuild, rows: number, nowMs: number) =>
  statement(
    "finish-rollup-build",
    `UPDATE rollup_build SET state = 'READY', ready_at = $5, rows = $4, lease_until = NULL WHERE ${FENCE} RETURNING id`,
    [tenantId, id, run, rows, at(nowMs)],
  );
/** Ends a build that can't go on. */
export const failBuildStatement = (
  tenantId: TenantId,
  id: string,
  failure: { readonly code: string; readonly detail: string },
  nowMs: number,
) =>
  statement(
    "fail-rollup-build",
    `UPDATE rollup_build SET state = 'FAILED', failed_code = $3, failed_detail = $4, ended_at = $5, lease_until = NULL
     WHERE tenant_id = $1 AND id = $2 AND state IN ('BUILDING', 'READY')`,
    [tenantId, id, failure.code, failure.detail, at(nowMs)],
  );
/** Ends a build whose history has changed; answers of which version it was. */
export const dropBuildForAnotherStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement(
    "drop-rollup-build",
    `UPDATE rollup_build SET state = 'DROPPED', ended_at = $3, lease_until = NULL WHERE tenant_id = $1 AND id = $2 AND state IN ('BUILDING', 'READY')
     RETURNING rollup_id, version, EXISTS (SELECT 1 FROM rollup_build o WHERE o.rollup_id = rollup_build.rollup_id AND o.id <> $2 AND o.state = 'BUILDING') AS another`,
    [tenantId, id, at(nowMs)],
  );
/** Notes that all entries of the log up to a place are counted in a build. */
export const passBuildsStatement = (tenantId: TenantId, ids: readonly string[], place: LogCursor) =>
  statement(
    "pass-rollup-builds",
    `UPDATE rollup_build SET log_transaction = $3::text::xid8, log_sequence = $4::bigint
     WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND (log_transaction, log_sequence) < ($3::text::xid8, $4::bigint)`,
    [tenantId, ids, String(place.transaction), String(place.sequence)],
  );
/** Notes builds of which nobody will know whether the next batch is counted in them. */
export const doubtBuildsStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement(
    "doubt-rollup-builds",
    "UPDATE rollup_build SET doubted = true WHERE tenant_id = $1 AND id = ANY ($2::uuid[])",
    [tenantId, ids],
  );
/** Notes how many rows a build has. */
export const setBuildRowsStatement = (tenantId: TenantId, id: string, rows: number) =>
  statement("set-rollup-build-rows", "UPDATE rollup_build SET rows = $3 WHERE tenant_id = $1 AND id = $2", [
    tenantId,
    id,
    rows,
  ]);
/** Builds whose rows are to be removed. */
export const endedBuildsStatement = (beforeMs: number, max: number) =>
  statement("ended-rollup-builds-across-tenants", "SELECT * FROM ended_rollup_builds_across_tenants($1, $2)", [
    at(beforeMs),
    max,
  ]);
/** Notes that the rows of a build are gone. */
export const noteRemovedStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement(
    "note-removed-rollup-build",
    "UPDATE rollup_build SET removed_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NOT NULL",
    [tenantId, id, at(nowMs)],
  );
