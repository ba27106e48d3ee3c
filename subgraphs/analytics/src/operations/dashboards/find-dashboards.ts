import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { applyChanges } from "../../domain/dashboards/apply-change.ts";
import {
  MAX_DASHBOARDS_ON_PAGE,
  MAX_VERSIONS_ON_PAGE,
  type Dashboard,
  type DashboardVersion,
} from "../../domain/dashboards/dashboard.ts";
import { looksAfterAll, mayView, subjectOf } from "../../domain/dashboards/sharing.ts";
import { parseCount } from "../../domain/query.ts";
import type { DashboardStore } from "../../store/dashboards/dashboard-store-types.ts";

/** What finding dashboards needs. */
export interface FindDeps {
  readonly dashboards: DashboardStore;
}

/** A page of a list. */
export interface DashboardPage<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

interface Page {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** Dashboards by id, as they are now; null where there is none that the caller may see. */
export const findDashboards =
  ({ dashboards }: FindDeps) =>
  async (caller: Caller, ids: readonly string[]): Promise<readonly (Dashboard | null)[]> => {
    const found = await dashboards.find(
      caller.tenantId,
      ids.filter(isUuid).map((id) => id.toLowerCase()),
    );
    const byId = new Map(found.filter(({ sharing }) => mayView(sharing, caller)).map((one) => [one.id, one]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  };

/** A dashboard in a version, or as it is now; null when there is none that the caller may see. */
export const findDashboard =
  (deps: FindDeps) =>
  async (caller: Caller, id: string, version: number | null | undefined = null): Promise<Dashboard | null> => {
    const [now = null] = await findDashboards(deps)(caller, [id]);
    if (now === null || version === null || version === now.version) return now;
    const then = await deps.dashboards.pathTo(caller.tenantId, now.id, version);
    if (then === null) return null;
    const changes = then.following.flatMap((made) => made.changes);
    return {
      ...{ ...now, version, document: applyChanges(then.document, changes) },
      ...{ changedBy: then.last.by, changedAtMs: then.last.atMs },
    };
  };

const place = z.tuple([z.string(), z.string().refine(isUuid)]);

const encode = ({ document, id }: Dashboard): string =>
  Buffer.from(JSON.stringify([document.title, id]), "utf8").toString("base64url");
const decode = (cursor: string): { readonly title: string; readonly id: string } => {
  try {
    const [title, id] = place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    return { title, id };
  } catch (error) {
    throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" }, error);
  }
};

/** Dashboards the caller may see, by title. */
export const listDashboards =
  ({ dashboards }: FindDeps) =>
  async (caller: Caller, page: Page): Promise<DashboardPage<Dashboard>> => {
    const first = parseCount(page.first, "first", MAX_DASHBOARDS_ON_PAGE);
    const after = page.after ?? null;
    const viewer = { subject: subjectOf(caller), roles: caller.roles, all: looksAfterAll(caller) };
    const position = { first, after: after === null ? null : decode(after) };
    const found = await dashboards.list(caller.tenantId, viewer, position);
    const edges = found.slice(0, first).map((node) => ({ cursor: encode(node), node }));
    return { edges, hasNextPage: found.length > first, hasPreviousPage: after !== null };
  };

const numberOf = (cursor: string): number => {
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" });
};

/** Versions of a dashboard that the caller may see, the newest first. */
export const listDashboardVersions =
  ({ dashboards }: FindDeps) =>
  async (caller: Caller, id: string, page: Page): Promise<DashboardPage<DashboardVersion>> => {
    const first = parseCount(page.first, "first", MAX_VERSIONS_ON_PAGE);
    const after = page.after ?? null;
    const position = { first, before: after === null ? null : numberOf(after) };
    const found = await dashboards.versions(caller.tenantId, id, position);
    const edges = found.slice(0, first).map((node) => ({ cursor: String(node.version), node }));
    return { edges, hasNextPage: found.length > first, hasPreviousPage: after !== null };
  };
