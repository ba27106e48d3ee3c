import type { AnomalyId, IncidentId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { parseAnomalyId, parseIncidentId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Severity } from "../../domain/alerts/alert.ts";
import type { Incident, IncidentEntry, IncidentLink, IncidentState, Sign } from "../../domain/incidents/incident.ts";
import type { CheckedPage } from "../../domain/page.ts";
import { idColumn } from "../rule-row.ts";
import {
  ENTRY_COLUMNS,
  entryRow,
  INCIDENT_COLUMNS,
  incidentRow,
  LINK_COLUMNS,
  linkRow,
  SIGN_COLUMNS,
  signRow,
} from "./incident-rows.ts";

/** Which incidents a page shows; null means all. */
export interface IncidentFilter {
  readonly states: readonly IncidentState[] | null;
  readonly severity: Severity | null;
  readonly policy: string | null;
}

/** A tenant's incidents, to be read. */
export interface IncidentStore {
  findMany(tenantId: TenantId, ids: readonly IncidentId[]): Promise<readonly Incident[]>;
  /** One page, newest first. */
  page(tenantId: TenantId, page: CheckedPage<IncidentId>, filter: IncidentFilter): Promise<readonly Incident[]>;
  /** Entries of these incidents, oldest first; of more than so many of one the newest. */
  entriesOf(tenantId: TenantId, ids: readonly IncidentId[], most: number): Promise<readonly IncidentEntry[]>;
  /** Alerts of these incidents in the order they fired, at most so many of each. */
  signsOf(tenantId: TenantId, ids: readonly IncidentId[], most: number): Promise<readonly Sign[]>;
  /** Links of these incidents to others, the likest first. */
  linksOf(tenantId: TenantId, ids: readonly IncidentId[], most: number): Promise<readonly IncidentLink[]>;
  /** The incidents that these anomalies belong to. */
  ofAnomalies(
    tenantId: TenantId,
    ids: readonly AnomalyId[],
  ): Promise<readonly { readonly anomalyId: AnomalyId; readonly incidentId: IncidentId }[]>;
  /** Those that were opened within [fromMs, untilMs), oldest first. */
  openedWithin(
    tenantId: TenantId,
    range: { fromMs: number; untilMs: number },
    most: number,
  ): Promise<readonly Incident[]>;
  /** The open anomalies of an incident. */
  openAnomaliesOf(tenantId: TenantId, id: IncidentId): Promise<readonly AnomalyId[]>;
  /** Tenants of whose incidents the clock has something to say. */
  dueTenantsAcrossTenants(nowMs: number, most: number): Promise<readonly TenantId[]>;
  /** Removes what is older than is kept; answers how many rows. */
  forgetAcrossTenants(before: { readonly closedMs: number; readonly overMs: number }, most: number): Promise<number>;
}

const statements = {
  findMany: (tenantId: TenantId, ids: readonly IncidentId[]): SqlStatement => ({
    name: "incident-find-many",
    text: `SELECT ${INCIDENT_COLUMNS} FROM incident WHERE tenant_id = $1 AND id = ANY ($2)`,
    params: [tenantId, ids],
  }),
  page: (
    tenantId: TenantId,
    { first, after }: CheckedPage<IncidentId>,
    { states, severity, policy }: IncidentFilter,
  ): SqlStatement => ({
    name: "incident-page",
    text: `SELECT ${INCIDENT_COLUMNS} FROM incident WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text[] IS NULL OR state = ANY ($3))
      AND ($4::text IS NULL OR severity = $4) AND ($5::text IS NULL OR policy = $5) ORDER BY id DESC LIMIT $6`,
    params: [tenantId, after, states, severity, policy, first + 1],
  }),
  entries: (tenantId: TenantId, ids: readonly IncidentId[], most: number): SqlStatement => ({
    name: "incident-entries",
    text: `SELECT ${ENTRY_COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY incident_id ORDER BY sequence DESC) AS place
      FROM incident_entry WHERE tenant_id = $1 AND incident_id = ANY ($2)) entries WHERE place <= $3 ORDER BY incident_id, sequence`,
    params: [tenantId, ids, most],
  }),
  signs: (tenantId: TenantId, ids: readonly IncidentId[], most: number): SqlStatement => ({
    name: "incident-signs",
    text: `SELECT ${SIGN_COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY incident_id ORDER BY fired_at, anomaly_id) AS place
      FROM incident_sign WHERE tenant_id = $1 AND incident_id = ANY ($2)) signs WHERE place <= $3 ORDER BY incident_id, fired_at, anomaly_id`,
    params: [tenantId, ids, most],
  }),
  links: (tenantId: TenantId, ids: readonly IncidentId[], most: number): SqlStatement => ({
    name: "incident-links",
    text: `SELECT ${LINK_COLUMNS} FROM (
        SELECT *, row_number() OVER (PARTITION BY incident_id ORDER BY score DESC, other_id) AS place FROM (
          SELECT incident_id, other_id, score, reasons, linked_by, note, at FROM incident_link WHERE tenant_id = $1 AND incident_id = ANY ($2)
          UNION ALL SELECT other_id, incident_id, score, reasons, linked_by, note, at FROM incident_link WHERE tenant_id = $1 AND other_id = ANY ($2)
        ) both_ways) links WHERE place <= $3 ORDER BY incident_id, place`,
    params: [tenantId, ids, most],
  }),
  ofAnomalies: (tenantId: TenantId, ids: readonly AnomalyId[]): SqlStatement => ({
    name: "incident-of-anomalies",
    text: `SELECT anomaly_id AS "anomalyId", incident_id AS "incidentId" FROM incident_sign WHERE tenant_id = $1 AND anomaly_id = ANY ($2) AND incident_id IS NOT NULL`,
    params: [tenantId, ids],
  }),
  openedWithin: (tenantId: TenantId, fromMs: number, untilMs: number, most: number): SqlStatement => ({
    name: "incident-opened-within",
    text: `SELECT ${INCIDENT_COLUMNS} FROM incident WHERE tenant_id = $1 AND opened_at >= $2 AND opened_at < $3 ORDER BY opened_at, id LIMIT $4`,
    params: [tenantId, new Date(fromMs), new Date(untilMs), most],
  }),
  openAnomalies: (tenantId: TenantId, id: IncidentId): SqlStatement => ({
    name: "incident-open-anomalies",
    text: `SELECT anomaly_id AS id FROM incident_sign WHERE tenant_id = $1 AND incident_id = $2 AND state = 'OPEN' ORDER BY fired_at, anomaly_id`,
    params: [tenantId, id],
  }),
  due: (nowMs: number, most: number): SqlStatement => ({
    name: "incident-due-tenants",
    text: `SELECT tenant_id AS id FROM tenants_with_due_incidents_across_tenants($1, $2)`,
    params: [new Date(nowMs), most],
  }),
  forget: ({ closedMs, overMs }: { closedMs: number; overMs: number }, most: number): SqlStatement => ({
    name: "incident-forget",
    text: "SELECT forget_old_incidents_across_tenants($1, $2, $3)::integer AS count",
    params: [new Date(closedMs), new Date(overMs), most],
  }),
};

const tenantRow = z.object({ id: idColumn(parseTenantId) });
const anomalyRow = z.object({ id: idColumn(parseAnomalyId) });
const belongsRow = z.object({ anomalyId: idColumn(parseAnomalyId), incidentId: idColumn(parseIncidentId) });
const countRow = z.object({ count: z.number() });

/** Builds {@link IncidentStore}. */
export const createIncidentStore = (sql: TenantSql): IncidentStore => ({
  findMany: (tenantId, ids) => sql.run(tenantId, statements.findMany(tenantId, ids), incidentRow),
  page: (tenantId, page, filter) => sql.run(tenantId, statements.page(tenantId, page, filter), incidentRow),
  entriesOf: (tenantId, ids, most) => sql.run(tenantId, statements.entries(tenantId, ids, most), entryRow),
  signsOf: (tenantId, ids, most) => sql.run(tenantId, statements.signs(tenantId, ids, most), signRow),
  linksOf: (tenantId, ids, most) => sql.run(tenantId, statements.links(tenantId, ids, most), linkRow),
  ofAnomalies: (tenantId, ids) =>
    sql.run(tenantId, statements.ofAnomalies(tenantId, ids), (row) => belongsRow.parse(row)),
  openedWithin: (tenantId, { fromMs, untilMs }, most) =>
    sql.run(tenantId, statements.openedWithin(tenantId, fromMs, untilMs, most), incidentRow),
  openAnomaliesOf: async (tenantId, id) => {
    const rows = await sql.run(tenantId, statements.openAnomalies(tenantId, id), (row) => anomalyRow.parse(row));
    return rows.map((row) => row.id);
  },
  dueTenantsAcrossTenants: async (nowMs, most) =>
    (await sql.runAcrossTenants(statements.due(nowMs, most), (row) => tenantRow.parse(row))).map(({ id }) => id),
  forgetAcrossTenants: async (before, most) =>
    (await sql.runAcrossTenants(statements.forget(before, most), (row) => countRow.parse(row)))[0]?.count ?? 0,
});
