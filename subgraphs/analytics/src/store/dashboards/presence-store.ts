import {
  DASHBOARD_PRESENCE_CHANGED,
  type DashboardPresenceChanged,
} from "@tessera/contracts/events/dashboard-presence-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Focus, Present } from "../../domain/dashboards/presence.ts";

/** Who is there: the first by when they came, and how many there are in all. */
export interface Presence {
  readonly present: readonly Present[];
  readonly count: number;
}

/** A view that begins. */
export interface NewView extends Focus {
  readonly id: string;
  readonly dashboardId: string;
  readonly subject: string;
}

/** What the store is held to; `colour` is the one of a view that begins, given those that are taken. */
export interface PresenceRules {
  readonly shown: number;
  readonly views: number;
  readonly expiresMs: number;
  readonly colour: (taken: readonly number[]) => number;
}

/** Who looks at dashboards, in PostgreSQL; comings, goings and turnings are told in the event log, signs of life are not. */
export interface PresenceStore {
  /** Begins a view, and forgets those that say nothing any more; false when the dashboard has as many as are counted. */
  join(tenantId: TenantId, view: NewView): Promise<boolean>;
  /** A sign of life, also of a view that was forgotten meanwhile. */
  stay(tenantId: TenantId, view: NewView): Promise<void>;
  look(tenantId: TenantId, dashboardId: string): Promise<Presence>;
  /** Turns a view of a subject elsewhere; false when there is none of the id. */
  turn(tenantId: TenantId, view: Pick<NewView, "id" | "dashboardId" | "subject">, focus: Focus): Promise<boolean>;
  leave(tenantId: TenantId, dashboardId: string, id: string): Promise<void>;
}

interface Deps {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly rules: PresenceRules;
}

const time = z.date().transform((date) => date.getTime());
const row = z
  .object({
    id: z.string(),
    subject: z.string(),
    colour: z.number(),
    state: z.enum(["VIEWING", "EDITING"]),
    widget_id: z.string().nullable(),
    joined_at: time,
    count: z.number(),
  })
  .transform(({ widget_id: widgetId, joined_at: joinedAtMs, ...one }) => ({ ...one, widgetId, joinedAtMs }));
const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });
const nothing = (): null => null;

const living = (tenantId: TenantId, dashboardId: string, since: Date, limit: number): SqlStatement =>
  statement(
    "who-is-on-dashboard",
    `SELECT id, subject, colour, state, widget_id, joined_at, (count(*) OVER ())::integer AS count FROM dashboard_presence
     WHERE tenant_id = $1 AND dashboard_id = $2 AND seen_at > $3 ORDER BY joined_at, id LIMIT $4`,
    ...[tenantId, dashboardId, since, limit],
  );
const insert = (tenantId: TenantId, one: NewView, colour: number, now: Date): SqlStatement =>
  statement(
    "join-dashboard",
    `INSERT INTO dashboard_presence (tenant_id, dashboard_id, id, subject, colour, state, widget_id, joined_at, seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (tenant_id, dashboard_id, id) DO UPDATE SET seen_at = $8`,
    ...[tenantId, one.dashboardId, one.id, one.subject, colour, one.state, one.widgetId, now],
  );

const tell = (
  { eventLog, newId }: Deps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  dashboardId: string,
): Promise<void> => {
  const payload: DashboardPresenceChanged = { tenantId, dashboardId };
  return eventLog.appendWith(transaction, {
    ...{ tenantId, topic: DASHBOARD_PRESENCE_CHANGED, dedupeKey: newId(), payload },
  });
};

const join =
  (deps: Deps): PresenceStore["join"] =>
  (tenantId, view) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const [now, { views, expiresMs, colour }] = [deps.nowMs(), deps.rules];
      const since = new Date(now - expiresMs);
      // One at a time, so that two who come together are given different colours.
      const lock = "SELECT pg_advisory_xact_lock(hashtextextended('dashboard-presence:' || $1::text, 0)) IS NULL";
      await transaction.run(statement("lock-dashboard-presence", lock, view.dashboardId), nothing);
      const forget = "DELETE FROM dashboard_presence WHERE tenant_id = $1 AND dashboard_id = $2 AND seen_at <= $3";
      await transaction.run(statement("forget-presence", forget, tenantId, view.dashboardId, since), nothing);
      const there = await transaction.run(living(tenantId, view.dashboardId, since, views), (raw) => row.parse(raw));
      if (there.length >= views) return false;
      const taken = there.map((one) => one.colour);
      await transaction.run(insert(tenantId, view, colour(taken), new Date(now)), nothing);
      await tell(deps, transaction, tenantId, view.dashboardId);
      return true;
    });

const changing = async (deps: Deps, tenantId: TenantId, dashboardId: string, change: SqlStatement): Promise<boolean> =>
  deps.sql.transaction(tenantId, async (transaction) => {
    const changed = await transaction.run(change, nothing);
    if (changed.length === 0) return false;
    await tell(deps, transaction, tenantId, dashboardId);
    return true;
  });

/** Builds {@link PresenceStore}. */
export const createPresenceStore = (deps: Deps): PresenceStore => {
  const joined = join(deps);
  return {
    join: joined,
    stay: async (tenantId, view) => {
      const text = `UPDATE dashboard_presence SET seen_at = $4 WHERE tenant_id = $1 AND dashboard_id = $2 AND id = $3 RETURNING id`;
      const sign = statement("stay-on-dashboard", text, tenantId, view.dashboardId, view.id, new Date(deps.nowMs()));
      // Whose process stood still for so long that they were forgotten comes again.
      if ((await deps.sql.run(tenantId, sign, nothing)).length === 0) await joined(tenantId, view);
    },
    look: async (tenantId, dashboardId) => {
      const { shown, expiresMs } = deps.rules;
      const find = living(tenantId, dashboardId, new Date(deps.nowMs() - expiresMs), shown);
      const rows = await deps.sql.run(tenantId, find, (raw) => row.parse(raw));
      return { present: rows.map(({ count: _count, ...one }) => one), count: rows[0]?.count ?? 0 };
    },
    turn: (tenantId, { id, dashboardId, subject }, { state, widgetId }) => {
      const text = `UPDATE dashboard_presence SET state = $5, widget_id = $6, seen_at = $7
        WHERE tenant_id = $1 AND dashboard_id = $2 AND id = $3 AND subject = $4 RETURNING id`;
      const now = new Date(deps.nowMs());
      const turn = statement("turn-on-dashboard", text, tenantId, dashboardId, id, subject, state, widgetId, now);
      return changing(deps, tenantId, dashboardId, turn);
    },
    leave: async (tenantId, dashboardId, id) => {
      const text = "DELETE FROM dashboard_presence WHERE tenant_id = $1 AND dashboard_id = $2 AND id = $3 RETURNING id";
      await changing(deps, tenantId, dashboardId, statement("leave-dashboard", text, tenantId, dashboardId, id));
    },
  };
};
