const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const ZERO = 48;

const digits = (text: string, from: number, count: number): number => {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
};

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const isSeparator = (text: string, at: number, lower: number, upper: number): boolean => {
  const code = text.charCodeAt(at);
  return code === lower || code === upper;
};

/** Milliseconds of the offset that begins at `at` and ends the text; NaN when it is none. */
const offsetMs = (text: string, at: number): number => {
  const sign = text[at];
  if ((sign === "Z" || sign === "z") && text.length === at + 1) return 0;
  if ((sign !== "+" && sign !== "-") || text.length !== at + 6 || text[at + 3] !== ":") return Number.NaN;
  const [hours, minutes] = [digits(text, at + 1, 2), digits(text, at + 4, 2)];
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};

/**
 * Milliseconds since the epoch of an RFC 3339 date-time (`2026-03-01T12:00:00.250+01:00`), NaN when the text is none. Digits below the
 * millisecond are cut off; a leap second (`:60`) is taken as the second after it.
 */
export const parseRfc3339 = (text: string): number => {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (!(month >= 1 && month <= 12 && hour <= 23 && minute <= 59 && second <= 60 && year >= 0 && day >= 1))
    return Number.NaN;
  const days = month === 2 && isLeapYear(year) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
  if (day > days || text[4] !== "-" || text[7] !== "-" || text[13] !== ":" || text[16] !== ":") return Number.NaN;
  // "T" may be lower case (RFC 3339, 5.6); so may "Z" below.
  if (!isSeparator(text, 10, 116, 84)) return Number.NaN;
  let at = 19;
  let milliseconds = 0;
  if (text[at] === ".") {
    at += 1;
    const first = at;
    let scale = 100;
    while (at < text.length) {
      const digit = text.charCodeAt(at) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      milliseconds += digit * scale;
      scale = scale === 1 ? 0 : scale / 10;
      at += 1;
    }
    if (at === first) return Number.NaN;
  }
  const date = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; no such year is meant here.
  return year < 100 ? Number.NaN : date - offsetMs(text, at);
};
