import type { TenantId } from "../ids.ts";

/** Topic on which {@link ReportChanged} is told. */
export const REPORT_CHANGED = "report.changed";

/** Told in the transaction that changed a report or one of its runs; what they are is read from their store. */
export interface ReportChanged {
  readonly tenantId: TenantId;
  readonly reportId: string;
  /** `KIND:id` of whom it belongs to: who else it is told is for who tells it to say. */
  readonly owner: string;
  /** The run that changed; null when the report itself did. */
  readonly runId: string | null;
  readonly change: "DEFINED" | "PAUSED" | "RESUMED" | "REMOVED" | "RUN";
  /** Grows with each change of the report or of the run; a reader ignores one it has seen. */
  readonly revision: number;
}

/** Topic on which {@link ReportReady} is told. */
export const REPORT_READY = "report.ready";

/** Told once for each run whose files are there, in the transaction that stored them; who delivers them reads them by their ids. */
export interface ReportReady {
  readonly tenantId: TenantId;
  readonly reportId: string;
  readonly runId: string;
  /** `KIND:id` of whom it belongs to: its files are read as them. */
  readonly owner: string;
  /** Ids of the channels by which its files are mailed. */
  readonly channels: readonly string[];
}
