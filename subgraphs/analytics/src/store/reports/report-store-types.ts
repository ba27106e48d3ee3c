import type { TenantId } from "@tessera/contracts/ids";
import type { PauseReason, Report, ReportFormat, ReportRun } from "../../domain/reports/report.ts";

/** A report to be, or what is to become of one. */
export type NewReport = Pick<
  Report,
  | "id"
  | "name"
  | "content"
  | "formats"
  | "schedule"
  | "timeZone"
  | "keepRuns"
  | "channels"
  | "owner"
  | "ownerPermissions"
  | "nextDueMs"
> & {
  /** True for a report that is there already. */
  readonly known: boolean;
  /** Reports the tenant may have. */
  readonly limit: number;
};

/** How defining a report ended. */
export type DefineReportOutcome =
  | { readonly kind: "DEFINED"; readonly report: Report }
  | { readonly kind: "TOO_MANY"; readonly limit: number }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Whether a report is there for who asks, given it as it is now. */
export type AllowReport = (report: Report) => boolean;

/** How asking for a run ended; one that was asked for before is told again. */
export type AskRunOutcome =
  | { readonly kind: "ASKED"; readonly run: ReportRun }
  | { readonly kind: "TOO_MANY"; readonly limit: number }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** How beginning a try went. */
export type BeginRun =
  | { readonly kind: "BEGUN"; readonly run: ReportRun; readonly report: Report }
  /** The tenant has as many running as it may, or another worker still holds the run. */
  | { readonly kind: "WAIT" }
  /** Finished or gone. */
  | { readonly kind: "NOTHING" };

/** A file as it is to be stored. */
export interface NewReportFile {
  readonly format: ReportFormat;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** By what the answers of a run were made. */
export interface MadeBy {
  readonly permissions: readonly string[];
  /** Fingerprint of the data policy; empty for none. */
  readonly policy: string;
  readonly sourceVersion: number;
}

/** How a try ended. */
export type ReportRunEnd =
  | { readonly kind: "SUCCEEDED"; readonly files: readonly NewReportFile[]; readonly by: MadeBy }
  | { readonly kind: "FAILED"; readonly code: string; readonly detail: string }
  | { readonly kind: "QUEUED" };

/** What was read for a run. */
export interface RunUsage {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly storeMs: number;
}

/** A run's name across tenants. */
export interface ReportRunKey {
  readonly tenantId: TenantId;
  readonly runId: string;
}

/** When a due report is run now, and when it is due next; null when it is not due. */
export type Moments = (
  report: Report,
  nowMs: number,
) => { readonly dueMs: number; readonly nextMs: number | null } | null;

/** Reports, their runs and files in PostgreSQL; every change is told in the event log by the same transaction. */
export interface ReportStore {
  find(tenantId: TenantId, id: string): Promise<Report | null>;
  /** By name and id after a place, those of one owner or all; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    page: {
      readonly owner: string | null;
      readonly first: number;
      readonly after: { readonly name: string; readonly id: string } | null;
    },
  ): Promise<readonly Report[]>;
  define(tenantId: TenantId, report: NewReport, allow: AllowReport): Promise<DefineReportOutcome>;
  /** Pauses a report, or lets it run by its schedule from `nextMs` on; null when there is none for who asks. */
  pause(
    tenantId: TenantId,
    id: string,
    to: { readonly paused: PauseReason | null; readonly nextMs: (report: Report) => number | null },
    allow: AllowReport,
  ): Promise<Report | null>;
  remove(tenantId: TenantId, id: string, allow: AllowReport): Promise<boolean>;
  findRun(tenantId: TenantId, id: string): Promise<ReportRun | null>;
  /** The newest first, after a place; one more than `first` tells that there is more. */
  runs(
    tenantId: TenantId,
    reportId: string,
    page: { readonly first: number; readonly after: { readonly createdAtMs: number; readonly id: string } | null },
  ): Promise<readonly ReportRun[]>;
  /** A part of a file, from 0; null when it has none of the place. */
  filePart(tenantId: TenantId, runId: string, format: ReportFormat, place: number): Promise<Uint8Array | null>;
  /** Makes a run by hand; one of the same key is told again. */
  ask(
    tenantId: TenantId,
    reportId: string,
    asked: { readonly id: string; readonly key: string },
    allow: AllowReport,
  ): Promise<AskRunOutcome>;
  /** Makes the run of a report's moment if it is due, and sets its next one; null when it is not due, or somebody else is at it. */
  fire(tenantId: TenantId, reportId: string, runId: string, moments: Moments): Promise<ReportRun | null>;
  dueAcrossTenants(limit: number): Promise<readonly { readonly tenantId: TenantId; readonly id: string }[]>;
  noteDispatch(tenantId: TenantId, runId: string): Promise<void>;
  begin(tenantId: TenantId, runId: string, leaseSeconds: number): Promise<BeginRun>;
  /** Renews the lease and tells progress; false when this try is no longer the one that counts. */
  progress(
    run: ReportRun,
    made: { readonly done: number; readonly parts: number | null },
    leaseSeconds: number,
  ): Promise<boolean>;
  /** Ends a try, and drops runs past those that are kept; false when it is no longer the one that counts. */
  end(run: ReportRun, end: ReportRunEnd, usage: RunUsage): Promise<boolean>;
  undispatchedAcrossTenants(
    silentSeconds: number,
    limit: number,
  ): Promise<readonly (ReportRunKey & { readonly fairTag: number })[]>;
}
