import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { SqlStatement, SqlTransaction, TenantSql } from "../db/sql.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { LogEntry } from "./event-log.ts";
import { compareLogCursors, type LogCursor } from "./log-cursor.ts";
import { logEntryRow, READ_BATCH, readTenantStatement } from "./log-store.ts";

/** Tries in a row in which a tenant's entries fail before it stands apart: passing trouble is over by then. */
const TRIES = 5;
/** Entries that are taken of a tenant that stands apart in one round, in which all others wait. */
const MAX_ENTRIES = 100;

/** How tenants stand apart whose entries can't be taken. */
export interface ApartOptions {
  /** Milliseconds between tries of a tenant that stands apart. */
  readonly retryMs: number;
}
/** As consumers have it whose effects for one tenant are of no other's concern. */
export const APART: ApartOptions = { retryMs: 10_000 };

/** What standing apart works with. */
export interface ApartDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly name: string;
  readonly topic: string;
  readonly handle: (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]) => Promise<void>;
  /** Left out: nobody stands apart, and what fails is tried again with everything. */
  readonly apart?: ApartOptions;
}

/** The tenants of a consumer whose entries can't be taken: what is theirs waits where it failed, and holds up nobody else. */
export interface TenantsApart {
  /** Takes what can be taken of them by now, entry by entry, up to the consumer's place; says who still stands apart, and how many entries were taken. */
  tryAgain(
    transaction: SqlTransaction,
    place: LogCursor,
  ): Promise<{ readonly apart: ReadonlySet<TenantId>; readonly taken: number }>;
  /** Whether a tenant stands apart from a place on, since what comes after that failed again and again. */
  failed(tenantId: TenantId, place: LogCursor, error: unknown): boolean;
  succeeded(tenantId: TenantId): void;
  /** Keeps who stands apart where: last in a round, since whoever has written holds back those who read the log. */
  keep(transaction: SqlTransaction): Promise<void>;
  /** Whether somebody stood apart when last looked. */
  readonly are: boolean;
}

const placeRow = z.object({ name: z.string(), transaction_id: z.string(), sequence: z.string() }).transform((row) => ({
  name: row.name,
  place: { transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) } satisfies LogCursor,
}));
const nothing = (): null => null;

const statements = ({ name, topic }: Pick<ApartDeps, "name" | "topic">) => ({
  all: (): SqlStatement => ({
    name: "log-consumer-tenants-apart",
    text: "SELECT name, transaction_id::text, sequence::text FROM event_log_consumer WHERE topic = $1 AND starts_with(name, $2 || ' ') ORDER BY name",
    params: [topic, name],
  }),
  begin: (tenantId: TenantId, from: LogCursor): SqlStatement => ({
    name: "log-consumer-begin-apart",
    text: `INSERT INTO event_log_consumer (name, topic, transaction_id, sequence) VALUES ($1 || ' ' || $2, $3, $4::text::xid8, $5::bigint) ON CONFLICT DO NOTHING`,
    params: [name, tenantId, topic, String(from.transaction), String(from.sequence)],
  }),
  move: (tenantId: TenantId, to: LogCursor): SqlStatement => ({
    name: "log-consumer-move-apart",
    text: "UPDATE event_log_consumer SET transaction_id = $3::text::xid8, sequence = $4::bigint, moved_at = now() WHERE name = $1 || ' ' || $2",
    params: [name, tenantId, String(to.transaction), String(to.sequence)],
  }),
  end: (tenantId: TenantId): SqlStatement => ({
    name: "log-consumer-end-apart",
    text: "DELETE FROM event_log_consumer WHERE name = $1 || ' ' || $2",
    params: [name, tenantId],
  }),
});

/** Takes what a tenant has from a place up to another; whether that is all, and how many entries it was. */
type CatchUp = (
  tenantId: TenantId,
  from: LogCursor,
  to: LogCursor,
) => Promise<{ readonly isDone: boolean; readonly taken: number }>;

const createCatchUp = (deps: ApartDeps, writes: SqlStatement[]): CatchUp => {
  const { sql, logger, name, topic } = deps;
  const { move, end } = statements(deps);
  /** Takes entries one after the other until one can't be; answers those that were. */
  const takeEach = async (tenantId: TenantId, entries: readonly LogEntry[]): Promise<readonly LogEntry[]> => {
    for (const [taken, entry] of entries.entries()) {
      try {
        await sql.transaction(tenantId, (own) => deps.handle(own, tenantId, [entry]));
      } catch (error) {
        const at = `${entry.cursor.transaction}:${entry.cursor.sequence}`;
        const told = { consumer: name, tenantId, entry: at, error: errorMessage(error) };
        logger.error(told, "An entry of the event log can't be taken; the tenant's entries wait for it.");
        return entries.slice(0, taken);
      }
    }
    return entries;
  };
  return async (tenantId, from, to) => {
    const read = await sql.run(tenantId, readTenantStatement(tenantId, topic, from), (row) => logEntryRow.parse(row));
    const missed = read.filter(({ cursor }) => compareLogCursors(cursor, to) <= 0);
    const taken = await takeEach(tenantId, missed.slice(0, MAX_ENTRIES));
    const isDone = taken.length === missed.length && (missed.length < read.length || read.length < READ_BATCH);
    const last = taken.at(-1);
    if (isDone) writes.push(end(tenantId));
    else if (last !== undefined) writes.push(move(tenantId, last.cursor));
    return { isDone, taken: taken.length };
  };
};

/** Builds {@link TenantsApart}; used by whoever holds the consumer's lock. */
export const createTenantsApart = (deps: ApartDeps): TenantsApart => {
  const { logger, apart, name } = deps;
  const { all, begin } = statements(deps);
  const failures = new Map<TenantId, number>();
  const triedAtMs = new Map<TenantId, number>();
  const writes: SqlStatement[] = [];
  const catchUp = createCatchUp(deps, writes);
  let standing = 0;

  return {
    get are() {
      return standing > 0;
    },
    tryAgain: async (transaction, place) => {
      writes.length = 0;
      const still = new Set<TenantId>();
      let sum = 0;
      if (apart === undefined) return { apart: still, taken: sum };
      for (const one of await transaction.run(all(), (row) => placeRow.parse(row))) {
        const tenantId = parseTenantId(one.name.slice(name.length + 1));
        if (tenantId === null) continue;
        const isDue = performance.now() - (triedAtMs.get(tenantId) ?? Number.NEGATIVE_INFINITY) >= apart.retryMs;
        const { isDone, taken } = isDue ? await catchUp(tenantId, one.place, place) : { isDone: false, taken: 0 };
        sum += taken;
        if (isDone) failures.delete(tenantId);
        else still.add(tenantId);
        // What goes on well is not kept waiting.
        if (isDone || taken === MAX_ENTRIES) triedAtMs.delete(tenantId);
        else if (isDue) triedAtMs.set(tenantId, performance.now());
      }
      standing = still.size;
      return { apart: still, taken: sum };
    },
    failed: (tenantId, place, error) => {
      const tries = (failures.get(tenantId) ?? 0) + 1;
      failures.set(tenantId, tries);
      if (apart === undefined || tries < TRIES) return false;
      const told = { consumer: name, tenantId, error: errorMessage(error) };
      logger.error(told, "A tenant's entries of the event log can't be taken; others' are, and its own wait.");
      writes.push(begin(tenantId, place));
      standing += 1;
      return true;
    },
    succeeded: (tenantId) => void failures.delete(tenantId),
    keep: async (transaction) => {
      for (const statement of writes) await transaction.run(statement, nothing);
    },
  };
};
