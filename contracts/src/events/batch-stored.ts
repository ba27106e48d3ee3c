import type { BatchId, TenantId } from "../ids.ts";

/** Topic on which {@link BatchStored} is told. */
export const BATCH_STORED = "events.batch-stored";

/** Name of the events that say who somebody is, as SDKs call them: `userId`, `anonymousId` and `properties.traits`. */
export const IDENTIFY_EVENT = "identify";

/**
 * Told once per tenant and insert batch, after the event store holds the batch durably. The events themselves are read from the
 * store by batch id and time range, so the log stays small at any ingest rate.
 */
export interface BatchStored {
  readonly tenantId: TenantId;
  readonly batchId: BatchId;
  /** Number of events of this tenant in the batch. */
  readonly rows: number;
  /** How many of them are named {@link IDENTIFY_EVENT}; absent for none. */
  readonly identifies?: number;
  /** Earliest and latest event time in the batch, milliseconds since the epoch. */
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** When the batch was received, milliseconds since the epoch. */
  readonly receivedAtMs: number;
}
