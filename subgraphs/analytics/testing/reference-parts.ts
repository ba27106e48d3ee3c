/** What a zone's wall clock and calendar show of a moment, as text. */
export const clockHand = (ms: number, hand: string, timeZone: string): string => {
  const format = new Intl.DateTimeFormat("en-CA", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit" },
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const [year, month, day] = [part("year"), part("month"), part("day")];
  const date = new Date(Date.UTC(year, month - 1, day));
  const weekday = date.getUTCDay() === 0 ? 7 : date.getUTCDay();
  switch (hand) {
    case "minuteOfHour":
      return String(part("minute"));
    case "hourOfDay":
      return String(part("hour"));
    case "dayOfWeek":
      return String(weekday);
    case "dayOfMonth":
      return String(day);
    case "weekOfYear": {
      // ISO 8601: the week of a day is that of its Thursday, the first is that of the year's first Thursday.
      const thursday = new Date(date.getTime() + (4 - weekday) * 86_400_000);
      const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
      return String(Math.floor((thursday.getTime() - first) / 86_400_000 / 7) + 1);
    }
    case "monthOfYear":
      return String(month);
    case "quarterOfYear":
      return String(Math.ceil(month / 3));
    case "year":
      return String(year);
    default:
      throw new Error(`A clock has no ${hand}.`);
  }
};

const before = (text: string, ...ends: readonly string[]): string => {
  const places = ends.map((end) => text.indexOf(end)).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...places));
};

/** A part of an address, read from left to right; null when it has none. */
export const addressPart = (address: string, part: string): string | null => {
  const text = before(address, "?", "#");
  const slashes = text.indexOf("//");
  const scheme = slashes <= 0 ? "" : text.slice(0, slashes);
  const named = slashes >= 0 && (scheme === "" || (/^[a-z][a-z0-9+.-]*:$/i.test(scheme) && !scheme.includes("/")));
  const rest = named ? text.slice(slashes + 2) : text;
  const authority = named ? before(rest, "/") : "";
  const path = named ? rest.slice(authority.length) || "/" : text.startsWith("/") ? text : "";
  const steps = path.split("/").filter((step) => step !== "");
  if (part === "path") return path === "" ? null : path;
  if (part !== "host") return steps[Number(part.slice("path.".length)) - 1] ?? null;
  const server = authority.slice(authority.lastIndexOf("@") + 1);
  const host = server.startsWith("[") ? server.slice(0, server.indexOf("]") + 1) : before(server, ":");
  return host === "" ? null : host.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
};
