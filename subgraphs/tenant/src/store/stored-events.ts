import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";

/** Events whose size is looked at; the mean of so many is within a few per cent of the mean of all. */
const SAMPLED_EVENTS = 2_000;

/** What a tenant's events take in the event store. */
export interface StoredEvents {
  /** Number of events, and their bytes: the number times the mean size of a sample, before compression and without copies. */
  size(tenantId: TenantId): Promise<{ readonly events: number; readonly bytes: number }>;
}

const sizeRow = z.object({ events: z.coerce.number(), mean_bytes: z.coerce.number().nullable() });

/**
 * A tenant's events and the mean uncompressed size of a sample of them. Neither compression nor the neighbours' data changes the figure, so it can be
 * charged for.
 */
export const storedEventsStatement = (tenantId: TenantId): StoreStatement => ({
  name: "stored-events",
  text: `SELECT (SELECT count() FROM events WHERE tenant_id = {tenant: String}) AS events,
  (SELECT avg(size) FROM (SELECT byteSize(* EXCEPT properties) + length(toJSONString(properties)) AS size
    FROM events WHERE tenant_id = {tenant: String} LIMIT {sampled: UInt32})) AS mean_bytes`,
  params: { tenant: tenantId, sampled: SAMPLED_EVENTS },
});

/** Builds {@link StoredEvents}. */
export const createStoredEvents = (eventStore: EventStore): StoredEvents => ({
  size: async (tenantId) => {
    const { rows } = await eventStore.query(wholeTenant(tenantId), storedEventsStatement(tenantId), (row) =>
      sizeRow.parse(row),
    );
    const { events, mean_bytes } = rows[0] ?? { events: 0, mean_bytes: 0 };
    return { events, bytes: events === 0 ? 0 : Math.round(events * (mean_bytes ?? 0)) };
  },
});
