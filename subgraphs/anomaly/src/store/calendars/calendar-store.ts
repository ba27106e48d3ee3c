import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type {
  CalendarCodec,
  DeletedCalendar,
  SavedCalendar,
  SavedCalendarOutcome,
} from "../../domain/calendars/event-calendar.ts";
import { msColumn } from "../rule-row.ts";
import { lockRulesStatement } from "../rule-statements.ts";

/** Calendars of a tenant. */
export const MAX_CALENDARS = 50;
/** Rules that are named as going by a calendar; all a tenant has are no more than 200. */
const MAX_NAMED_RULES = 200;

/** A calendar to be saved: a new one, or another version of one that was read. */
export interface CalendarToSave {
  readonly id: string;
  /** The version that was read; null makes a new one. */
  readonly version: number | null;
  readonly definition: SavedCalendar["definition"];
}

/** Holidays and known events of a tenant. */
export interface CalendarStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly SavedCalendar[]>;
  find(tenantId: TenantId, id: string): Promise<SavedCalendar | null>;
  save(tenantId: TenantId, calendar: CalendarToSave, nowMs: number): Promise<SavedCalendarOutcome>;
  remove(tenantId: TenantId, id: string): Promise<DeletedCalendar>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const columns = z.object({
  ...{ id: z.string(), definition: z.unknown(), version: z.number(), createdAt: msColumn, changedAt: msColumn },
});
const nameRow = (row: unknown) => z.object({ id: z.string(), name: z.string(), version: z.number() }).parse(row);
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;

const statements = {
  /** Whoever changes which calendars a tenant has does so one after the other. */
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "calendars-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('event_calendar:' || $1, 0))",
    params: [tenantId],
  }),
  read: (tenantId: TenantId, id: string | null): SqlStatement => ({
    name: "calendars-read",
    text: `SELECT id, definition, version, created_at AS "createdAt", changed_at AS "changedAt" FROM event_calendar
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY name LIMIT $3`,
    params: [tenantId, id, MAX_CALENDARS],
  }),
  names: (tenantId: TenantId): SqlStatement => ({
    name: "calendars-names",
    text: "SELECT id, name, version FROM event_calendar WHERE tenant_id = $1",
    params: [tenantId],
  }),
  write: (tenantId: TenantId, id: string, name: string, definition: unknown, nowMs: number): SqlStatement => ({
    name: "calendars-write",
    text: `INSERT INTO event_calendar (tenant_id, id, name, definition, created_at, changed_at) VALUES ($1, $2, $3, $4::jsonb, $5, $5)
      ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, definition = excluded.definition, changed_at = excluded.changed_at,
        version = event_calendar.version + 1`,
    params: [tenantId, id, name, JSON.stringify(definition), at(nowMs)],
  }),
  rulesOf: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "calendars-rules",
    text: "SELECT id FROM anomaly_rule WHERE tenant_id = $1 AND calendar_id = $2 ORDER BY id LIMIT $3",
    params: [tenantId, id, MAX_NAMED_RULES],
  }),
  remove: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "calendars-remove",
    text: "DELETE FROM event_calendar WHERE tenant_id = $1 AND id = $2 RETURNING id",
    params: [tenantId, id],
  }),
};

/** Builds {@link CalendarStore}; `codec` reads and writes definitions. */
export const createCalendarStore = ({
  sql,
  codec,
}: {
  readonly sql: TenantSql;
  readonly codec: CalendarCodec;
}): CalendarStore => {
  const calendarRow = (row: unknown): SavedCalendar => {
    const { createdAt, changedAt, definition, ...same } = columns.parse(row);
    return { ...same, definition: codec.read(definition), createdAtMs: createdAt, changedAtMs: changedAt };
  };
  const save: CalendarStore["save"] = (tenantId, { id, version, definition }, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedCalendarOutcome> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const names = await transaction.run(statements.names(tenantId), nameRow);
      const there = names.find((one) => one.id === id);
      const found = async (): Promise<SavedCalendar> => {
        const [calendar] = await transaction.run(statements.read(tenantId, id), calendarRow);
        if (calendar === undefined) throw new Error("The calendar was not stored.");
        return calendar;
      };
      if (version !== null && there === undefined) return { kind: "NOT_FOUND" };
      if (version !== null && there?.version !== version) return { kind: "STALE", calendar: await found() };
      if (names.some((one) => one.name === definition.name && one.id !== id)) return { kind: "NAME_TAKEN" };
      if (there === undefined && names.length >= MAX_CALENDARS) return { kind: "LIMIT_REACHED", limit: MAX_CALENDARS };
      await transaction.run(statements.write(tenantId, id, definition.name, codec.write(definition), nowMs), nothing);
      return { kind: "SAVED", calendar: await found() };
    });
  const remove: CalendarStore["remove"] = (tenantId, id) =>
    sql.transaction(tenantId, async (transaction): Promise<DeletedCalendar> => {
      // Rules are written under the same lock, so that none comes to go by the calendar in between.
      await transaction.run(lockRulesStatement(tenantId), nothing);
      const rules = await transaction.run(statements.rulesOf(tenantId, id), idRow);
      if (rules.length > 0) return { kind: "IN_USE", rules };
      const removed = await transaction.run(statements.remove(tenantId, id), nothing);
      return { kind: removed.length > 0 ? "DELETED" : "NOT_FOUND" };
    });
  return {
    list: (tenantId) => sql.run(tenantId, statements.read(tenantId, null), calendarRow),
    find: async (tenantId, id) => (await sql.run(tenantId, statements.read(tenantId, id), calendarRow))[0] ?? null,
    ...{ save, remove },
  };
};
