import { NOTIFICATION_SETTLED } from "@tessera/contracts/events/notification-settled";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { changesOf, openBook } from "../../domain/incidents/incident-book.ts";
import type { OpenBookWithin } from "../../store/incidents/book-store.ts";
import type { TellingsWithin } from "../../store/incidents/telling-store.ts";
import { incidentIds } from "./take-alerts.ts";
import { writeTellings } from "./write-tellings.ts";

/** Name of the consumer, under which its place is kept. */
const TIMELINES_CONSUMER = "anomaly-incident-timelines";

/** What telling timelines needs. */
export interface TellTimelinesDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly bookWithin: OpenBookWithin;
  readonly tellingsWithin: TellingsWithin;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

const payload = z.object({ deliveryId: z.uuid() });

/**
 * Writes into the timelines of incidents who was told of their alerts. What was told before an alert joined an incident is written by whoever lets it join; both have the tenant's
 * incidents to themselves meanwhile, and name the entry alike, so that each is written once and none is left out.
 */
export const tellTimelinesOf =
  (deps: TellTimelinesDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    const store = await deps.bookWithin(transaction, tenantId);
    const told = deps.tellingsWithin(transaction, tenantId);
    const tellings = await told.ofDeliveries(entries.map((entry) => payload.parse(entry.payload).deliveryId));
    if (tellings.length === 0) return;
    const stored = await store.load([...new Set(tellings.flatMap(({ anomalyIds }) => anomalyIds))], null);
    const book = openBook(tenantId, stored, { nowMs: deps.nowMs(), newId: incidentIds(deps.newId) });
    await writeTellings(book, told, tellings);
    await store.save(changesOf(book));
  };

/** Builds the consumer of deliveries that are over. */
export const createTimelineTeller = (deps: TellTimelinesDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: TIMELINES_CONSUMER, topic: NOTIFICATION_SETTLED },
    handle: tellTimelinesOf(deps),
  });
