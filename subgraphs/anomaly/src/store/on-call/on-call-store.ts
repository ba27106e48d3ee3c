import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { OnCallOverride } from "../../domain/on-call/on-call-schedule.ts";
import type { OnCallCodec, SavedOnCallSchedule } from "../../domain/on-call/saved-schedule.ts";
import type { AddedOverride, SavedSchedule } from "../../domain/silences/outcomes.ts";
import { msColumn } from "../rule-row.ts";

/** Schedules of a tenant. */
export const MAX_SCHEDULES = 50;
/** Overrides of a schedule that are not over: each is looked at whenever somebody asks who is on call. */
export const MAX_OVERRIDES = 200;

/** A schedule to be saved: a new one, or another version of one that was read. */
export interface ScheduleToSave {
  readonly id: string;
  /** The version that was read; null makes a new one. */
  readonly version: number | null;
  readonly definition: SavedOnCallSchedule["definition"];
}

/** Who is on call of a tenant, with who stands in from now on. */
export interface OnCallStore {
  list(tenantId: TenantId, nowMs: number): Promise<readonly SavedOnCallSchedule[]>;
  find(tenantId: TenantId, id: string, nowMs: number): Promise<SavedOnCallSchedule | null>;
  save(tenantId: TenantId, schedule: ScheduleToSave, nowMs: number): Promise<SavedSchedule>;
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  /** Puts down who stands in, and forgets who did. */
  addOverride(tenantId: TenantId, scheduleId: string, override: OnCallOverride, nowMs: number): Promise<AddedOverride>;
  removeOverride(tenantId: TenantId, id: string): Promise<boolean>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const scheduleColumns = z.object({
  ...{ id: z.string(), definition: z.unknown(), version: z.number(), createdAt: msColumn, changedAt: msColumn },
  overrides: z.array(z.object({ id: z.string(), personId: z.string(), fromMs: z.number(), untilMs: z.number() })),
});
const nameRow = (row: unknown) => z.object({ id: z.string(), name: z.string(), version: z.number() }).parse(row);
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
    const { createdAt, changedAt, definition, ...same } = scheduleColumns.parse(row);
    return { ...same, definition: codec.read(definition), createdAtMs: createdAt, changedAtMs: changedAt };
  };

const statements = {
  /** Whoever changes which schedules a tenant has does so one after the other. */
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "on-call-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('on_call:' || $1, 0))",
    params: [tenantId],
  }),
  names: (tenantId: TenantId): SqlStatement => ({
    name: "on-call-names",
    text: "SELECT id, name, version FROM on_call_schedule WHERE tenant_id = $1",
    params: [tenantId],
  }),
  write: (tenantId: TenantId, id: string, name: string, definition: unknown, nowMs: number): SqlStatement => ({
    name: "on-call-write",
    text: `INSERT INTO on_call_schedule (tenant_id, id, name, definition, created_at, changed_at) VALUES ($1, $2, $3, $4::jsonb, $5, $5)
      ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, definition = excluded.definition, changed_at = excluded.changed_at,
        version = on_call_schedule.version + 1`,
    params: [tenantId, id, name, JSON.stringify(definition), at(nowMs)],
  }),
  remove: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "on-call-remove",
    text: "DELETE FROM on_call_schedule WHERE tenant_id = $1 AND id = $2 RETURNING id",
    params: [tenantId, id],
  }),
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
  const save: OnCallStore["save"] = (tenantId, { id, version, definition }, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedSchedule> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const names = await transaction.run(statements.names(tenantId), nameRow);
      const there = names.find((one) => one.id === id);
      const found = async (): Promise<SavedOnCallSchedule> => {
        const [schedule] = await transaction.run(readScheduleStatement(tenantId, id, nowMs), scheduleRow);
        if (schedule === undefined) throw new Error("The schedule was not stored.");
        return schedule;
      };
      if (version !== null && there === undefined) return { kind: "NOT_FOUND" };
      if (version !== null && there?.version !== version) return { kind: "STALE", schedule: await found() };
      if (names.some((one) => one.name === definition.name && one.id !== id)) return { kind: "NAME_TAKEN" };
      if (there === undefined && names.length >= MAX_SCHEDULES) return { kind: "LIMIT_REACHED", limit: MAX_SCHEDULES };
      await transaction.run(statements.write(tenantId, id, definition.name, codec.write(definition), nowMs), nothing);
      return { kind: "SAVED", schedule: await found() };
    });
  const addOverride: OnCallStore["addOverride"] = (tenantId, scheduleId, override, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<AddedOverride> => {
      await transaction.run(statements.lock(tenantId), nothing);
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
    ...{ save, addOverride },
    remove: async (tenantId, id) => (await sql.run(tenantId, statements.remove(tenantId, id), nothing)).length > 0,
    removeOverride: async (tenantId, id) =>
      (await sql.run(tenantId, statements.removeOverride(tenantId, id), nothing)).length > 0,
  };
};
