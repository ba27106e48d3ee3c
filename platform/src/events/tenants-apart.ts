import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "../db/sql.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { Probe } from "../http/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createApartPlaces, type ApartPlace, type ApartPlaces } from "./apart-places.ts";
import type { LogEntry } from "./event-log.ts";
import { compareLogCursors, type LogCursor } from "./log-cursor.ts";
import { logEntryRow, READ_BATCH, readTenantStatement } from "./log-store.ts";
import { requireDependencies, triesBefore } from "./whose-trouble.ts";

/** Entries that are taken of a tenant that stands apart in one round, in which all others wait. */
const MAX_ENTRIES = 100;
/** Tenants that are tried in one round, and milliseconds after which no further one is: others' entries are taken in between. */
const [MAX_TENANTS, MAX_ROUND_MS] = [20, 2_000];

/** How tenants stand apart whose entries can't be taken. */
export interface ApartOptions {
  /** Milliseconds between the first tries of a tenant that stands apart; each further wait is twice as long. */
  readonly retryMs: number;
  /** The longest wait. */
  readonly maxRetryMs: number;
}
/** As consumers have it: soon for what passes, rarely for what waits for somebody to mend it. */
export const APART: ApartOptions = { retryMs: 10_000, maxRetryMs: 600_000 };

/** What standing apart works with. */
export interface ApartDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly name: string;
  readonly topic: string;
  readonly handle: (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]) => Promise<void>;
  readonly apart?: ApartOptions;
  readonly probes?: readonly Probe[];
  readonly leftBehind?: (tenantId: TenantId) => Promise<void>;
}

/** The tenants of a consumer whose entries can't be taken: what is theirs waits where it failed, and holds up nobody else. */
export interface TenantsApart {
  /** Takes what can be taken of them by now, entry by entry, up to the consumer's place; says who still stands apart, and how many entries were taken. */
  tryAgain(
    transaction: SqlTransaction,
    place: LogCursor,
  ): Promise<{ readonly apart: ReadonlySet<TenantId>; readonly taken: number }>;
  /** Whether a tenant stands apart from a place on, since what comes after that failed again and again; throws what everybody is to wait for. */
  failed(transaction: SqlTransaction, tenantId: TenantId, place: LogCursor, error: unknown): Promise<boolean>;
  succeeded(tenantId: TenantId): void;
  /** Writes a statement with what is kept of who stands apart. */
  write(statement: SqlStatement): void;
  /** Keeps who stands apart where: last in a round, since whoever has written holds back those who read the log. */
  keep(transaction: SqlTransaction): Promise<void>;
  /** Another process has the consumer now. */
  lost(): void;
  /** Milliseconds until somebody is to be tried again; null when nobody stands apart. */
  readonly untilRetryMs: () => number | null;
}

/** What a try came to: how many entries were taken, where the tenant is now, and what the first error was. */
interface Tried {
  readonly isDone: boolean;
  readonly taken: number;
  readonly now: ApartPlace;
  readonly error: { readonly thrown: unknown } | null;
}

/** Takes what a tenant has up to a place, one entry after the other, until one can't be taken. */
const catchUp = async (deps: ApartDeps, one: ApartPlace, to: LogCursor): Promise<Tried> => {
  const { sql, topic } = deps;
  const { tenantId } = one;
  const reading = readTenantStatement(tenantId, topic, one.place);
  const read = await sql.run(tenantId, reading, (row) => logEntryRow.parse(row));
  const missed = read.filter(({ cursor }) => compareLogCursors(cursor, to) <= 0);
  let [now, taken] = [one, 0];
  for (const entry of missed.slice(0, MAX_ENTRIES)) {
    try {
      await sql.transaction(tenantId, (own) => deps.handle(own, tenantId, [entry]));
    } catch (thrown) {
      return { isDone: false, taken, now: { ...now, tries: now.tries + 1 }, error: { thrown } };
    }
    now = { tenantId, place: entry.cursor, tries: 0 };
    taken += 1;
  }
  const isDone = taken === missed.length && (missed.length < read.length || read.length < READ_BATCH);
  return { isDone, taken, now, error: null };
};

