import type { TenantId } from "../ids.ts";

/** Topic on which {@link DashboardCommented} is told. */
export const DASHBOARD_COMMENTED = "dashboard.commented";

/** Told in the transaction that changed a comment on a dashboard; its words are read from its store, so that removed ones are told nobody. */
export interface DashboardCommented {
  readonly tenantId: TenantId;
  readonly dashboardId: string;
  readonly commentId: string;
  readonly change: "ADDED" | "EDITED" | "RESOLVED" | "REOPENED" | "REMOVED";
  /** The comment's revision by it, from 1. */
  readonly revision: number;
}
