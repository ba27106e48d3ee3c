import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type {
  CalendarCodec,
  DeletedCalendar,
  SavedCalendar,
  SavedCalendarOutcome,
} from "../../domain/calendars/event-calendar.ts";
import {
  createNamedDefinitions,
  definitionColumns,
  savedDefinition,
  type DefinitionToSave,
} from "../named-definitions.ts";
import { lockRulesStatement } from "../rule-statements.ts";

/** Calendars of a tenant. */
export const MAX_CALENDARS = 50;
/** Rules that are named as going by a calendar; all a tenant has are no more than 200. */
const MAX_NAMED_RULES = 200;

/** Holidays and known events of a tenant. */
export interface CalendarStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly SavedCalendar[]>;
  find(tenantId: TenantId, id: string): Promise<SavedCalendar | null>;
  save(
    tenantId: TenantId,
    calendar: DefinitionToSave<SavedCalendar["definition"]>,
    nowMs: number,
  ): Promise<SavedCalendarOutcome>;
  remove(tenantId: TenantId, id: string): Promise<DeletedCalendar>;
}

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;

const statements = {
  read: (tenantId: TenantId, id: string | null): SqlStatement => ({
    name: "calendars-read",
    text: `SELECT id, definition, version, created_at AS "createdAt", changed_at AS "changedAt" FROM event_calendar
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY name LIMIT $3`,
    params: [tenantId, id, MAX_CALENDARS],
  }),
  rulesOf: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "calendars-rules",
    text: "SELECT id FROM anomaly_rule WHERE tenant_id = $1 AND calendar_id = $2 ORDER BY id LIMIT $3",
    params: [tenantId, id, MAX_NAMED_RULES],
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
  const calendarRow = (row: unknown): SavedCalendar => savedDefinition(definitionColumns.parse(row), codec);
  const definitions = createNamedDefinitions({
    ...{ sql, table: "event_calendar", most: MAX_CALENDARS, codec },
    read: (transaction, tenantId, id) => transaction.run(statements.read(tenantId, id), calendarRow),
  });
  const save: CalendarStore["save"] = async (tenantId, calendar, nowMs): Promise<SavedCalendarOutcome> => {
    const outcome = await definitions.save(tenantId, calendar, nowMs);
    return "saved" in outcome ? { kind: outcome.kind, calendar: outcome.saved } : outcome;
  };
  const remove: CalendarStore["remove"] = (tenantId, id) =>
    sql.transaction(tenantId, async (transaction): Promise<DeletedCalendar> => {
      // Rules are written under the same lock, so that none comes to go by the calendar in between.
      await transaction.run(lockRulesStatement(tenantId), nothing);
      const rules = await transaction.run(statements.rulesOf(tenantId, id), idRow);
      if (rules.length > 0) return { kind: "IN_USE", rules };
      return { kind: (await definitions.removeWithin(transaction, tenantId, id)) ? "DELETED" : "NOT_FOUND" };
    });
  return {
    list: (tenantId) => sql.run(tenantId, statements.read(tenantId, null), calendarRow),
    find: async (tenantId, id) => (await sql.run(tenantId, statements.read(tenantId, id), calendarRow))[0] ?? null,
    ...{ save, remove },
  };
};
