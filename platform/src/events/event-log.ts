import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "../db/sql.ts";
import type { LogCursor } from "./log-cursor.ts";

/** An entry to append. `dedupeKey` makes the append idempotent per tenant and topic: the second one changes nothing. */
export interface LogAppend {
  readonly tenantId: TenantId;
  readonly topic: string;
  readonly dedupeKey: string;
  readonly payload: object;
}

/** An entry as read, with its place. */
export interface LogEntry {
  readonly cursor: LogCursor;
  readonly tenantId: TenantId;
  readonly topic: string;
  readonly payload: unknown;
}

/** Entries as they come; ends by `return()` or with a refusal (SLOW_CONSUMER, CURSOR_EXPIRED). */
export interface LogFollower extends AsyncIterableIterator<LogEntry> {
  return(): Promise<IteratorResult<LogEntry>>;
}

/**
 * The durable, ordered record of what happened, and the resume token of every subscription. A reader that remembers its last cursor sees
 * every later entry once and in the same order, through cuts of any length up to the retention.
 */
export interface EventLog {
  /** Appends entries of any tenants, in one transaction of its own. */
  append(entries: readonly LogAppend[]): Promise<void>;
  /** Appends inside a tenant's transaction: the state change and the event that tells of it commit together. */
  appendWith(transaction: SqlTransaction, entry: LogAppend): Promise<void>;
  /** The same of several entries of the transaction's tenant, in their order, by one statement. */
  appendAllWith(transaction: SqlTransaction, entries: readonly LogAppend[]): Promise<void>;
  /** The newest readable place: following from here gives only what comes later. */
  head(): Promise<LogCursor>;
  /** Follows one tenant's topic from after a cursor (default: from now on). */
  follow(tenantId: TenantId, topic: string, after?: LogCursor): LogFollower;
  /** Follows a topic of all tenants; for workers. */
  followAcrossTenants(topic: string, after?: LogCursor): LogFollower;
  start(): Promise<void>;
  stop(): Promise<void>;
}
