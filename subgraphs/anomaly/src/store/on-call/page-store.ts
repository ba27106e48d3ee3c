import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { ContactsOfPerson } from "../../domain/on-call/escalation.ts";
import type { OnCallCodec, SavedOnCallSchedule } from "../../domain/on-call/saved-schedule.ts";
import type { Page, PageOutcome } from "../../domain/on-call/page.ts";
import { idColumn, msColumn } from "../rule-row.ts";
import { parseAlertChanged } from "../notify/notify-rows.ts";
import { contactsRow, contactsStatement } from "./escalation-store.ts";
import { readScheduleStatement, scheduleRowParser } from "./on-call-store.ts";

/** Pages of an anomaly that are listed. */
const MAX_LISTED = 200;
/** Tenants whose pages are looked after at a time. */
const MAX_TENANTS = 32;
/** Pages that are over and forgotten at a time, once they are older than is kept. */
const FORGET_AT_ONCE = 200;

/** A page to be made. */
type NewPage = Pick<
  Page,
  "id" | "transitionId" | "anomalyId" | "policy" | "step" | "target" | "contact" | "alert" | "dueMs"
>;

/** Who was told of an anomaly by its pages: by which channel, and whom. */
interface ToldBefore {
  readonly channelId: string;
  readonly recipient: { readonly personId: string; readonly address: string | null } | null;
}

/** Where pages are found. */
export interface PageStore {
  /** Tenants that have a page which is due, those that wait longest first. */
  tenantsWithDueAcrossTenants(nowMs: number): Promise<readonly TenantId[]>;
  /** The pages of an anomaly, in the order they were made, at most 200. */
  ofAnomaly(tenantId: TenantId, anomalyId: string): Promise<readonly Page[]>;
  /** Lets a page wait that could not be told. */
  postpone(tenantId: TenantId, id: string, dueMs: number): Promise<void>;
  forgetOver(tenantId: TenantId, beforeMs: number): Promise<void>;
}

