import type { TenantId } from "../ids.ts";

/** Topic on which {@link DashboardChanged} is told. */
export const DASHBOARD_CHANGED = "dashboard.changed";

/** Told in the transaction that changed a dashboard; what it is now, and what was done, is read from its store. */
export interface DashboardChanged {
  readonly tenantId: TenantId;
  readonly dashboardId: string;
  readonly change: "EDITED" | "SHARED" | "DELETED";
  /** The version that an edit made, or that stood when anything else was changed. */
  readonly version: number;
}
