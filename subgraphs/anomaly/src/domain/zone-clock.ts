import { zoneOffset } from "@tessera/platform/time/zone";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Further from UTC than any zone's clocks are. */
const MOST_OFFSET_MS = 15 * 3_600_000;

/** Whether a name is one of an IANA zone that this process knows. */
export const isZone = (name: string): boolean => {
  try {
    zoneOffset(name);
    return /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name);
  } catch {
    return false;
  }
};

/** What the clock shows: milliseconds since the epoch as if the reading were one of UTC. */
export const readingIn = (zone: string, ms: number): number => ms + zoneOffset(zone)(ms);

/** Minutes since midnight, and the day of the week (0 is Sunday), that a zone's clock shows. */
export const clockIn = (zone: string, ms: number): { readonly minute: number; readonly weekday: number } => {
  const reading = readingIn(zone, ms);
  const minute = Math.floor((((reading % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
  return { minute, weekday: new Date(reading).getUTCDay() };
};

/** The first moment at or after which a zone's clock shows a reading or a later one, not before `sinceMs`: one that the clock skips is reached where it does. */
export const momentOf = (zone: string, readingMs: number, sinceMs: number): number => {
  let [low, high] = [Math.max(sinceMs, readingMs - MOST_OFFSET_MS), readingMs + MOST_OFFSET_MS];
  if (readingIn(zone, low) >= readingMs) return low;
  // Clocks that are set back show readings twice: the offsets on both sides name the only moments that can be the first.
  const candidates = [low, high]
    .map(zoneOffset(zone))
    .map((offset) => readingMs - offset)
    .filter((ms) => ms >= low && ms <= high && readingIn(zone, ms) === readingMs);
  if (candidates.length > 0) return Math.min(...candidates);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readingIn(zone, middle) >= readingMs) high = middle;
    else low = middle;
  }
  return high;
};
