import type { AbuseSource } from "@tessera/contracts/abuse";
import type { Subject } from "@tessera/contracts/caller";
import { THROTTLE_LIFTED, type ThrottleLifted } from "@tessera/contracts/events/security-event";
import { INSTALLATION, isUuid, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { SecurityEvent, SecurityEventFilter, Throttle } from "../domain/abuse/throttle.ts";
import type { PageRequest } from "../domain/page.ts";
import { eventRow, throttleRow } from "./abuse-rows.ts";
import * as statements from "./abuse-statements.ts";
import type { TenantHistory } from "./tenant-history.ts";

/** Who lifts a throttle, why and when. */
export interface Lifting {
  readonly by: Subject;
  readonly reason: string;
  readonly atMs: number;
}

/** What was noticed of abuse, and who is held back for it; of a tenant or (INSTALLATION) of none. */
export interface SecurityStore {
  /** Events of a page, newest first, and one more if there is one. */
  events(tenantId: TenantId, filter: SecurityEventFilter, page: PageRequest): Promise<readonly SecurityEvent[]>;
  /** Throttles, newest first; with a time those alone that hold at it. */
  throttles(tenantId: TenantId, activeAtMs: number | null, limit: number): Promise<readonly Throttle[]>;
  /** The strictest throttle that holds for a source; null when none does. */
  activeFor(tenantId: TenantId, source: AbuseSource, nowMs: number): Promise<Throttle | null>;
  /** Lifts a throttle, and whatever else holds for its source; one that is over stays as it is. Null when there is none of that id. */
  lift(tenantId: TenantId, id: string, lifting: Lifting): Promise<Throttle | null>;
}

const parseThrottle = (row: unknown): Throttle => throttleRow.parse(row);
const parseEvent = (row: unknown) => eventRow.parse(row);

const liftedOf = (tenantId: TenantId, throttle: Throttle, { by, reason, atMs }: Lifting): ThrottleLifted => ({
  ...{ tenantId, throttleId: throttle.id, source: throttle.source },
  ...{ liftedBy: by, reason, liftedAtMs: atMs },
});

/** Builds {@link SecurityStore}. */
export const createSecurityStore = (deps: {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly history: TenantHistory;
}): SecurityStore => {
  const { sql, eventLog, history } = deps;
  const tell = async (own: SqlTransaction, tenantId: TenantId, lifted: Throttle, lifting: Lifting): Promise<void> => {
    const payload = liftedOf(tenantId, lifted, lifting);
    await eventLog.appendWith(own, { tenantId, topic: THROTTLE_LIFTED, dedupeKey: lifted.id, payload });
    if (tenantId === INSTALLATION) return;
    const detail = `${lifted.kind} ${lifted.source.kind}:${lifted.source.id}: ${lifting.reason}`;
    await history.noteWith(own, tenantId, { atMs: lifting.atMs, change: "THROTTLE_LIFTED", detail, by: lifting.by });
  };
  return {
    events: (tenantId, filter, page) =>
      sql.transaction(tenantId, async (own) => {
        const events = await own.run(statements.listEvents(tenantId, filter, page), parseEvent);
        const ids = events.map(({ id }) => id);
        const throttles = await own.run(statements.throttlesOfEvents(tenantId, ids), parseThrottle);
        const byEvent = new Map(throttles.map((throttle) => [throttle.securityEventId, throttle]));
        return events.map((event) => ({ ...event, throttle: byEvent.get(event.id) ?? null }));
      }),
    throttles: (tenantId, activeAtMs, limit) =>
      sql.run(tenantId, statements.listThrottles(tenantId, activeAtMs, limit), parseThrottle),
    activeFor: async (tenantId, source, nowMs) =>
      (await sql.run(tenantId, statements.activeThrottle(tenantId, source, nowMs), parseThrottle))[0] ?? null,
    lift: (tenantId, id, lifting) =>
      !isUuid(id)
        ? Promise.resolve(null)
        : sql.transaction(tenantId, async (own) => {
            const [found] = await own.run(statements.findThrottle(tenantId, id), parseThrottle);
            if (found === undefined) return null;
            const by = { ...lifting.by, reason: lifting.reason, atMs: lifting.atMs };
            const isOver = found.liftedAtMs !== null || found.untilMs <= lifting.atMs;
            if (isOver) return found;
            const lifted = await own.run(statements.liftThrottles(tenantId, found.source, by), parseThrottle);
            for (const throttle of lifted) await tell(own, tenantId, throttle, lifting);
            return lifted.find((throttle) => throttle.id === id) ?? found;
          }),
  };
};
