import type { TenantId } from "@tessera/contracts/ids";
import type { DashboardDocument } from "./document.ts";
import type { EditMade } from "./rebase.ts";
import type { Sharing } from "./sharing.ts";

/** A dashboard as it is now; times are milliseconds since the epoch. */
export interface Dashboard {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly version: number;
  readonly latestVersion: number;
  readonly document: DashboardDocument;
  readonly sharing: Sharing;
  readonly createdAtMs: number;
  /** `KIND:id` of who made this version. */
  readonly changedBy: string;
  readonly changedAtMs: number;
}

/** What made a version. */
export interface DashboardVersion extends EditMade {
  /** The version it brought back; null for an edit. */
  readonly restoredFrom: number | null;
  readonly atMs: number;
}

/** Dashboards a tenant may have. */
export const MAX_DASHBOARDS = 500;
/** Dashboards on a page. */
export const MAX_DASHBOARDS_ON_PAGE = 100;
/** Versions on a page. */
export const MAX_VERSIONS_ON_PAGE = 100;
/** Versions that an edit may lie behind: what was done since is read at once. */
export const MAX_REBASE = 200;
/** Versions from one that is kept whole to the next: so many are applied at most to know one between. */
export const SNAPSHOT_EVERY = 20;
/** Milliseconds that the outcome of an edit is told again to who sends it again. */
export const EDIT_KEPT_MS = 604_800_000;