/** When who is tried again; kept in the process, so that a new one tries at once. */
const createWaits = ({ retryMs, maxRetryMs }: ApartOptions) => {
  const waits = new Map<TenantId, { readonly place: LogCursor; readonly dueMs: number }>();
  /** When somebody is to be tried again; null: nobody stands apart. */
  let nextMs: number | null = null;
  const waitOf = (tries: number): number => Math.min(maxRetryMs, retryMs * 2 ** Math.min(Math.max(tries - 1, 0), 30));
  /** What another process has moved goes on well. */
  const dueMs = ({ tenantId, place }: ApartPlace): number => {
    const known = waits.get(tenantId);
    return known === undefined || compareLogCursors(known.place, place) !== 0 ? 0 : known.dueMs;
  };
  const comeAgain = (atMs: number): void => {
    nextMs = nextMs === null ? atMs : Math.min(nextMs, atMs);
  };
  return {
    ...{ waitOf, dueMs, comeAgain },
    wait: ({ tenantId, place, tries }: ApartPlace): void =>
      void waits.set(tenantId, { place, dueMs: performance.now() + waitOf(tries) }),
    forget: (tenantId: TenantId): void => void waits.delete(tenantId),
    comeAgainLater: (): void => comeAgain(performance.now() + retryMs),
    nobody: (): void => {
      nextMs = null;
    },
    lost: (): void => {
      if (nextMs !== null) nextMs = performance.now() + retryMs;
    },
    untilMs: (): number | null => (nextMs === null ? null : Math.max(0, nextMs - performance.now())),
  };
};
type Waits = ReturnType<typeof createWaits>;

/** What a round writes last. */
type Write = (statement: SqlStatement) => void;

/** Tries one tenant that stands apart, and puts down what came of it. */
const tryOne = async (
  deps: ApartDeps & { readonly places: ApartPlaces; readonly waits: Waits; readonly write: Write },
  transaction: SqlTransaction,
  [one, to]: readonly [ApartPlace, LogCursor],
): Promise<Tried> => {
  const { logger, name, probes = [], places, waits, write } = deps;
  const tried = await catchUp(deps, one, to);
  const { tenantId, place, tries } = tried.now;
  if (tried.error === null) {
    waits.forget(tenantId);
    if (tried.isDone) logger.info({ consumer: name, tenantId }, "A tenant's entries of the event log are taken again.");
    write(tried.isDone ? places.end(tenantId) : places.move(tried.now, null));
    return tried;
  }
  await requireDependencies(transaction, probes);
  await deps.leftBehind?.(tenantId);
  const reason = errorMessage(tried.error.thrown);
  const [after, next] = [`${place.transaction}-${place.sequence}`, Math.round(waits.waitOf(tries) / 1_000)];
  const told = { consumer: name, tenantId, after, tries, nextTrySeconds: next, error: reason };
  logger.error(told, "An entry of the event log can't be taken; the tenant's entries wait for it.");
  write(places.move(tried.now, reason));
  waits.wait(tried.now);
  return tried;
};

/** Builds {@link TenantsApart}; used by whoever holds the consumer's lock. */
export const createTenantsApart = (deps: ApartDeps): TenantsApart => {
  const { logger, name, probes = [] } = deps;
  const [places, waits] = [createApartPlaces(deps), createWaits(deps.apart ?? APART)];
  const failures = new Map<TenantId, number>();
  let writes: SqlStatement[] = [];
  const write: Write = (statement) => void writes.push(statement);
  const trying = { ...deps, places, waits, write };

  return {
    untilRetryMs: waits.untilMs,
    lost: waits.lost,
    tryAgain: async (transaction, to) => {
      writes = [];
      waits.nobody();
      const still = new Set<TenantId>();
      const startedMs = performance.now();
      let [sum, tenants] = [0, 0];
      const all = await places.all(transaction);
      // Who has waited longest is first.
      for (const one of all.toSorted((a, b) => waits.dueMs(a) - waits.dueMs(b))) {
        still.add(one.tenantId);
        // Nothing of it has been passed over while the consumer stands where the tenant does.
        const isPassed = compareLogCursors(one.place, to) < 0;
        const mayTry = tenants < MAX_TENANTS && performance.now() - startedMs < MAX_ROUND_MS;
        if (!isPassed) waits.comeAgainLater();
        else if (!mayTry || waits.dueMs(one) > performance.now()) waits.comeAgain(waits.dueMs(one));
        else {
          tenants += 1;
          const { isDone, taken, now, error } = await tryOne(trying, transaction, [one, to]);
          sum += taken;
          if (error === null) failures.delete(one.tenantId);
          if (isDone) still.delete(one.tenantId);
          else waits.comeAgain(waits.dueMs(now));
        }
      }
      return { apart: still, taken: sum };
    },
    failed: async (transaction, tenantId, place, error) => {
      await requireDependencies(transaction, probes);
      const tries = (failures.get(tenantId) ?? 0) + 1;
      failures.set(tenantId, tries);
      if (tries < triesBefore(error)) return false;
      await deps.leftBehind?.(tenantId);
      const told = { consumer: name, tenantId, tries, error: errorMessage(error) };
      logger.error(told, "A tenant's entries of the event log can't be taken; others' are, and its own wait.");
      const one = { tenantId, place, tries: 1 };
      write(places.begin(one, errorMessage(error)));
      waits.wait(one);
      waits.comeAgain(waits.dueMs(one));
      return true;
    },
    succeeded: (tenantId) => void failures.delete(tenantId),
    write,
    keep: async (transaction) => {
      for (const statement of writes) await transaction.run(statement, () => null);
    },
  };
};
