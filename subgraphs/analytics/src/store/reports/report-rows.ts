import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import { z } from "zod";
import type { Report, ReportContentChoice, ReportRun } from "../../domain/reports/report.ts";

const time = z.date().transform((date) => date.getTime());
const format = z.enum(["HTML", "CSV", "XLSX"]);

const contentShape = z.looseObject({
  source: z.enum(["DASHBOARD", "SAVED_QUERY"]),
  sourceId: z.string(),
  version: z.number().nullable(),
  variables: z.array(z.looseObject({ name: z.string() })),
});
// boundary: a report's content is written by this store alone, after it was validated; it is validated again before it is asked.
const content = z.unknown().transform((kept) => contentShape.parse(kept) as unknown as ReportContentChoice);

const tenantOf = (text: string): TenantId => {
  const tenantId = parseTenantId(text);
  if (tenantId === null) throw new Error("A row of a report has no valid tenant.");
  return tenantId;
};

const report = z.object({
  tenant_id: z.string().transform(tenantOf),
  id: z.string(),
  name: z.string(),
  content,
  formats: z.array(format),
  cron: z.string().nullable(),
  time_zone: z.string(),
  keep_runs: z.number(),
  channels: z.array(z.string()),
  owner: z.string(),
  owner_permissions: z.array(z.string()).transform((names) => names.filter(isPermission)),
  paused: z.enum(["ASKED", "FAILURES"]).nullable(),
  failures: z.number(),
  revision: z.number(),
  next_due_at: time.nullable(),
  created_at: time,
  changed_at: time,
});

/** Parses a row of `report`. */
export const reportRow = (raw: unknown): Report => {
  const one = report.parse(raw);
  const { cron, time_zone: timeZone } = one;
  return {
    ...{ tenantId: one.tenant_id, id: one.id, name: one.name, content: one.content, formats: one.formats, timeZone },
    schedule: cron === null ? null : { cron, timeZone },
    ...{
      keepRuns: one.keep_runs,
      channels: one.channels,
      owner: one.owner,
      ownerPermissions: one.owner_permissions,
      paused: one.paused,
    },
    ...{ failures: one.failures, revision: one.revision, nextDueMs: one.next_due_at },
    ...{ createdAtMs: one.created_at, changedAtMs: one.changed_at },
  };
};

const run = z.object({
  tenant_id: z.string().transform(tenantOf),
  id: z.string(),
  report_id: z.string(),
  due_at: time,
  asked_by: z.string().nullable(),
  state: z.enum(["QUEUED", "RUNNING", "SUCCEEDED", "FAILED"]),
  revision: z.number(),
  attempt: z.number(),
  fair_tag: z.number(),
  done: z.number(),
  parts: z.number().nullable(),
  source_version: z.number().nullable(),
  permissions: z.array(z.string()),
  policy: z.string(),
  error_code: z.string().nullable(),
  error_detail: z.string().nullable(),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  files: z.array(z.object({ format, size: z.number(), sha256: z.string() })),
});

/** Parses a row of `report_run` with its files. */
export const reportRunRow = (raw: unknown): ReportRun => {
  const one = run.parse(raw);
  return {
    ...{
      tenantId: one.tenant_id,
      id: one.id,
      reportId: one.report_id,
      dueMs: one.due_at,
      byHand: one.asked_by !== null,
    },
    ...{ state: one.state, revision: one.revision, attempt: one.attempt, fairTag: one.fair_tag },
    ...{ done: one.done, parts: one.parts, sourceVersion: one.source_version },
    ...{ permissions: one.permissions, policy: one.policy, files: one.files },
    error: one.error_code === null ? null : { code: one.error_code, detail: one.error_detail ?? "" },
    ...{ createdAtMs: one.created_at, startedAtMs: one.started_at, finishedAtMs: one.finished_at },
  };
};

/** Parses a row that names a report or a run across tenants. */
export const reportKeyRow = (raw: unknown) =>
  z.object({ tenant_id: z.string().transform(tenantOf), id: z.string(), fair_tag: z.number().optional() }).parse(raw);
