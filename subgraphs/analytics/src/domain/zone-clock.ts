import { DAY_MS } from "./duration.ts";
import { zoneOffset, type OffsetAt } from "./zone.ts";

/** A zone's clock as the store is told it: from each moment on, how many seconds it is ahead of UTC. Both are seconds, in order of time. */
export interface ZoneClock {
  readonly fromSeconds: readonly number[];
  readonly aheadSeconds: readonly number[];
}

/** First and last moment a question may touch, with room. */
const FIRST_MS = Date.UTC(1970, 0, 2);
const LAST_MS = Date.UTC(2101, 0, 1);
/** Distance between two looks at a zone's offset: no zone has changed its clocks forth and back within less. */
const LOOK_MS = 7 * DAY_MS;
/** Clocks that are kept, each some hundred changes. */
const MAX_CLOCKS = 100;

const clocks = new Map<string, ZoneClock>();

/** The first second after a change of the clocks between two moments. */
const changeBetween = (lowMs: number, highMs: number, offsetAt: OffsetAt): number => {
  const before = offsetAt(lowMs);
  let [low, high] = [lowMs / 1_000, highMs / 1_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 1_000) === before) low = middle;
    else high = middle;
  }
  return high;
};

const readClock = (timeZone: string): ZoneClock => {
  const offsetAt = zoneOffset(timeZone);
  const clock = { fromSeconds: [FIRST_MS / 1_000], aheadSeconds: [offsetAt(FIRST_MS) / 1_000] };
  if (timeZone === "UTC") return clock;
  for (let ms = FIRST_MS; ms < LAST_MS; ms += LOOK_MS) {
    if (offsetAt(ms + LOOK_MS) === offsetAt(ms)) continue;
    const change = changeBetween(ms, ms + LOOK_MS, offsetAt);
    clock.fromSeconds.push(change);
    clock.aheadSeconds.push(offsetAt(change * 1_000) / 1_000);
  }
  return clock;
};

/** The clock of an IANA zone over all time that can be asked about, by the data that calendar buckets are laid out by. */
export const zoneClock = (timeZone: string): ZoneClock => {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = readClock(timeZone);
  if (clocks.size >= MAX_CLOCKS) clocks.clear();
  clocks.set(timeZone, clock);
  return clock;
};
