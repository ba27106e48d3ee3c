import type { Subject } from "@tessera/contracts/caller";
import { LIMIT_PASSED, type LimitPassed } from "@tessera/contracts/events/limit-passed";
import { LIMIT_METRICS } from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Breach, LimitFacts, MeteredUse, NewBreach, SetLimit } from "../domain/limits.ts";
import * as statements from "./limit-statements.ts";
import { timeColumn } from "./stored-row.ts";

/** A limit to set, or to unset: then the tier's, or none, holds again. */
export type LimitChange = SetLimit & { readonly unset: boolean };

/** Limits, and what they are held against. */
export interface LimitStore {
  /** What decides the limits of one key or person, or (null) of the tenant and everybody in it; null when there is no such tenant. */
  facts(tenantId: TenantId, subject: Subject | null, nowMs: number): Promise<LimitFacts | null>;
  /** The same within a transaction. */
  factsWith(
    transaction: SqlTransaction,
    tenantId: TenantId,
    subject: Subject | null,
    nowMs: number,
  ): Promise<LimitFacts | null>;
  /** Notes passed limits and tells of each, once. */
  noteWith(transaction: SqlTransaction, tenantId: TenantId, breaches: readonly NewBreach[]): Promise<void>;
  /** Changes limits together; false, and nothing is changed, when the tenant would have more than `maxKept`. */
  change(tenantId: TenantId, changes: readonly LimitChange[], atMs: number, maxKept: number): Promise<boolean>;
  /** Sets limits within a transaction. */
  setWith(transaction: SqlTransaction, tenantId: TenantId, limits: readonly SetLimit[], atMs: number): Promise<void>;
}

const scope = z.enum(["ORGANISATION", "TENANT", "API_KEY", "USER"]);
const metric = z.enum(LIMIT_METRICS);
const bound = z.coerce.number().nullable();
const tierRow = z.object({
  organisation_id: z.string().nullable(),
  tier: z.enum(["FREE", "TEAM", "BUSINESS", "ENTERPRISE"]),
});
const limitRow = z
  .object({ scope, scope_id: z.string(), metric, soft: bound, hard: bound, grace_seconds: z.number() })
  .transform((row): SetLimit => ({
    ...{ scope: row.scope, scopeId: row.scope_id, metric: row.metric },
    ...{ soft: row.soft, hard: row.hard, graceSeconds: row.grace_seconds },
  }));
const breachRow = z
  .object({
    scope,
    scope_id: z.string(),
    metric,
    level: z.enum(["SOFT", "HARD"]),
    period: z.string(),
    breached_at: timeColumn,
  })
  .transform((row): Breach => ({
    ...{ scope: row.scope, scopeId: row.scope_id, metric: row.metric, level: row.level },
    ...{ period: row.period, breachedAtMs: row.breached_at },
  }));
const useRow = z.object({
  events: z.coerce.number(),
  rows_read: z.coerce.number(),
  storage_bytes: z.coerce.number().default(0),
});
const subjectUseRow = useRow.extend({ subject_kind: z.string(), subject_id: z.string() });
const nothing = (): null => null;

const useOf = (row: z.infer<typeof useRow> | undefined, rowsRead = row?.rows_read ?? 0): MeteredUse => ({
  EVENTS_PER_MONTH: row?.events ?? 0,
  ROWS_READ_PER_DAY: rowsRead,
  STORAGE_BYTES: row?.storage_bytes ?? 0,
});

