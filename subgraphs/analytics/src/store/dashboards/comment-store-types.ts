import type { TenantId } from "@tessera/contracts/ids";
import type { Comment, CommentChange } from "../../domain/dashboards/comment.ts";

/** A comment to be; `at` is what it answers, null for one that begins a thread. */
export interface NewComment extends Pick<
  Comment,
  "id" | "dashboardId" | "widgetId" | "anchor" | "text" | "mentions" | "by"
> {
  readonly replyTo: string | null;
  readonly idempotency: { readonly key: string; readonly fingerprint: string };
  readonly limits: { readonly ofDashboard: number; readonly ofThread: number };
}

/** How commenting ended. */
export type AddOutcome =
  | { readonly kind: "COMMENTED"; readonly comment: Comment; readonly replayed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number; readonly of: "DASHBOARD" | "THREAD" }
  | { readonly kind: "NO_THREAD" };

/** A place in the list of a dashboard's comments. */
export interface CommentPlace {
  readonly atMs: number;
  readonly id: string;
}

/** Which comments of a dashboard. */
export interface CommentPage {
  readonly first: number;
  readonly after: CommentPlace | null;
  readonly threadId: string | null;
  readonly widgetId: string | null;
  /** Of threads that are settled, or are not; null for both. */
  readonly resolved: boolean | null;
}

/** Comments in PostgreSQL; every change is told in the event log by the same transaction. */
export interface CommentStore {
  /** Null when the tenant has none of the id. */
  find(tenantId: TenantId, id: string): Promise<Comment | null>;
  /** In the order they were written; one more than `first` tells that there is more. */
  list(tenantId: TenantId, dashboardId: string, page: CommentPage): Promise<readonly Comment[]>;
  /** Adds one, unless it was added by its key before; refuses with CONFLICT when that was another. The dashboard is there. */
  add(tenantId: TenantId, one: NewComment): Promise<AddOutcome>;
  /** Changes one, given it as it is now; null when there is none. */
  change(tenantId: TenantId, id: string, change: CommentChange, decide: DecideChange): Promise<Comment | null>;
}

/** The comment after a change, given it as it is now; null when nothing is different by it. Refuses what its caller must not do. */
export type DecideChange = (now: Comment, atMs: number) => Comment | null;
