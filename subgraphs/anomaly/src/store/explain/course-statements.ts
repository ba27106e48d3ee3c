import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { KeptBucket } from "../../domain/rules/series.ts";

/** Buckets one series keeps for good: some forty episodes. */
const KEPT_OF_SERIES = 2_000;
/** Buckets one reading tells of each series. */
const MAX_READ = 600;

const iso = (ms: number): string => new Date(ms).toISOString();

/** Columns of a bucket, under the names its parser knows. */
const BUCKET_COLUMNS = `rule_id AS "ruleId", fingerprint, at, until, value, expected, low, high, score, outcome`;

/** Keeps judged buckets of some series; those that are kept already stay as they were judged first. */
export const keepCourseStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  courses: readonly { readonly fingerprint: string; readonly course: readonly KeptBucket[] }[],
): SqlStatement => ({
  name: "anomaly-keep-course",
  text: `INSERT INTO anomaly_bucket (tenant_id, rule_id, fingerprint, at, until, value, expected, low, high, score, outcome)
    SELECT $1, $2, s.fingerprint, s.at, s.until, s.value, s.expected, s.low, s.high, s.score, s.outcome
    FROM jsonb_to_recordset($3::jsonb) AS s (fingerprint text, at timestamptz, until timestamptz, value double precision, expected double precision,
      low double precision, high double precision, score double precision, outcome text)
    ON CONFLICT (tenant_id, rule_id, fingerprint, at) DO NOTHING`,
  params: [
    tenantId,
    ruleId,
    JSON.stringify(
      courses.flatMap(({ fingerprint, course }) =>
        course.map(({ atMs, untilMs, ...said }) => ({ fingerprint, at: iso(atMs), until: iso(untilMs), ...said })),
      ),
    ),
  ],
});

/** Forgets what some series keep beyond the newest {@link KEPT_OF_SERIES} buckets. */
export const trimCourseStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  fingerprints: readonly string[],
): SqlStatement => ({
  name: "anomaly-trim-course",
  text: `DELETE FROM anomaly_bucket b USING (
      SELECT f.fingerprint, (SELECT x.at FROM anomaly_bucket x WHERE x.tenant_id = $1 AND x.rule_id = $2 AND x.fingerprint = f.fingerprint
        ORDER BY x.at DESC OFFSET $4 LIMIT 1) AS last FROM unnest($3::text[]) AS f (fingerprint)) old
    WHERE b.tenant_id = $1 AND b.rule_id = $2 AND b.fingerprint = old.fingerprint AND b.at <= old.last`,
  params: [tenantId, ruleId, fingerprints, KEPT_OF_SERIES],
});

/** A series in a span of time. */
export interface CourseAsked {
  readonly ruleId: RuleId;
  readonly fingerprint: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The kept buckets of some series, each in its own span, oldest first. */
export const readCoursesStatement = (tenantId: TenantId, asked: readonly CourseAsked[]): SqlStatement => ({
  name: "anomaly-read-courses",
  text: `SELECT b.* FROM jsonb_to_recordset($2::jsonb) AS s ("ruleId" uuid, fingerprint text, "from" timestamptz, "to" timestamptz)
    CROSS JOIN LATERAL (SELECT ${BUCKET_COLUMNS} FROM anomaly_bucket WHERE tenant_id = $1 AND rule_id = s."ruleId" AND fingerprint = s.fingerprint
      AND at >= s."from" AND at < s."to" ORDER BY at LIMIT $3) b ORDER BY b.at`,
  params: [
    tenantId,
    JSON.stringify(
      asked.map(({ ruleId, fingerprint, fromMs, toMs }) => ({
        ...{ ruleId, fingerprint, from: iso(fromMs), to: iso(toMs) },
      })),
    ),
    MAX_READ,
  ],
});
