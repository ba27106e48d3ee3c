import { Type } from "typebox";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";

const report = (name: string) => from(`Report.${name}`);
/** A report as it is told. */
export const reportSchema = Type.Object(
  {
    id: Type.String(report("id")),
    name: Type.String(report("name")),
    source: Type.Enum(["dashboard", "saved_query"], report("source")),
    source_id: Type.String(report("sourceId")),
    version: orNull(Type.Integer(), report("version")),
    formats: Type.Array(Type.Enum(["html", "csv", "xlsx"]), report("formats")),
    schedule: orNull(
      Type.Object({
        cron: Type.String(from("ReportSchedule.cron")),
        time_zone: Type.String(from("ReportSchedule.timeZone")),
      }),
      report("schedule"),
    ),
    next_due_at: orNull(moment(), report("nextDueAt")),
    keep_runs: Type.Integer(report("keepRuns")),
    channels: Type.Array(Type.String(), report("channels")),
    owner: Type.String(report("owner")),
    paused: orNull(Type.Enum(["asked", "failures"]), report("paused")),
    failures: Type.Integer(report("failures")),
    created_at: moment(report("createdAt")),
    changed_at: moment(report("changedAt")),
  },
  { ...from("Report"), title: "Report" },
);

const run = (name: string) => from(`ReportRun.${name}`);
/** A run of a report as it is told. */
export const reportRunSchema = Type.Object(
  {
    id: Type.String(run("id")),
    due_at: moment(run("dueAt")),
    by_hand: Type.Boolean(run("byHand")),
    state: Type.Enum(["queued", "running", "succeeded", "failed"], run("state")),
    percent: Type.Integer(run("percent")),
    source_version: orNull(Type.Integer(), run("sourceVersion")),
    files: Type.Array(
      Type.Object({
        format: Type.Enum(["html", "csv", "xlsx"], from("ReportFile.format")),
        size: Type.Integer(from("ReportFile.size")),
        sha256: Type.String(from("ReportFile.sha256")),
      }),
      run("files"),
    ),
    error: orNull(
      Type.Object({
        code: Type.String(from("ReportRunError.code")),
        detail: Type.String(from("ReportRunError.detail")),
      }),
      run("error"),
    ),
    created_at: moment(run("createdAt")),
    started_at: orNull(moment(), run("startedAt")),
    finished_at: orNull(moment(), run("finishedAt")),
  },
  { ...from("ReportRun"), title: "ReportRun" },
);

const nextCursor = orNull(Type.String(), { description: "Where the next page begins; null on the last one." });
/** A page of reports by name. */
export const reportListSchema = Type.Object({
  reports: Type.Array(reportSchema, { description: "The reports." }),
  next_cursor: nextCursor,
});
/** A page of runs, the newest first. */
export const reportRunListSchema = Type.Object({
  runs: Type.Array(reportRunSchema, { description: "The runs." }),
  next_cursor: nextCursor,
});
/** A report that is no more. */
export const removedReportSchema = Type.Object({ id: Type.String(from("ReportRemoved.id")) }, from("ReportRemoved"));
