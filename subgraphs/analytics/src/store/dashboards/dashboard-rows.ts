import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Dashboard, DashboardVersion } from "../../domain/dashboards/dashboard.ts";
import type { DashboardDocument } from "../../domain/dashboards/document.ts";
import type { Change, Outcome } from "../../domain/dashboards/operation.ts";

const time = z.date().transform((date) => date.getTime());
const scope = z.enum(["OWNER", "ROLES", "TENANT"]);

const documentShape = z.looseObject({
  title: z.string(),
  description: z.string(),
  variables: z.array(z.looseObject({ name: z.string() })),
  widgets: z.array(z.looseObject({ id: z.string(), order: z.string() })),
});
// boundary: a document is written by this store alone, after it was validated; questions are validated again before they are asked.
const document = z.unknown().transform((kept) => documentShape.parse(kept) as unknown as DashboardDocument);
const changes = z.array(z.looseObject({ kind: z.string() })).transform(
  (kept) =>
    // boundary: as documents, changes are written by this store alone.
    kept as unknown as readonly Change[],
);
const outcomes = z.array(z.looseObject({ kind: z.string() })).transform(
  (kept) =>
    // boundary: as documents, outcomes are written by this store alone.
    kept as unknown as readonly Outcome[],
);

const row = z.object({
  tenant_id: z.string(),
  id: z.string(),
  version: z.number(),
  document,
  owner: z.string(),
  view_scope: scope,
  view_roles: z.array(z.string()),
  edit_scope: scope,
  edit_roles: z.array(z.string()),
  created_at: time,
  changed_by: z.string(),
  changed_at: time,
});

/** Parses a row of `dashboard`. */
export const dashboardRow = (raw: unknown): Dashboard => {
  const one = row.parse(raw);
  const tenantId = parseTenantId(one.tenant_id);
  if (tenantId === null) throw new Error("A row of a dashboard has no valid tenant.");
  return {
    ...{ tenantId, id: one.id, version: one.version, latestVersion: one.version, document: one.document },
    sharing: {
      owner: one.owner,
      view: { scope: one.view_scope, roles: one.view_roles },
      edit: { scope: one.edit_scope, roles: one.edit_roles },
    },
    ...{ createdAtMs: one.created_at, changedBy: one.changed_by, changedAtMs: one.changed_at },
  };
};

const versionRow = z.object({
  version: z.number(),
  changes,
  restored_from: z.number().nullable(),
  made_by: z.string(),
  made_at: time,
});

/** Parses a row of `dashboard_version`. */
export const dashboardVersionRow = (raw: unknown): DashboardVersion => {
  const one = versionRow.parse(raw);
  return {
    ...{ version: one.version, changes: one.changes, by: one.made_by },
    ...{ restoredFrom: one.restored_from, atMs: one.made_at },
  };
};

/** Parses a row of `dashboard_version` with the document, where it is kept whole. */
export const wholeVersionRow = (
  raw: unknown,
): { readonly made: DashboardVersion; readonly document: DashboardDocument | null } => ({
  made: dashboardVersionRow(raw),
  document: z.object({ document: document.nullable() }).parse(raw).document,
});

const editRow = z.object({ fingerprint: z.string(), version: z.number(), outcomes });

/** Parses a row of `dashboard_edit`. */
export const dashboardEditRow = (raw: unknown) => editRow.parse(raw);