/** What is done about pages within a transaction of a tenant. */
export interface PagesWithin {
  /** Holds the tenant's pages until the transaction ends; false when somebody else does. */
  hold(): Promise<boolean>;
  /** Puts a page down; one that is there stays as it is. */
  add(page: NewPage): Promise<void>;
  /** Whether any page tells of an anomaly. */
  isPaged(anomalyId: string): Promise<boolean>;
  /** The page that has been due longest. */
  nextDue(nowMs: number): Promise<Page | null>;
  finish(id: string, outcome: PageOutcome, personId: string | null, nowMs: number): Promise<void>;
  /** Where an anomaly stands; null: there is none. */
  stateOf(anomalyId: string): Promise<string | null>;
  schedule(id: string, nowMs: number): Promise<SavedOnCallSchedule | null>;
  contactsOf(personId: string): Promise<ContactsOfPerson["contacts"]>;
  toldBefore(anomalyId: string): Promise<readonly ToldBefore[]>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const PAGE_COLUMNS = `id, transition_id AS "transitionId", anomaly_id AS "anomalyId", policy, step, target_kind AS "targetKind", target_id AS "targetId",
  contact, alert, due_at AS "dueAt", person_id AS "personId", outcome, finished_at AS "finishedAt"`;
const recipientColumn = z.object({ personId: z.string(), address: z.string().nullable() });
const pageColumns = z.object({
  ...{ id: z.string(), transitionId: z.string(), anomalyId: z.string(), policy: z.string() },
  ...{ step: z.number().nullable(), targetId: z.string(), alert: z.unknown(), dueAt: msColumn },
  targetKind: z.enum(["SCHEDULE", "PERSON", "CHANNEL", "CONTACT", "TOLD"]),
  contact: z.object({ channelId: z.string(), address: z.string().nullable() }).nullable(),
  ...{ personId: z.string().nullable(), finishedAt: msColumn.nullable() },
  outcome: z.enum(["TOLD", "NOBODY_ON_CALL", "NO_CONTACT", "NO_CHANNEL", "NOT_NEEDED"]).nullable(),
});
const pageRow = (row: unknown): Page => {
  const { targetKind: kind, targetId: id, alert, dueAt, finishedAt, ...same } = pageColumns.parse(row);
  return { ...same, target: { kind, id }, alert: parseAlertChanged(alert), dueMs: dueAt, finishedAtMs: finishedAt };
};
const tenantRow = (row: unknown): TenantId => z.object({ tenant_id: idColumn(parseTenantId) }).parse(row).tenant_id;
const heldRow = (row: unknown): boolean => z.object({ held: z.boolean() }).parse(row).held;
const stateRow = (row: unknown): string => z.object({ state: z.string() }).parse(row).state;
const toldRow = (row: unknown): ToldBefore =>
  z.object({ channelId: z.string(), recipient: recipientColumn.nullable() }).parse(row);

const statements = {
  hold: (tenantId: TenantId): SqlStatement => ({
    name: "page-hold",
    text: "SELECT pg_try_advisory_xact_lock(hashtextextended('escalation_page:' || $1, 0)) AS held",
    params: [tenantId],
  }),
  add: (tenantId: TenantId, page: NewPage): SqlStatement => ({
    name: "page-add",
    text: `INSERT INTO escalation_page (tenant_id, id, transition_id, anomaly_id, policy, step, target_kind, target_id, contact, alert, due_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::json, $11) ON CONFLICT (tenant_id, id) DO NOTHING`,
    params: [
      ...[
        tenantId,
        page.id,
        page.transitionId,
        page.anomalyId,
        page.policy,
        page.step,
        page.target.kind,
        page.target.id,
      ],
      ...[page.contact === null ? null : JSON.stringify(page.contact), JSON.stringify(page.alert), at(page.dueMs)],
    ],
  }),
  isPaged: (tenantId: TenantId, anomalyId: string): SqlStatement => ({
    name: "page-is-there",
    text: "SELECT id FROM escalation_page WHERE tenant_id = $1 AND anomaly_id = $2 LIMIT 1",
    params: [tenantId, anomalyId],
  }),
  nextDue: (tenantId: TenantId, nowMs: number): SqlStatement => ({
    name: "page-next-due",
    text: `SELECT ${PAGE_COLUMNS} FROM escalation_page WHERE tenant_id = $1 AND finished_at IS NULL AND due_at <= $2 ORDER BY due_at, seq LIMIT 1`,
    params: [tenantId, at(nowMs)],
  }),
  finish: (
    tenantId: TenantId,
    id: string,
    outcome: PageOutcome,
    personId: string | null,
    nowMs: number,
  ): SqlStatement => ({
    name: "page-finish",
    text: "UPDATE escalation_page SET outcome = $3, person_id = $4, finished_at = $5 WHERE tenant_id = $1 AND id = $2 AND finished_at IS NULL",
    params: [tenantId, id, outcome, personId, at(nowMs)],
  }),
  stateOf: (tenantId: TenantId, anomalyId: string): SqlStatement => ({
    name: "page-state-of-anomaly",
    text: "SELECT CASE WHEN state <> 'RESOLVED' AND acknowledgement IS NOT NULL THEN 'ACKNOWLEDGED' ELSE state END AS state FROM anomaly WHERE tenant_id = $1 AND id = $2",
    params: [tenantId, anomalyId],
  }),
  toldBefore: (tenantId: TenantId, anomalyId: string): SqlStatement => ({
    name: "page-told-before",
    text: `SELECT DISTINCT n.channel_id AS "channelId", d.recipient FROM notify_notice n
      JOIN notify_delivery d ON d.tenant_id = n.tenant_id AND d.id = n.delivery_id
      WHERE n.tenant_id = $1 AND n.anomaly_id = $2 AND n.route LIKE 'escalation %'`,
    params: [tenantId, anomalyId],
  }),
  ofAnomaly: (tenantId: TenantId, anomalyId: string): SqlStatement => ({
    name: "page-of-anomaly",
    text: `SELECT ${PAGE_COLUMNS} FROM (SELECT * FROM escalation_page WHERE tenant_id = $1 AND anomaly_id = $2 ORDER BY seq DESC LIMIT $3) p ORDER BY p.seq`,
    params: [tenantId, anomalyId, MAX_LISTED],
  }),
  postpone: (tenantId: TenantId, id: string, dueMs: number): SqlStatement => ({
    name: "page-postpone",
    text: "UPDATE escalation_page SET due_at = $3 WHERE tenant_id = $1 AND id = $2 AND finished_at IS NULL",
    params: [tenantId, id, at(dueMs)],
  }),
  forget: (tenantId: TenantId, beforeMs: number): SqlStatement => ({
    name: "page-forget",
    text: `DELETE FROM escalation_page WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM escalation_page WHERE tenant_id = $1 AND finished_at < $2 LIMIT $3)`,
    params: [tenantId, at(beforeMs), FORGET_AT_ONCE],
  }),
};

/** Builds {@link PagesWithin} within a transaction of a tenant. */
export const pagesWithin =
  (codec: OnCallCodec) =>
  (transaction: SqlTransaction, tenantId: TenantId): PagesWithin => ({
    hold: async () => (await transaction.run(statements.hold(tenantId), heldRow))[0] ?? false,
    add: async (page) => {
      await transaction.run(statements.add(tenantId, page), nothing);
    },
    isPaged: async (anomalyId) => (await transaction.run(statements.isPaged(tenantId, anomalyId), nothing)).length > 0,
    nextDue: async (nowMs) => (await transaction.run(statements.nextDue(tenantId, nowMs), pageRow))[0] ?? null,
    finish: async (id, outcome, personId, nowMs) => {
      await transaction.run(statements.finish(tenantId, id, outcome, personId, nowMs), nothing);
    },
    stateOf: async (anomalyId) => (await transaction.run(statements.stateOf(tenantId, anomalyId), stateRow))[0] ?? null,
    schedule: async (id, nowMs) =>
      (await transaction.run(readScheduleStatement(tenantId, id, nowMs), scheduleRowParser(codec)))[0] ?? null,
    contactsOf: async (personId) =>
      (await transaction.run(contactsStatement(tenantId, [personId]), contactsRow))[0]?.contacts ?? [],
    toldBefore: (anomalyId) => transaction.run(statements.toldBefore(tenantId, anomalyId), toldRow),
  });

/** Builds {@link PageStore}. */
export const createPageStore = (sql: TenantSql): PageStore => ({
  tenantsWithDueAcrossTenants: (nowMs) =>
    sql.runAcrossTenants(
      {
        name: "page-tenants-with-due-across-tenants",
        text: "SELECT tenant_id FROM tenants_with_due_pages_across_tenants($1, $2)",
        params: [at(nowMs), MAX_TENANTS],
      },
      tenantRow,
    ),
  ofAnomaly: (tenantId, anomalyId) => sql.run(tenantId, statements.ofAnomaly(tenantId, anomalyId), pageRow),
  postpone: async (tenantId, id, dueMs) => {
    await sql.run(tenantId, statements.postpone(tenantId, id, dueMs), nothing);
  },
  forgetOver: async (tenantId, beforeMs) => {
    await sql.run(tenantId, statements.forget(tenantId, beforeMs), nothing);
  },
});
