import type { TenantId } from "@tessera/contracts/ids";
import type { Dashboard, DashboardVersion } from "../../domain/dashboards/dashboard.ts";
import type { DashboardDocument } from "../../domain/dashboards/document.ts";
import type { Outcome } from "../../domain/dashboards/operation.ts";
import type { EditMade, Rebased } from "../../domain/dashboards/rebase.ts";
import type { Share, Sharing } from "../../domain/dashboards/sharing.ts";

/** A dashboard to be. */
export interface NewDashboard {
  readonly id: string;
  readonly document: DashboardDocument;
  readonly sharing: Sharing;
  /** Dashboards the tenant may have. */
  readonly limit: number;
}

/** How making a dashboard ended; one of the id that was there already is unchanged. */
export type CreateOutcome =
  | { readonly kind: "CREATED"; readonly dashboard: Dashboard; readonly changed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number };

/** An edit as it reaches the store. */
export interface NewEdit {
  readonly by: string;
  /** The version it was made on; null for the one now. */
  readonly baseVersion: number | null;
  /** What tells an edit that is sent again; null for what may be done again. */
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
  /** Versions it may lie behind for what was done since to be read. */
  readonly maxBehind: number;
  readonly restoredFrom: number | null;
  /** Every so many versions one is kept whole. */
  readonly snapshotEvery: number;
  /** Milliseconds that outcomes are kept. */
  readonly keptMs: number;
}

/** How an edit ended. */
export type EditOutcome =
  | {
      readonly kind: "EDITED";
      readonly dashboard: Dashboard;
      /** The version that stood after it. */
      readonly version: number;
      readonly outcomes: readonly Outcome[];
      /** True when it had been made before, and nothing was done now. */
      readonly replayed: boolean;
    }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Whether the dashboard is there for who asks, given it as it is now; refuses what they must not do. */
export type Allow = (dashboard: Dashboard) => boolean;

/** Decides on an edit, given the dashboard as it is now and what was done since the version it was made on. */
export type DecideEdit = (dashboard: Dashboard, since: readonly EditMade[]) => Rebased;

/** Who looks for dashboards. */
export interface Viewer {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly all: boolean;
}

/** A version kept whole, with those after it up to the one that was asked for. */
export interface VersionPath {
  readonly document: DashboardDocument;
  readonly following: readonly DashboardVersion[];
  readonly last: DashboardVersion;
}

/** Dashboards in PostgreSQL; the edits of each follow each other, and every change is told in the event log by the same transaction. */
export interface DashboardStore {
  /** In no particular order; what there is not is left out. */
  find(tenantId: TenantId, ids: readonly string[]): Promise<readonly Dashboard[]>;
  /** Those the viewer may see, by title and id after a place; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    viewer: Viewer,
    page: { readonly first: number; readonly after: { readonly title: string; readonly id: string } | null },
  ): Promise<readonly Dashboard[]>;
  /** The way to a version of a dashboard; null when it has none of the number. */
  pathTo(tenantId: TenantId, id: string, version: number): Promise<VersionPath | null>;
  /** Versions before a number, the newest first; one more than `first` tells that there is more. */
  versions(
    tenantId: TenantId,
    id: string,
    page: { readonly first: number; readonly before: number | null },
  ): Promise<readonly DashboardVersion[]>;
  create(tenantId: TenantId, one: NewDashboard): Promise<CreateOutcome>;
  edit(tenantId: TenantId, id: string, edit: NewEdit, allow: Allow, decide: DecideEdit): Promise<EditOutcome>;
  share(
    tenantId: TenantId,
    id: string,
    shares: { readonly view: Share; readonly edit: Share },
    allow: Allow,
  ): Promise<Dashboard | null>;
  /** False when there is none of the id. */
  remove(tenantId: TenantId, id: string, allow: Allow): Promise<boolean>;
}
