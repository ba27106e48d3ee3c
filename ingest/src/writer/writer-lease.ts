import type { TenantPool } from "@tessera/platform/db/tenant-pool";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import { MAX_INSERT_SECONDS } from "../store/store-writer.ts";

/** Milliseconds between two signs of life of the writer, and between two tries of a standby. */
const HEARTBEAT_MS = 1_000;
/** Milliseconds after its last confirmed sign of life in which the writer may still begin an insert. */
export const LEASE_MS = 5_000;
/** Milliseconds a new writer waits after the last sign of life of one that worked from another journal: its last insert has ended by then. */
export const TAKEOVER_GRACE_MS = LEASE_MS + MAX_INSERT_SECONDS * 1_000 + 5_000;
/** The advisory lock's class; the object is the hash of the writer's name. */
const LOCK_CLASS = 7_473;

/** What a new writer finds. */
export interface Acquisition {
  /** True when no other journal wrote since this process last held the lease. */
  readonly unbroken: boolean;
}

/** The right to write events, held by one process of the installation at a time. */
export interface WriterLease {
  /** Begins to try; `onAcquired` runs each time the lease is won (and grace has passed), `onLost` each time it is gone. */
  start(events: { onAcquired: (acquisition: Acquisition) => Promise<void>; onLost: () => void }): void;
  /** True while an insert may begin. */
  held(): boolean;
  /** Gives the lease up; `clean` tells the next holder that nothing is under way. */
  stop(clean: boolean): Promise<void>;
}

const lockRow = z.object({ locked: z.boolean() });
const holderRow = z.object({ journal_id: z.string(), epoch: z.string(), grace_ms: z.coerce.number() });

const TRY_LOCK = "SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked";
const READ_HOLDER = `SELECT journal_id::text, epoch::text,
  CASE WHEN released THEN 0 ELSE greatest(0, $2 - extract(epoch FROM now() - seen_at) * 1000) END::float8 AS grace_ms
  FROM ingest_writer WHERE name = $1`;
const BECOME_HOLDER = `INSERT INTO ingest_writer (name, journal_id) VALUES ($1, $2::uuid)
  ON CONFLICT (name) DO UPDATE SET journal_id = $2::uuid, epoch = ingest_writer.epoch + 1, released = false, seen_at = now() RETURNING epoch::text, journal_id::text, 0 AS grace_ms`;
const SEEN = "UPDATE ingest_writer SET seen_at = now() WHERE name = $1";
const RELEASED = "UPDATE ingest_writer SET released = $2, seen_at = now() WHERE name = $1";
const UNLOCK = "SELECT pg_advisory_unlock($1, hashtext($2))";

/** The part of a pooled connection that the lease uses. */
interface LockConnection {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });

/** What a lease is built from. */
export interface LeaseDeps {
  readonly pool: TenantPool;
  readonly journalId: string;
  readonly logger: Logger;
  /** Names the set of processes of which one writes. */
  readonly name: string;
}

interface State {
  /** Until when (monotonic clock, milliseconds) an insert may begin. */
  validUntil: number;
  /** The epoch this process last held; null before the first time. */
  lastEpoch: string | null;
  readonly stopping: AbortController;
  clean: boolean;
}

type LeaseEvents = Parameters<WriterLease["start"]>[0];

/** Waits until the former writer's last insert has ended, and becomes the holder; null when told to stop meanwhile. */
const takeOver = async (deps: LeaseDeps, state: State, client: LockConnection): Promise<Acquisition | null> => {
  const { rows } = await client.query(READ_HOLDER, [deps.name, TAKEOVER_GRACE_MS]);
  const before = rows.length === 0 ? null : holderRow.parse(rows[0]);
  if (before !== null && before.journal_id !== deps.journalId && before.grace_ms > 0) {
    deps.logger.info({ graceMs: before.grace_ms }, "Waiting for the last insert of the former writer to end.");
    await sleep(before.grace_ms, state.stopping.signal);
    if (state.stopping.signal.aborted) return null;
  }
  const unbroken = before !== null && before.epoch === state.lastEpoch;
  const became = await client.query(BECOME_HOLDER, [deps.name, deps.journalId]);
  state.lastEpoch = holderRow.parse(became.rows[0]).epoch;
  return { unbroken };
};

/** Holds the lease until the connection is lost (by throwing) or the process stops. */
const hold = async (deps: LeaseDeps, state: State, client: LockConnection, events: LeaseEvents): Promise<void> => {
  const acquisition = await takeOver(deps, state, client);
  if (acquisition === null) return;
  state.validUntil = performance.now() + LEASE_MS;
  let takenUp = false;
  const taking = events.onAcquired(acquisition).then(
    () => (takenUp = true),
    (error: unknown) => deps.logger.error({ error: errorMessage(error) }, "The writer could not take up its work."),
  );
  while (!state.stopping.signal.aborted) {
    await sleep(HEARTBEAT_MS, state.stopping.signal);
    const sentAt = performance.now();
    await client.query(SEEN, [deps.name]);
    state.validUntil = sentAt + LEASE_MS;
  }
  await taking;
  await client.query(RELEASED, [deps.name, state.clean && takenUp]);
};

/** One try: connects, and when the lock is free holds it as long as it can. */
const turn = async (deps: LeaseDeps, state: State, events: LeaseEvents): Promise<void> => {
  const client = await deps.pool.connect();
  let broken = false;
  const onError = (): void => {
    broken = true;
    state.validUntil = 0;
  };
  client.on("error", onError);
  try {
    const { rows } = await client.query(TRY_LOCK, [LOCK_CLASS, deps.name]);
    if (!lockRow.parse(rows[0]).locked) return;
    try {
      await hold(deps, state, client, events);
      await client.query(UNLOCK, [LOCK_CLASS, deps.name]);
    } finally {
      state.validUntil = 0;
      events.onLost();
    }
  } catch (error) {
    broken = true;
    throw error;
  } finally {
    client.removeListener("error", onError);
    client.release(broken);
  }
};

const run = async (deps: LeaseDeps, state: State, events: LeaseEvents): Promise<void> => {
  const { signal } = state.stopping;
  while (!signal.aborted) {
    try {
      await turn(deps, state, events);
    } catch (error) {
      deps.logger.warn({ error: errorMessage(error) }, "The right to write events is not held; trying again.");
    }
    await sleep(HEARTBEAT_MS, signal);
  }
};

/** Builds the lease on a connection of the pool that it keeps for itself. */
export const createWriterLease = (deps: LeaseDeps): WriterLease => {
  const state: State = { validUntil: 0, lastEpoch: null, stopping: new AbortController(), clean: false };
  let running: Promise<void> = Promise.resolve();
  return {
    start: (events) => {
      running = run(deps, state, events);
    },
    held: () => performance.now() < state.validUntil,
    stop: async (clean) => {
      state.clean = clean;
      state.stopping.abort();
      await running;
    },
  };
};
