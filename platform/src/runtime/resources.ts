import type { EventStore } from "../store/event-store.ts";
import type { TenantSql } from "../db/sql.ts";
import type { TenantPool } from "../db/tenant-pool.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { NowMs } from "../time/clock.ts";

/** What every room is given by the composition root: clients to the stores, time, ids and telemetry. */
export interface Resources {
  readonly sql: TenantSql;
  /** The tenant-bound pool itself, for Prisma's driver adapter. */
  readonly pool: TenantPool;
  readonly eventStore: EventStore;
  readonly eventLog: EventLog;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: NowMs;
  /** A new UUID (version 7: ordered by time). */
  readonly newId: () => string;
}
