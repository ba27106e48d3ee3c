import { AsyncResource } from "node:async_hooks";
import { refuse } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";

/**
 * Milliseconds that equal work, asked for while some is under way, is gathered before it begins beside it, unless that ends earlier. What is quicker than
 * this is one after the other, so that the busier a machine is, the more who ask share one piece of work: as a group commit does with writes.
 */
export const GATHER_MS = 500;
/** Pieces of equal work under way at one time: a slow one is not waited for, and however many ask, a key takes no more than this of a machine. */
export const MAX_UNDER_WAY = 2;

/** What came of shared work for one of those who asked for it. */
export interface SharedOutcome<Value> {
  readonly value: Value;
  /** When the work began, milliseconds since the epoch. */
  readonly beganAtMs: number;
  /** Whether it was begun on behalf of another. */
  readonly shared: boolean;
}

/** Work as it is begun: for one of those who wait, ended by the signal when nobody does any more. */
export type Work<Value> = (signal: AbortSignal) => Promise<Value>;

interface Waiter<Value> {
  /** Runs in the asker's own asynchronous context, so that what the work costs is counted on its meter. */
  readonly begin: (run: () => void) => void;
  readonly work: Work<Value>;
  readonly settle: (outcome: Promise<SharedOutcome<Value>>) => void;
}

interface Flight<Value> {
  readonly waiting: Set<Waiter<Value>>;
  readonly controller: AbortController;
  /** Null until it begins. */
  beganAtMs: number | null;
  timer: NodeJS.Timeout | null;
}

interface Line<Value> {
  /** Under way, in the order they began: at most {@link MAX_UNDER_WAY}. */
  readonly running: Set<Flight<Value>>;
  /** Begins next. */
  gathering: Flight<Value> | null;
}

/** Shares equal work between those who ask for it at the same time. */
export interface SharedFlights<Value> {
  /**
   * Joins work of the same key that began no earlier than `maxAgeMs` ago; with 0 none that began before it was asked for, so that its outcome knows of
   * everything that was known then. Rejects with the work's own error, and with QUERY_CANCELLED when the signal is aborted.
   */
  join(
    key: string,
    maxAgeMs: number,
    work: Work<Value>,
    signal: AbortSignal | undefined,
  ): Promise<SharedOutcome<Value>>;
  /** Keys of which work is under way or gathered. */
  readonly size: number;
}

const newFlight = <Value>(): Flight<Value> => ({
  ...{ waiting: new Set(), controller: new AbortController() },
  ...{ beganAtMs: null, timer: null },
});

const begin = <Value>(flight: Flight<Value>, nowMs: NowMs, ended: () => void): void => {
  if (flight.timer !== null) clearTimeout(flight.timer);
  const [first] = flight.waiting;
  if (first === undefined) return ended();
  const beganAtMs = nowMs();
  flight.beganAtMs = beganAtMs;
  first.begin(() => {
    // Those who are to share it join while it runs; each is settled once, when it ends.
    const result = Promise.resolve().then(() => first.work(flight.controller.signal));
    const settled = (): void => {
      ended();
      for (const waiter of flight.waiting)
        waiter.settle(result.then((value) => ({ value, beganAtMs, shared: waiter !== first })));
      flight.waiting.clear();
    };
    void result.then(settled, settled);
  });
};

/** Waits for a flight; leaves it when the signal is aborted, and ends it when nobody is left. */
const wait = <Value>(
  flight: Flight<Value>,
  work: Work<Value>,
  signal: AbortSignal | undefined,
): Promise<SharedOutcome<Value>> =>
  new Promise((resolve, reject) => {
    const gone = (): void => {
      flight.waiting.delete(waiter);
      // What has not begun may be waited for by somebody else yet.
      if (flight.waiting.size === 0 && flight.beganAtMs !== null) flight.controller.abort();
      reject(refuse("QUERY_CANCELLED", "The caller left."));
    };
    // Not AsyncLocalStorage.snapshot(), which does the same and takes a tenth of a millisecond to make.
    const scope = new AsyncResource("SharedFlight");
    const waiter: Waiter<Value> = {
      begin: (run) => scope.runInAsyncScope(run),
      work,
      settle: (outcome) => {
        signal?.removeEventListener("abort", gone);
        resolve(outcome);
      },
    };
    flight.waiting.add(waiter);
    if (signal?.aborted === true) gone();
    else signal?.addEventListener("abort", gone, { once: true });
  });

/** The flight begun last, where somebody still waits for it. */
const newestAlive = <Value>({ running }: Line<Value>): Flight<Value> | null => {
  const newest = [...running].at(-1);
  return newest === undefined || newest.controller.signal.aborted ? null : newest;
};

/** Builds {@link SharedFlights}. */
export const createSharedFlights = <Value>(nowMs: NowMs): SharedFlights<Value> => {
  const lines = new Map<string, Line<Value>>();
  const take = (key: string, line: Line<Value>, flight: Flight<Value>): void => {
    if (line.gathering === flight) line.gathering = null;
    line.running.add(flight);
    begin(flight, nowMs, () => {
      line.running.delete(flight);
      if (line.gathering !== null) take(key, line, line.gathering);
      else if (line.running.size === 0 && lines.get(key) === line) lines.delete(key);
    });
  };
  const gather = (key: string, line: Line<Value>): Flight<Value> => {
    const flight = newFlight<Value>();
    line.gathering = flight;
    flight.timer = setTimeout(() => {
      if (line.running.size < MAX_UNDER_WAY) take(key, line, flight);
    }, GATHER_MS);
    return flight;
  };
  return {
    join: (key, maxAgeMs, work, signal) => {
      const line = lines.get(key) ?? { running: new Set(), gathering: null };
      lines.set(key, line);
      const newest = maxAgeMs > 0 ? newestAlive(line) : null;
      if (newest !== null && nowMs() - (newest.beganAtMs ?? 0) <= maxAgeMs) return wait(newest, work, signal);
      if (line.running.size > 0) return wait(line.gathering ?? gather(key, line), work, signal);
      const flight = newFlight<Value>();
      const outcome = wait(flight, work, signal);
      take(key, line, flight);
      return outcome;
    },
    get size() {
      return lines.size;
    },
  };
};
