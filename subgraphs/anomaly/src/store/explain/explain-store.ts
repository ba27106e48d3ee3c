import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";
import { parseRuleId, type AnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Anomaly } from "../../domain/anomaly.ts";
import type { ChangeDefinition, RecordedChange } from "../../domain/explain/change-record.ts";
import type { KeptBucket } from "../../domain/rules/series.ts";
import type { CheckedPage } from "../../domain/page.ts";
import type { Window } from "../../domain/evaluation.ts";
import { ANOMALY_COLUMNS, parseAnomalyRow } from "../anomaly-row.ts";
import { idColumn, msColumn } from "../rule-row.ts";
import { readCoursesStatement, type CourseAsked } from "./course-statements.ts";

/** Changes one tenant keeps: the oldest beyond them are forgotten. */
const KEPT_CHANGES = 10_000;
/** Changes that are looked at for one anomaly: a deploy every few minutes over two weeks. */
export const MAX_CHANGES_NEAR = 2_000;
/** Other anomalies that one is compared with: those raised nearest to it. */
export const MAX_OTHERS = 50;

/** A judged bucket, and the series it is of. */
export interface BucketOfSeries extends KeptBucket {
  readonly ruleId: Anomaly["ruleId"];
  readonly fingerprint: string;
}

/** What anomalies are explained by. */
export interface ExplainStore {
  /** The kept buckets of some series, each in its own span, oldest first. */
  courses(tenantId: TenantId, asked: readonly CourseAsked[]): Promise<readonly BucketOfSeries[]>;
  /** Anomalies that were raised in a span and seen after a moment, those raised nearest to it, without the one itself. */
  othersNear(
    tenantId: TenantId,
    id: AnomalyId,
    near: { readonly raised: Window; readonly seenFromMs: number; readonly nearMs: number },
  ): Promise<readonly Anomaly[]>;
  /** Records a change; one of the same key takes its place under its id. */
  record(
    tenantId: TenantId,
    change: Pick<RecordedChange, "id" | "recordedAtMs"> & ChangeDefinition & { readonly recordedBy: Subject },
  ): Promise<RecordedChange>;
  /** Changes that begin or end something in a span, the newest first, at most {@link MAX_CHANGES_NEAR}. */
  changesIn(tenantId: TenantId, span: Window): Promise<readonly RecordedChange[]>;
  /** One page of changes, in the order of their recording, the newest first; null as kind: of all. */
  page(
    tenantId: TenantId,
    page: CheckedPage<string>,
    kind: RecordedChange["kind"] | null,
  ): Promise<readonly RecordedChange[]>;
}

const at = (ms: number): Date => new Date(ms);
const number = z.number().nullable();
const bucketRow = z
  .object({
    ruleId: idColumn(parseRuleId),
    fingerprint: z.string(),
    ...{ at: msColumn, until: msColumn, value: number, expected: number, low: number, high: number, score: z.number() },
    outcome: z.enum(["ANOMALOUS", "NORMAL", "LEARNING", "NO_DATA"]),
  })
  .transform(({ at: atMs, until: untilMs, ...same }): BucketOfSeries => ({ ...same, atMs, untilMs }));

const CHANGE_COLUMNS = `id, key, kind, title, at, until, labels, link, recorded_by AS "recordedBy", recorded_at AS "recordedAt"`;
const changeRow = z
  .object({
    ...{ id: z.string(), key: z.string(), title: z.string(), link: z.string().nullable() },
    kind: z.enum(["DEPLOY", "FLAG", "EXPERIMENT", "CAMPAIGN", "CONFIGURATION", "OTHER"]),
    ...{ at: msColumn, until: msColumn.nullable(), recordedAt: msColumn },
    labels: z.record(z.string(), z.string()),
    recordedBy: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
  })
  .transform(({ at: atMs, until: untilMs, recordedAt: recordedAtMs, ...same }): RecordedChange => ({
    ...{ ...same, atMs, untilMs, recordedAtMs, source: null },
  }));

