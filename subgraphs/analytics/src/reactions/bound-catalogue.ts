import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { CATALOGUE_BOUND, isTooLarge, type CatalogueBound } from "../domain/semantic/catalogue-bound.ts";
import type { ForgetRarest } from "../store/semantic/catalogue-bound.ts";
import type { KnownNames } from "../store/semantic/known-names.ts";

/** Name of the consumer in the event log: its place tells which batches were counted. */
const CONSUMER = "analytics.catalogue-bound";

/** Milliseconds that batches are let gather: nothing waits for this, and a catalogue grows by what they add. */
const GATHER_MS = 5_000;
/** Tenants whose batches a process counts; beyond it all are looked at again. */
const MAX_COUNTED = 10_000;

/** What holding catalogues to their bound needs. */
export interface BoundCatalogueDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly knownNames: Pick<KnownNames, "size">;
  readonly forgetRarest: ForgetRarest;
  /** Asked whether it answers, when a catalogue can't be looked at. */
  readonly eventStore: Pick<EventStore, "ping">;
  readonly bound?: CatalogueBound;
}

/**
 * Builds what holds each tenant's catalogue to its bound, whatever senders make names of: a tenant's is looked at with its first batch that a process sees and then after so many batches, and
 * forgets its rarest when it is too large. Done twice it is the same.
 */
export const createCatalogueBound = (
  { sql, logger, knownNames, forgetRarest, eventStore, bound = CATALOGUE_BOUND }: BoundCatalogueDeps,
  name = CONSUMER,
): LogConsumer => {
  /** Batches since the last look. */
  const since = new Map<TenantId, number>();
  const hold = async (tenantId: TenantId): Promise<void> => {
    const size = await knownNames.size(wholeTenant(tenantId));
    if (!isTooLarge(size, bound)) return;
    const forgotten = await forgetRarest(tenantId, bound.kept);
    logger.warn(
      { tenantId, ...size, forgotten },
      "A tenant's catalogue was too large; its rarest names are forgotten.",
    );
  };
  return createLogConsumer({
    ...{ sql, logger, name, topic: BATCH_STORED, gatherMs: GATHER_MS },
    probes: [{ name: "event store", check: () => eventStore.ping() }],
    handle: async (_own, tenantId, entries) => {
      const batches = (since.get(tenantId) ?? bound.batches) + entries.length;
      if (batches > bound.batches) await hold(tenantId);
      if (since.size >= MAX_COUNTED) since.clear();
      since.set(tenantId, batches > bound.batches ? 0 : batches);
    },
  });
};
