import type { AbuseSource } from "@tessera/contracts/abuse";
import { SECURITY_EVENT_RAISED, type SecurityEventRaised } from "@tessera/contracts/events/security-event";
import { INSTALLATION, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { LOG_START, type LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { SourceState } from "../domain/abuse/detect.ts";
import type { SecurityEvent, Throttle } from "../domain/abuse/throttle.ts";
import { sourceRow, throttleRow } from "./abuse-rows.ts";
import * as statements from "./abuse-statements.ts";

/** Sources of one tenant, or of the installation, that are known at one time; the least recently seen are forgotten first. */
export const MAX_SOURCES = 20_000;
/** Milliseconds after which a source that was not seen is forgotten: a week. */
export const SOURCE_KEPT_MS = 604_800_000;

/** A source and what is known of it. */
export interface KnownSource {
  readonly source: AbuseSource;
  readonly state: SourceState;
}

/** What the detector keeps; everything happens in the transaction of the entries that say it. */
export interface AbuseStore {
  /** False when there is no such tenant any more; while the transaction lasts it is not erased. */
  hold(own: SqlTransaction, tenantId: TenantId): Promise<boolean>;
  place(own: SqlTransaction, tenantId: TenantId, consumer: string): Promise<LogCursor>;
  movePlace(own: SqlTransaction, tenantId: TenantId, consumer: string, to: LogCursor): Promise<void>;
  sources(own: SqlTransaction, tenantId: TenantId, sources: readonly AbuseSource[]): Promise<readonly KnownSource[]>;
  keep(own: SqlTransaction, tenantId: TenantId, known: readonly KnownSource[], seenAtMs: number): Promise<void>;
  /** Forgets what is old or too much. */
  forget(own: SqlTransaction, tenantId: TenantId, nowMs: number, most?: number): Promise<void>;
  lastThrottle(own: SqlTransaction, tenantId: TenantId, source: AbuseSource): Promise<Throttle | null>;
  /** Keeps an event with its throttle and tells of it, all together; false, and nothing changed, when it is known. */
  raise(own: SqlTransaction, tenantId: TenantId, event: SecurityEvent): Promise<boolean>;
}

const nothing = (): null => null;
const placeRow = z
  .object({ transaction_id: z.string(), sequence: z.string() })
  .transform((row): LogCursor => ({ transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) }));

const raisedOf = (tenantId: TenantId, event: SecurityEvent): SecurityEventRaised => ({
  ...{ securityEventId: event.id, tenantId, kind: event.kind, source: event.source },
  ...{ windowFromMs: event.windowFromMs, windowToMs: event.windowToMs, measured: event.measured, bound: event.bound },
  raisedAtMs: event.createdAtMs,
  throttle:
    event.throttle === null
      ? null
      : { id: event.throttle.id, level: event.throttle.level, untilMs: event.throttle.untilMs },
});

/** Builds {@link AbuseStore}. */
export const createAbuseStore = ({ eventLog }: { readonly eventLog: EventLog }): AbuseStore => ({
  hold: async (own, tenantId) =>
    tenantId === INSTALLATION || (await own.run(statements.holdTenant(tenantId), nothing)).length > 0,
  place: async (own, tenantId, consumer) =>
    (await own.run(statements.readPlace(tenantId, consumer), (row) => placeRow.parse(row)))[0] ?? LOG_START,
  movePlace: async (own, tenantId, consumer, to) =>
    void (await own.run(statements.movePlace(tenantId, consumer, to), nothing)),
  sources: (own, tenantId, sources) =>
    own.run(statements.readSources(tenantId, sources), (row) => sourceRow.parse(row)),
  keep: async (own, tenantId, known, seenAtMs) =>
    void (await own.run(statements.keepSources(tenantId, known, seenAtMs), nothing)),
  forget: async (own, tenantId, nowMs, most = MAX_SOURCES) =>
    void (await own.run(statements.forgetSources(tenantId, nowMs - SOURCE_KEPT_MS, most), nothing)),
  lastThrottle: async (own, tenantId, source) =>
    (await own.run(statements.lastThrottle(tenantId, source), (row) => throttleRow.parse(row)))[0] ?? null,
  raise: async (own, tenantId, event) => {
    const added = await own.run(statements.addEvent(tenantId, event), nothing);
    if (added.length === 0) return false;
    if (event.throttle !== null) await own.run(statements.addThrottle(tenantId, event.throttle), nothing);
    const payload = raisedOf(tenantId, event);
    await eventLog.appendWith(own, { tenantId, topic: SECURITY_EVENT_RAISED, dedupeKey: event.id, payload });
    return true;
  },
});