const readFacts = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  narrow: Subject | null,
  nowMs: number,
): Promise<LimitFacts | null> => {
  const [tenant] = await transaction.run(statements.tierStatement(tenantId), (row) => tierRow.parse(row));
  if (tenant === undefined) return null;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const month = `${day.slice(0, 7)}-01`;
  const limits = await transaction.run(statements.limitsStatement(tenantId, narrow), (row) => limitRow.parse(row));
  const breaches = await transaction.run(statements.breachesStatement(tenantId, month), (row) => breachRow.parse(row));
  const parseUse = (row: unknown) => useRow.parse(row);
  const [own] = await transaction.run(statements.tenantUseStatement(tenantId, month, day), parseUse);
  const subjects = limits.some((limit) => limit.scope === "API_KEY" || limit.scope === "USER")
    ? await transaction.run(statements.subjectUseStatement(tenantId, month, day, narrow), (row) =>
        subjectUseRow.parse(row),
      )
    : [];
  const used = new Map<string, MeteredUse>([["TENANT:", useOf(own)]]);
  for (const row of subjects) used.set(`${row.subject_kind}:${row.subject_id}`, useOf(row));
  const organisationId = tenant.organisation_id;
  if (organisationId !== null && limits.some((limit) => limit.scope === "ORGANISATION")) {
    const [ofMonth] = await transaction.run(statements.organisationUseStatement(month), parseUse);
    const [ofDay] = await transaction.run(statements.organisationUseStatement(day), parseUse);
    used.set(`ORGANISATION:${organisationId}`, useOf(ofMonth, ofDay?.rows_read ?? 0));
  }
  return { tenantId, organisationId, tier: tenant.tier, limits, breaches, used };
};

const passedOf = (tenantId: TenantId, breach: NewBreach): LimitPassed => ({
  ...{ tenantId, metric: breach.metric, scope: breach.scope, level: breach.level, period: breach.period },
  scopeId: breach.scope === "TENANT" ? tenantId : breach.scopeId,
  ...{ limit: breach.limit, used: breach.used, passedAtMs: breach.breachedAtMs, blockedFromMs: breach.blockedFromMs },
});

const note = async (
  eventLog: EventLog,
  transaction: SqlTransaction,
  tenantId: TenantId,
  breaches: readonly NewBreach[],
): Promise<void> => {
  for (const breach of breaches) {
    const noted = await transaction.run(statements.noteBreachStatement(tenantId, breach), () => true);
    if (noted.length === 0) continue;
    const { metric: of, scope: whose, scopeId, level, period } = breach;
    await eventLog.appendWith(transaction, {
      tenantId,
      topic: LIMIT_PASSED,
      dedupeKey: [of, whose, scopeId, level, period].join(":"),
      payload: passedOf(tenantId, breach),
    });
  }
};

/** Thrown inside a transaction to leave nothing of it behind. */
class TooMany extends Error {}

const apply = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  changes: readonly LimitChange[],
  atMs: number,
): Promise<void> => {
  for (const change of changes) {
    const set = (): ReturnType<typeof statements.setLimitStatement> =>
      change.scope === "ORGANISATION"
        ? statements.setOrganisationLimitStatement(change, atMs)
        : statements.setLimitStatement(tenantId, change, atMs);
    await transaction.run(change.unset ? statements.unsetLimitStatement(tenantId, change) : set(), nothing);
  }
};

/** Builds {@link LimitStore}. */
export const createLimitStore = ({
  sql,
  eventLog,
}: {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
}): LimitStore => ({
  facts: (tenantId, subject, nowMs) =>
    sql.transaction(tenantId, (transaction) => readFacts(transaction, tenantId, subject, nowMs)),
  factsWith: readFacts,
  noteWith: (transaction, tenantId, breaches) => note(eventLog, transaction, tenantId, breaches),
  change: (tenantId, changes, atMs, maxKept) =>
    sql
      .transaction(tenantId, async (transaction) => {
        await apply(transaction, tenantId, changes, atMs);
        const counted = z.object({ limits: z.number() });
        const [row] = await transaction.run(statements.countLimitsStatement(tenantId), (raw) => counted.parse(raw));
        if ((row?.limits ?? 0) > maxKept) throw new TooMany();
        return true;
      })
      .catch((error: unknown) => {
        if (error instanceof TooMany) return false;
        throw error;
      }),
  setWith: (transaction, tenantId, limits, atMs) =>
    apply(
      transaction,
      tenantId,
      limits.map((limit) => ({ ...limit, unset: false })),
      atMs,
    ),
});
