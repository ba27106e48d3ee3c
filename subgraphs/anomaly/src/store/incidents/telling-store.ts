import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Telling, TimelineTelling } from "../../domain/incidents/tell-timeline.ts";
import { idColumn, msColumn } from "../rule-row.ts";

/** What was told of alerts, read within the transaction that has a tenant's incidents. */
export interface TellingStore {
  /** Of these deliveries, those that are over and told of an alert that belongs to an incident. */
  ofDeliveries(deliveryIds: readonly string[]): Promise<readonly Telling[]>;
  /** The newest deliveries that told of these anomalies and are over. */
  ofAnomalies(anomalyIds: readonly string[]): Promise<readonly Telling[]>;
  /** Which of these entries timelines have. */
  written(told: readonly TimelineTelling[]): Promise<ReadonlySet<string>>;
}

/** Opens {@link TellingStore} within a tenant's transaction. */
export type TellingsWithin = (transaction: SqlTransaction, tenantId: TenantId) => TellingStore;

const COLUMNS = `d.id AS "deliveryId", c.name AS "channelName", c.kind AS "channelKind", d.state, d.attempts, d.recipient->>'personId' AS "personId",
    d.finished_at AS "at", array_agg(DISTINCT n.anomaly_id) AS "anomalyIds"`;
const JOINED = `JOIN notify_delivery d ON d.tenant_id = n.tenant_id AND d.id = n.delivery_id AND d.state IN ('SENT', 'FAILED')
    JOIN notify_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id`;
const GROUPED = "GROUP BY d.tenant_id, d.id, c.tenant_id, c.id";

const tellingColumns = z.object({
  ...{ deliveryId: z.string(), channelName: z.string(), channelKind: z.string(), state: z.enum(["SENT", "FAILED"]) },
  ...{ attempts: z.number(), personId: z.string().nullable(), at: msColumn },
  anomalyIds: z.array(idColumn(parseAnomalyId)),
});
const tellingRow = (row: unknown): Telling => {
  const { at, ...same } = tellingColumns.parse(row);
  return { ...same, atMs: at };
};
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;

const ofDeliveriesStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "incidents-tellings-of-deliveries",
  text: `SELECT ${COLUMNS} FROM notify_notice n ${JOINED}
    JOIN incident_sign s ON s.tenant_id = n.tenant_id AND s.anomaly_id = n.anomaly_id AND s.incident_id IS NOT NULL
    WHERE n.tenant_id = $1 AND n.delivery_id = ANY ($2::uuid[]) ${GROUPED} ORDER BY d.finished_at, d.id`,
  params: [tenantId, ids],
});

const ofAnomaliesStatement = (tenantId: TenantId, ids: readonly string[], most: number): SqlStatement => ({
  name: "incidents-tellings-of-anomalies",
  text: `SELECT * FROM (
      SELECT ${COLUMNS} FROM notify_notice n ${JOINED}
      WHERE n.tenant_id = $1 AND n.anomaly_id = ANY ($2::uuid[]) ${GROUPED} ORDER BY d.finished_at DESC, d.id DESC LIMIT $3
    ) told ORDER BY "at", "deliveryId"`,
  params: [tenantId, ids, most],
});

const writtenStatement = (tenantId: TenantId, told: readonly TimelineTelling[]): SqlStatement => ({
  name: "incidents-written-tellings",
  text: `SELECT e.id FROM unnest($2::uuid[], $3::uuid[]) AS told (incident_id, id)
    JOIN incident_entry e ON e.tenant_id = $1 AND e.incident_id = told.incident_id AND e.id = told.id`,
  params: [tenantId, told.map(({ incidentId }) => incidentId), told.map(({ entryId }) => entryId)],
});

/** Builds {@link TellingsWithin}; `most` deliveries are read of anomalies at a time. */
export const createTellingsWithin =
  (most: number): TellingsWithin =>
  (transaction, tenantId) => ({
    ofDeliveries: (ids) => transaction.run(ofDeliveriesStatement(tenantId, ids), tellingRow),
    ofAnomalies: (ids) => transaction.run(ofAnomaliesStatement(tenantId, ids, most), tellingRow),
    written: async (told) =>
      new Set(told.length === 0 ? [] : await transaction.run(writtenStatement(tenantId, told), idRow)),
  });
