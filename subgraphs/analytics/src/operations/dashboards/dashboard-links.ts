import type { Caller, Subject } from "@tessera/contracts/caller";
import { isUuid, parseApiKeyId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import { LINK_LIMITS, parseLink, type DashboardLink, type LinkInput } from "../../domain/dashboards/link.ts";
import { looksAfterAll, mayShare, mayView, subjectOf } from "../../domain/dashboards/sharing.ts";
import type { DashboardStore } from "../../store/dashboards/dashboard-store-types.ts";
import type { LinkStore } from "../../store/dashboards/link-store.ts";

/** What a credential of a link is made of. */
export interface LinkCredential {
  readonly sharer: Subject;
  /** What who shares must keep for the link to work. */
  readonly needs: readonly Permission[];
  /** Row filters and masks as data policies have them, in the words of the graph. */
  readonly rowFilters: readonly object[];
  readonly masks: readonly object[];
  readonly expiresAtMs: number;
}

/** Makes and ends the credentials of links, which are another room's. */
export interface LinkIssuer {
  /** Refuses with BAD_INPUT what is no policy. */
  issue(tenantId: TenantId, credential: LinkCredential): Promise<{ readonly id: string; readonly secret: string }>;
  end(tenantId: TenantId, id: string): Promise<void>;
}

/** What sharing by links needs. */
export interface LinkDeps {
  readonly dashboards: Pick<DashboardStore, "find">;
  readonly links: LinkStore;
  readonly issuer: LinkIssuer;
  readonly nowMs: NowMs;
}

/** A link to be, as the graph delivers it. */
export interface CreateLinkInput extends LinkInput {
  readonly rowFilters?: readonly object[];
  readonly masks?: readonly object[];
}

/** How making a link ended. */
export type CreateLinkOutcome =
  | { readonly kind: "CREATED"; readonly link: DashboardLink; readonly token: string }
  | { readonly kind: "TOO_MANY"; readonly limit: number }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** How ending a link ended. */
export type RevokeLinkOutcome =
  { readonly kind: "REVOKED"; readonly link: DashboardLink } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** The dashboard, for those who may share it; null when it is not there for the caller. Refuses with FORBIDDEN those who may only see it. */
const shareable = async ({ dashboards }: LinkDeps, caller: Caller, id: string): Promise<Dashboard | null> => {
  if (!isUuid(id)) return null;
  const [dashboard] = await dashboards.find(caller.tenantId, [id.toLowerCase()]);
  if (dashboard === undefined || !mayView(dashboard.sharing, caller)) return null;
  if (mayShare(dashboard.sharing, caller)) return dashboard;
  throw refuse("FORBIDDEN", "The dashboard is shared with the caller, but not for sharing it on: ask its owner.", {
    field: "id",
  });
};

/** A link may be presented from anywhere by anybody: who may not hand on what they see makes none. */
const requireFree = ({ subject, networks, grantId }: Caller): void => {
  if (networks !== null || grantId !== null || subject.kind === "SERVICE" || subject.kind === "LINK")
    throw refuse("FORBIDDEN", "Who is bound to networks, or acts under a grant, can't share beyond them.");
};

/** Makes a link to a dashboard; its token is told this once. */
export const createDashboardLink =
  (deps: LinkDeps) =>
  async (caller: Caller, id: string, input: CreateLinkInput): Promise<CreateLinkOutcome> => {
    const dashboard = await shareable(deps, caller, id);
    if (dashboard === null) return { kind: "NOT_FOUND", id };
    requireFree(caller);
    const parsed = parseLink(input, dashboard.document, deps.nowMs());
    const limit = LINK_LIMITS.ofDashboard;
    if ((await deps.links.working(caller.tenantId, dashboard.id)) >= limit) return { kind: "TOO_MANY", limit };
    const asKeeper = dashboard.sharing.owner !== subjectOf(caller) && looksAfterAll(caller);
    const needs: readonly Permission[] = ["analytics:read", ...(asKeeper ? (["access:manage"] as const) : [])];
    const issued = await deps.issuer.issue(caller.tenantId, {
      ...{ sharer: caller.subject, needs, expiresAtMs: parsed.expiresAtMs },
      ...{ rowFilters: input.rowFilters ?? [], masks: input.masks ?? [] },
    });
    const link = await deps.links.add(
      caller.tenantId,
      { ...parsed, id: issued.id, dashboardId: dashboard.id, sharedBy: subjectOf(caller), asKeeper },
      LINK_LIMITS.ended,
    );
    return { kind: "CREATED", link, token: issued.secret };
  };

/** Links to a dashboard, the newest first; null when it is not there for the caller. */
export const listDashboardLinks =
  (deps: LinkDeps) =>
  async (caller: Caller, id: string): Promise<readonly DashboardLink[] | null> => {
    const dashboard = await shareable(deps, caller, id);
    return dashboard === null ? null : deps.links.list(caller.tenantId, dashboard.id);
  };

/** Ends a link: nothing is answered to it from now on, and its credential is no more. */
export const revokeDashboardLink =
  (deps: LinkDeps) =>
  async (caller: Caller, id: string): Promise<RevokeLinkOutcome> => {
    const known = parseApiKeyId(id) === null ? null : await deps.links.find(caller.tenantId, id);
    const dashboard = known === null ? null : await shareable(deps, caller, known.dashboardId);
    const link = dashboard === null ? null : await deps.links.revoke(caller.tenantId, id);
    if (link === null) return { kind: "NOT_FOUND", id };
    await deps.issuer.end(caller.tenantId, id);
    return { kind: "REVOKED", link };
  };
