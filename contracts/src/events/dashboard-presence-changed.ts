import type { TenantId } from "../ids.ts";

/** Topic on which {@link DashboardPresenceChanged} is told. */
export const DASHBOARD_PRESENCE_CHANGED = "dashboard.presence";

/** Told when somebody begins or ceases to look at a dashboard, or turns to another part of it; not while they go on. */
export interface DashboardPresenceChanged {
  readonly tenantId: TenantId;
  readonly dashboardId: string;
}
