const MINUTE_MS = 60_000;

/** Fields of a cron expression as sets of numbers: minute, hour, day of the month, month, day of the week. */
export interface PlainCron {
  readonly minute: number;
  readonly hours: readonly number[] | null;
  readonly days: readonly number[] | null;
  readonly months: readonly number[] | null;
  readonly weekdays: readonly number[] | null;
}

const field = (values: readonly number[] | null): string => (values === null ? "*" : values.join(","));

/** The expression as cron writes it. */
export const cronText = ({ minute, hours, days, months, weekdays }: PlainCron): string =>
  [minute, field(hours), field(days), field(months), field(weekdays)].join(" ");

const partsOf = (format: Intl.DateTimeFormat, ms: number): Readonly<Record<string, number>> =>
  Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));

const matches = (cron: PlainCron, reading: Date): boolean => {
  const has = (values: readonly number[] | null, value: number): boolean => values === null || values.includes(value);
  const [day, weekday] = [has(cron.days, reading.getUTCDate()), has(cron.weekdays, reading.getUTCDay())];
  // As in every cron: of two fields of days that both name some, one is enough.
  const onDay = cron.days !== null && cron.weekdays !== null ? day || weekday : day && weekday;
  const atTime = reading.getUTCMinutes() === cron.minute && has(cron.hours, reading.getUTCHours());
  return atTime && onDay && has(cron.months, reading.getUTCMonth() + 1);
};

const known = new Map<string, (ms: number) => number>();

/** What a zone's clock shows at a moment, as the same reading of UTC; what was looked up once is not looked up again. */
const readingsOf = (timeZone: string): ((ms: number) => number) => {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric" },
  });
  const seen = new Map<number, number>();
  const readingAt =
    known.get(timeZone) ??
    ((ms: number): number => {
      const before = seen.get(ms);
      if (before !== undefined) return before;
      const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = partsOf(format, ms);
      const reading = Date.UTC(year, month - 1, day, hour, minute);
      seen.set(ms, reading);
      return reading;
    });
  known.set(timeZone, readingAt);
  return readingAt;
};

/**
 * Every moment in (fromMs, toMs] at which a schedule is due, in order, by walking all minutes: the readings that a clock of the zone shows, each at its
 * first appearance, and those it passes over, at the minute that passes over them.
 */
export const referenceDue = (cron: PlainCron, timeZone: string, fromMs: number, toMs: number): readonly number[] => {
  const readingAt = readingsOf(timeZone);
  const due = new Set<number>();
  // Two days before, so that a reading which appears again is known to have been there.
  let latest = readingAt(fromMs - 2_880 * MINUTE_MS);
  for (let ms = fromMs - 2_879 * MINUTE_MS; ms <= toMs; ms += MINUTE_MS) {
    const now = readingAt(ms);
    for (let reading = latest + MINUTE_MS; reading <= now; reading += MINUTE_MS)
      if (matches(cron, new Date(reading)) && ms > fromMs) due.add(ms);
    latest = Math.max(latest, now);
  }
  return [...due];
};
