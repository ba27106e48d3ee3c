import { DAY_MS } from "./duration.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";

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

/** Almost all clocks change on the quarter of an hour, in UTC too. */
const QUARTER_SECONDS = 900;

/** The first step of a grid after a change of the clocks between two moments, both on the grid, in seconds. */
const changeOnGrid = (from: number, to: number, grid: number, before: number, offsetAt: OffsetAt): number => {
  let [low, high] = [from / grid, to / grid];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * grid * 1_000) === before) low = middle;
    else high = middle;
  }
  return high * grid;
};

/** The first second after a change of the clocks between two moments on the quarter of an hour, which have different offsets. */
const changeBetween = (fromMs: number, toMs: number, offsetAt: OffsetAt): number => {
  const before = offsetAt(fromMs);
  const near = changeOnGrid(fromMs / 1_000, toMs / 1_000, QUARTER_SECONDS, before, offsetAt);
  if (offsetAt((near - 1) * 1_000) === before) return near;
  return changeOnGrid(near - QUARTER_SECONDS, near, 1, before, offsetAt);
};

const readClock = (timeZone: string): ZoneClock => {
  const offsetAt = zoneOffset(timeZone);
  const clock = { fromSeconds: [FIRST_MS / 1_000], aheadSeconds: [offsetAt(FIRST_MS) / 1_000] };
  if (timeZone === "UTC") return clock;
  let before = offsetAt(FIRST_MS);
  for (let ms = FIRST_MS; ms < LAST_MS; ms += LOOK_MS) {
    const after = offsetAt(ms + LOOK_MS);
    if (after === before) continue;
    clock.fromSeconds.push(changeBetween(ms, ms + LOOK_MS, offsetAt));
    clock.aheadSeconds.push(after / 1_000);
    before = after;
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
