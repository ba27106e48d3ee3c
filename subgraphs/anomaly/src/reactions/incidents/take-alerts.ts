import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseIncidentId, type AnomalyId, type IncidentId, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import {
  changesOf,
  openBook,
  putIncident,
  say,
  type OpenBook,
  type StoredBook,
} from "../../domain/incidents/incident-book.ts";
import { takeAlert } from "../../domain/incidents/take-alert.ts";
import type { OpenBookWithin } from "../../store/incidents/book-store.ts";
import type { TellingsWithin } from "../../store/incidents/telling-store.ts";
import { writeTellings } from "./write-tellings.ts";

/** Name of the consumer, under which its place is kept. */
export const INCIDENTS_CONSUMER = "anomaly-incidents";

/** Who is on call by a schedule of a tenant; null where nobody is, or there is no such schedule. */
export type OnCallNow = (tenantId: TenantId, scheduleId: string) => Promise<string | null>;

/** What taking alerts needs. */
export interface TakeAlertsDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly bookWithin: OpenBookWithin;
  readonly tellingsWithin: TellingsWithin;
  readonly parseAlert: (payload: unknown) => AlertChanged;
  readonly onCallNow: OnCallNow;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Makes ids of incidents, and of the entries of their timelines, of a source of UUIDs. */
export const incidentIds = (newId: () => string) => (): IncidentId => {
  const id = parseIncidentId(newId());
  if (id === null) throw new Error("The source of ids gave no UUID.");
  return id;
};

const isAfter = (one: LogCursor, other: LogCursor | null): boolean =>
  other === null ||
  one.transaction > other.transaction ||
  (one.transaction === other.transaction && one.sequence > other.sequence);

/** Makes whoever is on call the commander of what was opened, where its policy names a schedule. */
const assignCommanders = async (onCallNow: OnCallNow, book: OpenBook): Promise<void> => {
  for (const { incident: id, policy } of book.opened) {
    const scheduleId = policy?.commanderSchedule ?? null;
    const personId = scheduleId === null ? null : await onCallNow(book.tenantId, scheduleId);
    const incident = book.incidents.get(id);
    if (personId === null || incident === undefined) continue;
    const holder = { role: "COMMANDER", personId, scheduleId, atMs: book.nowMs } as const;
    putIncident(book, { ...incident, roles: [...incident.roles, holder] });
    const text = `${personId} is COMMANDER, on call by schedule ${scheduleId}.`;
    say(book, id, { kind: "ROLE_ASSIGNED", text, atMs: book.nowMs });
  }
};

/** Alerts that have joined an incident since the book was opened. */
const joinedOf = (book: OpenBook, stored: StoredBook): readonly AnomalyId[] => {
  const before = new Map(stored.signs.map(({ anomalyId, incidentId }) => [anomalyId, incidentId]));
  return [...book.signs.values()].flatMap(({ anomalyId, incidentId }) =>
    incidentId !== null && (before.get(anomalyId) ?? null) === null ? [anomalyId] : [],
  );
};

/**
 * Opens, joins and ends incidents by what alerts did. How far it came is kept in the tenant's own transaction with what followed, so that an entry of the log is taken once, however
 * often it is read.
 */
export const takeAlerts =
  (deps: TakeAlertsDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    const store = await deps.bookWithin(transaction, tenantId);
    const place = await store.place();
    const fresh = entries.filter(({ cursor }) => isAfter(cursor, place));
    const last = fresh.at(-1);
    if (last === undefined) return;
    const alerts = fresh.map(({ payload }) => deps.parseAlert(payload)).filter(({ anomalyId }) => anomalyId !== null);
    if (alerts.length > 0) {
      const named = [...new Set(alerts.flatMap(({ anomalyId }) => anomalyId ?? []))];
      const stored = await store.load(named, null);
      if (stored.policies.length > 0 || stored.signs.length > 0) {
        const actors = await store.actorsOf(alerts.map(({ transitionId }) => transitionId));
        const book = openBook(tenantId, stored, { nowMs: deps.nowMs(), newId: incidentIds(deps.newId) });
        for (const alert of alerts) takeAlert(book, alert, actors.get(alert.transitionId));
        await assignCommanders(deps.onCallNow, book);
        const joined = joinedOf(book, stored);
        if (joined.length > 0) {
          const told = deps.tellingsWithin(transaction, tenantId);
          await writeTellings(book, told, await told.ofAnomalies(joined));
        }
        await store.save(changesOf(book));
      }
    }
    await store.move(last.cursor);
  };

/** Builds the consumer of transitions. */
export const createIncidentOpener = (deps: TakeAlertsDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: INCIDENTS_CONSUMER, topic: ALERT_CHANGED },
    handle: takeAlerts(deps),
  });
