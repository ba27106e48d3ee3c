import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { Anomaly, AnomalyState, Standing, Step, SteppedAnomaly } from "../domain/anomaly.ts";
import type { CheckedPage } from "../domain/page.ts";
import { ANOMALY_COLUMNS, parseAnomalyRow, standingColumnsOf } from "./anomaly-row.ts";
import type { TenantModels } from "./tenant-models.ts";

/** Which anomalies a page shows; null means all. */
interface AnomalyFilter {
  readonly state: AnomalyState | null;
  readonly ruleId: RuleId | null;
}

/** A tenant's anomalies. */
export interface AnomalyStore {
  /** Takes an anomaly one step on, as `decide` says of where it stands; nobody else moves it in between. */
  step(tenantId: TenantId, id: AnomalyId, decide: (standing: Standing) => Step): Promise<SteppedAnomaly>;
  /** Those of the anomalies that exist, in no order. */
  findMany(tenantId: TenantId, ids: readonly AnomalyId[]): Promise<readonly Anomaly[]>;
  /** The anomalies of these rules that are not resolved: at most one of each. */
  findOpenOfRules(tenantId: TenantId, ruleIds: readonly RuleId[]): Promise<readonly Anomaly[]>;
  /** One page, newest first. */
  page(tenantId: TenantId, request: CheckedPage<AnomalyId>, filter: AnomalyFilter): Promise<readonly Anomaly[]>;
}

const lockStatement = (tenantId: TenantId, id: AnomalyId): SqlStatement => ({
  name: "anomaly-lock",
  text: `SELECT ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
  params: [tenantId, id],
});

/** Saves where an anomaly stands. */
export const saveStandingStatement = (tenantId: TenantId, id: AnomalyId, standing: Standing): SqlStatement => {
  const { state, acknowledgement, resolution } = standingColumnsOf(standing);
  return {
    name: "anomaly-save-standing",
    text: `UPDATE anomaly SET state = $3, acknowledgement = $4::jsonb, resolution = $5::jsonb
      WHERE tenant_id = $1 AND id = $2 RETURNING ${ANOMALY_COLUMNS}`,
    params: [tenantId, id, state, acknowledgement, resolution],
  };
};

const step = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: AnomalyId,
  decide: (standing: Standing) => Step,
): Promise<SteppedAnomaly> => {
  const [anomaly] = await transaction.run(lockStatement(tenantId, id), parseAnomalyRow);
  if (anomaly === undefined) return { kind: "NOT_FOUND" };
  const decision = decide(anomaly.standing);
  if (!decision.allowed) return { kind: "REFUSED", anomaly };
  const [saved] = await transaction.run(saveStandingStatement(tenantId, id, decision.standing), parseAnomalyRow);
  if (saved === undefined) throw new Error("The anomaly's state was not stored.");
  return { kind: "SAVED", anomaly: saved };
};

/** Builds {@link AnomalyStore}: reads through Prisma, steps in a transaction that holds the anomaly. */
export const createAnomalyStore = ({ sql, models }: { sql: TenantSql; models: TenantModels }): AnomalyStore => ({
  step: (tenantId, id, decide) => sql.transaction(tenantId, (transaction) => step(transaction, tenantId, id, decide)),
  findMany: (tenantId, ids) =>
    models.read(tenantId, async (tables) => {
      const rows = await tables.anomaly.findMany({ where: { tenantId, id: { in: [...ids] } } });
      return rows.map(parseAnomalyRow);
    }),
  findOpenOfRules: (tenantId, ruleIds) =>
    models.read(tenantId, async (tables) => {
      const rows = await tables.anomaly.findMany({
        where: { tenantId, ruleId: { in: [...ruleIds] }, state: { not: "RESOLVED" } },
      });
      return rows.map(parseAnomalyRow);
    }),
  page: (tenantId, { first, after }, { state, ruleId }) =>
    models.read(tenantId, async (tables) => {
      const rows = await tables.anomaly.findMany({
        where: {
          tenantId,
          ...(after === null ? {} : { id: { lt: after } }),
          ...(state === null ? {} : { state }),
          ...(ruleId === null ? {} : { ruleId }),
        },
        orderBy: { id: "desc" },
        take: first,
      });
      return rows.map(parseAnomalyRow);
    }),
});
