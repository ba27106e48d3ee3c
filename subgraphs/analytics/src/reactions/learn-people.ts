import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import type { StoredBatch } from "../operations/people/learn-from-batch.ts";

/** Name of the consumer in the event log: its place tells what has been learnt from. */
const CONSUMER = "analytics.people";

const told = z.object({
  batchId: z.string().refine((text) => parseBatchId(text) !== null),
  ...{ minTimeMs: z.number(), maxTimeMs: z.number(), identifies: z.number().default(0) },
});

/** What learning from stored batches needs. */
export interface LearnerDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  /** Asked whether it answers, when a batch can't be learnt from. */
  readonly eventStore: Pick<EventStore, "ping">;
  /** Learns from one batch within a transaction of the tenant; the same when done twice. */
  readonly learn: (transaction: SqlTransaction, tenantId: TenantId, batch: StoredBatch) => Promise<void>;
}

/** Learns who is who from every batch that is stored, in the order of the event log: one at a time across all processes, each batch before the next. */
export const createPeopleLearner = ({ sql, logger, eventStore, learn }: LearnerDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql, logger, name: CONSUMER, topic: BATCH_STORED },
    probes: [{ name: "event store", check: () => eventStore.ping() }],
    handle: async (transaction, tenantId, entries) => {
      for (const { payload } of entries) await learn(transaction, tenantId, told.parse(payload));
    },
  });
