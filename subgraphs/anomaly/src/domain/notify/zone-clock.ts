/** Zones whose formatter is kept; the IANA list has about 600 names. */
const MAX_ZONES = 700;
const OFFSET = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Further from UTC than any zone's clocks are. */
const MOST_OFFSET_MS = 15 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", timeZoneName: "longOffset" });
  if (formats.size >= MAX_ZONES) formats.clear();
  formats.set(zone, made);
  return made;
};

/** Milliseconds an IANA zone's clocks are ahead of UTC at a moment; throws RangeError for an unknown zone. */
export const offsetIn = (zone: string, ms: number): number => {
  const [, sign, hours, minutes, seconds] = OFFSET.exec(formatOf(zone).format(ms).split(", ").at(-1) ?? "") ?? [];
  const offset = (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000;
  return sign === "-" ? -offset : offset;
};

/** Whether a name is one of an IANA zone that this process knows. */
export const isZone = (name: string): boolean => {
  try {
    formatOf(name);
    return /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name);
  } catch {
    return false;
  }
};

/** What the clock shows: milliseconds since the epoch as if the reading were one of UTC. */
export const readingIn = (zone: string, ms: number): number => ms + offsetIn(zone, ms);

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
  const candidates = [offsetIn(zone, low), offsetIn(zone, high)]
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
