import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import { learnFromBatch, type LearnDeps } from "../operations/people/learn-from-batch.ts";

/** Name of the consumer in the event log: its place tells what has been learnt from. */
const CONSUMER = "analytics.people";

const told = z.object({
  batchId: z.string().refine((text) => parseBatchId(text) !== null),
  ...{ minTimeMs: z.number(), maxTimeMs: z.number(), identifies: z.number().default(0) },
});

/** Learns who is who from every batch that is stored, in the order of the event log: one at a time across all processes, each batch before the next. */
export const createPeopleLearner = (
  deps: LearnDeps & { readonly sql: TenantSql; readonly logger: Logger },
): LogConsumer => {
  const learn = learnFromBatch(deps);
  return createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: CONSUMER, topic: BATCH_STORED },
    handle: async (transaction, tenantId, entries) => {
      for (const { payload } of entries) await learn(transaction, tenantId, told.parse(payload));
    },
  });
};
