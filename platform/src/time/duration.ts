const DURATION = /^P(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?)$/;

/** Milliseconds in one week, day, hour, minute and second, in the order of the pattern's groups. */
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];

/**
 * Milliseconds in an ISO 8601 duration of weeks, or of days, hours, minutes and seconds. Null when the text is not one, is longer than can be
 * counted exactly, or names years or months, which have no fixed length.
 */
export const parseDurationMs = (text: string): number | null => {
  const groups = DURATION.exec(text)?.slice(1);
  if (groups === undefined || groups.every((group) => group === undefined)) return null;
  const ms = UNITS_MS.reduce((sum, unitMs, place) => sum + Number(groups[place] ?? 0) * unitMs, 0);
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null;
};
