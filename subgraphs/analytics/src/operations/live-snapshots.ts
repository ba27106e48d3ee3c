import type { LogFollower } from "@tessera/platform/events/event-log";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** Least milliseconds between two snapshots of one subscriber. */
export const MIN_SNAPSHOT_INTERVAL_MS = 1_000;
/** Milliseconds after which a snapshot is sent although nothing changed, so that a silent stream and a dead one differ. */
export const HEARTBEAT_MS = 10_000;

/** A snapshot with the text that tells whether it differs from the one before. */
export interface Snapshot<T> {
  readonly value: T;
  readonly fingerprint: string;
  /** True when time alone can change it: something lies in the window that will leave it. */
  readonly decays: boolean;
}

/** What snapshots are made from. */
export interface SnapshotSource<T> {
  /** Tells of every stored batch; each makes the present snapshot stale. */
  readonly follower: LogFollower;
  /** Place of the log that the first snapshot includes. */
  readonly start: LogCursor;
  /** Takes a snapshot that includes everything up to the cursor. */
  readonly take: (cursor: LogCursor, signal: AbortSignal) => Promise<Snapshot<T>>;
  /** Milliseconds between looks at a snapshot that decays. */
  readonly decayMs: number;
  readonly nowMs: NowMs;
}

interface News {
  cursor: LogCursor;
  stale: boolean;
  end: { readonly error: unknown } | "DONE" | null;
  wake: () => void;
}

/** Reads the follower to its end and keeps only the newest place: however many batches come, one flag is all that waits. */
const watch = async (follower: LogFollower, news: News): Promise<void> => {
  try {
    for (;;) {
      const entry = await follower.next();
      if (entry.done === true) break;
      news.cursor = entry.value.cursor;
      news.stale = true;
      news.wake();
    }
    news.end = "DONE";
  } catch (error) {
    news.end = { error };
  }
  news.wake();
};

const sleep = (ms: number, news: News): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    news.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

/**
 * A stream of snapshots: the present one at once; then, at most once per second, a new one when a stored batch or the passing of time changed it,
 * and an unchanged one as a heartbeat.
 */
export const liveSnapshots = <T>(source: SnapshotSource<T>): LiveIterator<T> => {
  const { follower, take, decayMs, nowMs } = source;
  const stop = new AbortController();
  const news: News = { cursor: source.start, stale: true, end: null, wake: () => undefined };
  void watch(follower, news);
  let last: { readonly takenMs: number; readonly snapshot: Snapshot<T> } | null = null;
  let sentMs = 0;

  /** Milliseconds until the next snapshot is due; none or less when it is. */
  const dueInMs = (): number => {
    if (last === null) return 0;
    const elapsed = nowMs() - last.takenMs;
    if (news.stale) return MIN_SNAPSHOT_INTERVAL_MS - elapsed;
    if (last.snapshot.decays) return Math.max(MIN_SNAPSHOT_INTERVAL_MS, decayMs) - elapsed;
    return HEARTBEAT_MS - (nowMs() - sentMs);
  };
  const next = async (): Promise<IteratorResult<T>> => {
    for (;;) {
      if (news.end === "DONE" || stop.signal.aborted) return { done: true, value: undefined };
      if (news.end !== null) throw news.end.error;
      const wait = dueInMs();
      if (wait > 0) {
        await sleep(wait, news);
        continue;
      }
      news.stale = false;
      const snapshot = await take(news.cursor, stop.signal);
      const changed = last?.snapshot.fingerprint !== snapshot.fingerprint;
      last = { takenMs: nowMs(), snapshot };
      if (!changed && nowMs() - sentMs < HEARTBEAT_MS) continue;
      sentMs = nowMs();
      return { done: false, value: snapshot.value };
    }
  };
  return createLiveIterator({
    next,
    close: () => {
      stop.abort();
      void follower.return();
      news.wake();
    },
  });
};