const statements = {
  othersNear: (
    tenantId: TenantId,
    id: AnomalyId,
    { raised, seenFromMs, nearMs }: Parameters<ExplainStore["othersNear"]>[2],
  ): SqlStatement => ({
    name: "explain-others-near",
    text: `SELECT ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND id <> $2 AND raised_at >= $3 AND raised_at <= $4 AND last_seen_at >= $5
      ORDER BY abs(extract(epoch FROM raised_at - $6::timestamptz)), id LIMIT $7`,
    params: [tenantId, id, at(raised.fromMs), at(raised.toMs), at(seenFromMs), at(nearMs), MAX_OTHERS],
  }),
  record: (tenantId: TenantId, change: Parameters<ExplainStore["record"]>[1]): SqlStatement => ({
    name: "explain-record-change",
    text: `INSERT INTO recorded_change (tenant_id, id, key, kind, title, at, until, labels, link, recorded_by, recorded_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10::jsonb, $11)
      ON CONFLICT (tenant_id, key) DO UPDATE SET kind = excluded.kind, title = excluded.title, at = excluded.at, until = excluded.until,
        labels = excluded.labels, link = excluded.link, recorded_by = excluded.recorded_by
      RETURNING ${CHANGE_COLUMNS}`,
    params: [
      ...[tenantId, change.id, change.key, change.kind, change.title, at(change.atMs)],
      ...[change.untilMs === null ? null : at(change.untilMs), JSON.stringify(change.labels), change.link],
      ...[JSON.stringify(change.recordedBy), at(change.recordedAtMs)],
    ],
  }),
  trim: (tenantId: TenantId): SqlStatement => ({
    name: "explain-trim-changes",
    text: `DELETE FROM recorded_change WHERE tenant_id = $1 AND id IN (
      SELECT id FROM recorded_change WHERE tenant_id = $1 ORDER BY at DESC, id DESC OFFSET $2)`,
    params: [tenantId, KEPT_CHANGES],
  }),
  changesIn: (tenantId: TenantId, { fromMs, toMs }: Window): SqlStatement => ({
    name: "explain-changes-in",
    text: `SELECT ${CHANGE_COLUMNS} FROM (
        (SELECT * FROM recorded_change WHERE tenant_id = $1 AND at >= $2 AND at < $3 ORDER BY at DESC LIMIT $4)
        UNION
        (SELECT * FROM recorded_change WHERE tenant_id = $1 AND until >= $2 AND until < $3 ORDER BY until DESC LIMIT $4)) changes
      ORDER BY at DESC, id DESC LIMIT $4`,
    params: [tenantId, at(fromMs), at(toMs), MAX_CHANGES_NEAR],
  }),
  page: (
    tenantId: TenantId,
    { first, after }: CheckedPage<string>,
    kind: RecordedChange["kind"] | null,
  ): SqlStatement => ({
    name: "explain-changes-page",
    text: `SELECT ${CHANGE_COLUMNS} FROM recorded_change WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR kind = $3)
      ORDER BY id DESC LIMIT $4`,
    params: [tenantId, after, kind, first + 1],
  }),
};

const nothing = (): null => null;
const parseChange = (row: unknown): RecordedChange => changeRow.parse(row);

/** Builds {@link ExplainStore}. */
export const createExplainStore = (sql: TenantSql): ExplainStore => ({
  courses: (tenantId, asked) => sql.run(tenantId, readCoursesStatement(tenantId, asked), (row) => bucketRow.parse(row)),
  othersNear: (tenantId, id, near) => sql.run(tenantId, statements.othersNear(tenantId, id, near), parseAnomalyRow),
  record: (tenantId, change) =>
    sql.transaction(tenantId, async (transaction) => {
      const [recorded] = await transaction.run(statements.record(tenantId, change), parseChange);
      if (recorded === undefined) throw new Error("A change was not recorded.");
      await transaction.run(statements.trim(tenantId), nothing);
      return recorded;
    }),
  changesIn: (tenantId, span) => sql.run(tenantId, statements.changesIn(tenantId, span), parseChange),
  page: (tenantId, page, kind) => sql.run(tenantId, statements.page(tenantId, page, kind), parseChange),
});
