import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { OnCallOverride } from "../../domain/on-call/on-call-schedule.ts";
import type { OnCallCodec, SavedOnCallSchedule } from "../../domain/on-call/saved-schedule.ts";
import type { AddedOverride, SavedSchedule } from "../../domain/silences/outcomes.ts";
import {
  createNamedDefinitions,
  definitionColumns,
  savedDefinition,
  type DefinitionToSave,
} from "../named-definitions.ts";

/** Schedules of a tenant. */
export const MAX_SCHEDULES = 50;
/** Overrides of a schedule that are not over: each is looked at whenever somebody asks who is on call. */
export const MAX_OVERRIDES = 200;

/** Who is on call of a tenant, with who stands in from now on. */
export interface OnCallStore {
  list(tenantId: TenantId, nowMs: number): Promise<readonly SavedOnCallSchedule[]>;
  find(tenantId: TenantId, id: string, nowMs: number): Promise<SavedOnCallSchedule | null>;
  save(
    tenantId: TenantId,
    schedule: DefinitionToSave<SavedOnCallSchedule["definition"]>,
    nowMs: number,
  ): Promise<SavedSchedule>;
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  /** Puts down who stands in, and forgets who did. */
  addOverride(tenantId: TenantId, scheduleId: string, override: OnCallOverride, nowMs: number): Promise<AddedOverride>;
  removeOverride(tenantId: TenantId, id: string): Promise<boolean>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const scheduleColumns = definitionColumns.extend({
  overrides: z.array(z.object({ id: z.string(), personId: z.string(), fromMs: z.number(), untilMs: z.number() })),
});
const countRow = (row: unknown): number => z.object({ count: z.number() }).parse(row).count;

/** One schedule of a tenant, or all, with who stands in from a moment on. */
export const readScheduleStatement = (tenantId: TenantId, id: string | null, nowMs: number): SqlStatement => ({
  name: "on-call-read",
  text: `SELECT s.id, s.definition, s.version, s.created_at AS "createdAt", s.changed_at AS "changedAt", coalesce((
      SELECT json_agg(json_build_object('id', o.id, 'personId', o.person_id, 'fromMs', extract(epoch FROM o.from_at) * 1000,
        'untilMs', extract(epoch FROM o.until_at) * 1000) ORDER BY o.id)
      FROM on_call_override o WHERE o.tenant_id = s.tenant_id AND o.schedule_id = s.id AND o.until_at > $3), '[]') AS overrides
    FROM on_call_schedule s WHERE s.tenant_id = $1 AND ($2::uuid IS NULL OR s.id = $2) ORDER BY s.name LIMIT $4`,
  params: [tenantId, id, at(nowMs), MAX_SCHEDULES],
});

/** Makes the parser of schedules; it throws ZodError when a row is broken. */
export const scheduleRowParser =
  (codec: Pick<OnCallCodec, "read">) =>
  (row: unknown): SavedOnCallSchedule => {
    const { overrides, ...columns } = scheduleColumns.parse(row);
    return { ...savedDefinition(columns, codec), overrides };
  };

const statements = {
  forgetOverrides: (tenantId: TenantId, scheduleId: string, nowMs: number): SqlStatement => ({
    name: "on-call-forget-overrides",
    text: "DELETE FROM on_call_override WHERE tenant_id = $1 AND schedule_id = $2 AND until_at <= $3",
    params: [tenantId, scheduleId, at(nowMs)],
  }),
  countOverrides: (tenantId: TenantId, scheduleId: string): SqlStatement => ({
    name: "on-call-count-overrides",
    text: "SELECT count(*)::integer AS count FROM on_call_override WHERE tenant_id = $1 AND schedule_id = $2",
    params: [tenantId, scheduleId],
  }),
  addOverride: (
    tenantId: TenantId,
    scheduleId: string,
    { id, personId, fromMs, untilMs }: OnCallOverride,
  ): SqlStatement => ({
    name: "on-call-add-override",
    text: "INSERT INTO on_call_override (tenant_id, id, schedule_id, person_id, from_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)",
    params: [tenantId, id, scheduleId, personId, at(fromMs), at(untilMs)],
  }),
  removeOverride: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "on-call-remove-override",
    text: "DELETE FROM on_call_override WHERE tenant_id = $1 AND id = $2 RETURNING id",
    params: [tenantId, id],
  }),
};

/** Builds {@link OnCallStore}; `codec` reads and writes definitions. */
export const createOnCallStore = ({
  sql,
  codec,
}: {
  readonly sql: TenantSql;
  readonly codec: OnCallCodec;
}): OnCallStore => {
  const scheduleRow = scheduleRowParser(codec);
  const definitions = createNamedDefinitions({
    ...{ sql, table: "on_call_schedule", most: MAX_SCHEDULES, codec },
    read: (transaction, tenantId, id, nowMs) =>
      transaction.run(readScheduleStatement(tenantId, id, nowMs), scheduleRow),
  });
  const save: OnCallStore["save"] = async (tenantId, schedule, nowMs): Promise<SavedSchedule> => {
    const outcome = await definitions.save(tenantId, schedule, nowMs);
    return "saved" in outcome ? { kind: outcome.kind, schedule: outcome.saved } : outcome;
  };
  const addOverride: OnCallStore["addOverride"] = (tenantId, scheduleId, override, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<AddedOverride> => {
      await definitions.lock(transaction, tenantId);
      const [there] = await transaction.run(readScheduleStatement(tenantId, scheduleId, nowMs), scheduleRow);
      if (there === undefined) return { kind: "NOT_FOUND" };
      await transaction.run(statements.forgetOverrides(tenantId, scheduleId, nowMs), nothing);
      const [count = 0] = await transaction.run(statements.countOverrides(tenantId, scheduleId), countRow);
      if (count >= MAX_OVERRIDES) return { kind: "LIMIT_REACHED", limit: MAX_OVERRIDES };
      await transaction.run(statements.addOverride(tenantId, scheduleId, override), nothing);
      return { kind: "SAVED", schedule: { ...there, overrides: [...there.overrides, override] } };
    });
  return {
    list: (tenantId, nowMs) => sql.run(tenantId, readScheduleStatement(tenantId, null, nowMs), scheduleRow),
    find: async (tenantId, id, nowMs) =>
      (await sql.run(tenantId, readScheduleStatement(tenantId, id, nowMs), scheduleRow))[0] ?? null,
    ...{ save, addOverride, remove: definitions.remove },
    removeOverride: async (tenantId, id) =>
      (await sql.run(tenantId, statements.removeOverride(tenantId, id), nothing)).length > 0,
  };
};
