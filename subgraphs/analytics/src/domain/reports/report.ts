import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { TimeRangeInput } from "../asked-range.ts";
import type { VariableValueInput } from "../dashboards/variable.ts";
import type { ReportSchedule } from "./schedule.ts";

/** Kinds of files, as in the SDL. */
export const REPORT_FORMATS = ["HTML", "CSV", "XLSX"] as const;
/** One of {@link REPORT_FORMATS}. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What a report tells of. */
export interface ReportContentChoice {
  readonly source: "DASHBOARD" | "SAVED_QUERY";
  /** Id of the dashboard or saved query. */
  readonly sourceId: string;
  /** The version it tells of whatever comes after; null for the one there is. */
  readonly version: number | null;
  /** In place of the source's range; a relative one is taken at the moment the report is due. */
  readonly range: TimeRangeInput | null;
  readonly variables: readonly (VariableValueInput & { readonly name: string })[];
}

/** Why a report is not run by its schedule, as in the SDL. */
export type PauseReason = "ASKED" | "FAILURES";

/** A report as it is now; times are milliseconds since the epoch. */
export interface Report {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly name: string;
  readonly content: ReportContentChoice;
  readonly formats: readonly ReportFormat[];
  /** Null for one that is run by hand alone. */
  readonly schedule: ReportSchedule | null;
  readonly timeZone: string;
  readonly keepRuns: number;
  /** Ids of the channels by which the files of each run are mailed. */
  readonly channels: readonly string[];
  /** `KIND:id` of who defined it. */
  readonly owner: string;
  /** What its owner was permitted when it was defined. */
  readonly ownerPermissions: readonly Permission[];
  readonly paused: PauseReason | null;
  /** Runs that have failed since the last one that did not. */
  readonly failures: number;
  readonly revision: number;
  readonly nextDueMs: number | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** Where a run stands. */
export type ReportRunState = "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED";

/** A file of a run. */
export interface ReportFile {
  readonly format: ReportFormat;
  /** Bytes. */
  readonly size: number;
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** A run of a report; times are milliseconds since the epoch. */
export interface ReportRun {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly reportId: string;
  readonly dueMs: number;
  readonly byHand: boolean;
  readonly state: ReportRunState;
  readonly revision: number;
  readonly attempt: number;
  readonly fairTag: number;
  /** Parts of the report that are answered, of how many; null while that is not known. */
  readonly done: number;
  readonly parts: number | null;
  /** Version of the dashboard or saved query; null while it is not known. */
  readonly sourceVersion: number | null;
  readonly permissions: readonly string[];
  readonly policy: string;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly files: readonly ReportFile[];
}

/** What reports and their files are held to. */
export const REPORT_LIMITS = {
  /** Reports of a tenant: each is asked for by itself, and hourly at most. */
  reports: 200,
  name: 200,
  /** Values of variables. */
  variables: 20,
  /** Channels of one report: each has up to 50 mailboxes. */
  channels: 5,
  keptByDefault: 10,
  /** Runs of a report that are kept at most. */
  kept: 100,
  /** Unfinished runs of a tenant: what is waiting longer than this is not waited for. */
  unfinished: 50,
  /** Bytes of one file: what a mail may carry. */
  fileBytes: 20_000_000,
  /** Bytes of all files of a tenant. */
  tenantBytes: 500_000_000,
  /** Bytes of a file that are stored, and read, at once. */
  partBytes: 500_000,
  /** Runs that fail one after the other before a report pauses. */
  failures: 3,
  onPage: 100,
} as const;

/** Percent done, 0 to 100: 100 only for a run whose files are there. */
export const percentOfRun = ({ state, done, parts }: Pick<ReportRun, "state" | "done" | "parts">): number => {
  if (state === "SUCCEEDED") return 100;
  return parts === null || parts === 0 ? 0 : Math.min(99, Math.floor((100 * done) / parts));
};
