/** Milliseconds a zone's clocks are ahead of UTC at a moment. */
export type OffsetAt = (ms: number) => number;

/** Zones whose formatter is kept; the IANA list has about 600 names. */
const MAX_ZONES = 700;
const OFFSET = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

const zones = new Map<string, OffsetAt>();

const readOffset = (text: string): number => {
  const [, sign, hours, minutes, seconds] = OFFSET.exec(text) ?? [];
  const ms = (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000;
  return sign === "-" ? -ms : ms;
};

const makeZone = (name: string): OffsetAt => {
  if (name === "UTC") return () => 0;
  // Written as `2026, GMT+01:00`: a year and a whole text are what the engine formats fastest.
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, year: "numeric", timeZoneName: "longOffset" });
  return (ms) => readOffset(format.format(ms).split(", ").at(-1) ?? "");
};

/** The clock of an IANA zone, by the time zone data of the JavaScript engine; throws a RangeError for an unknown name. */
export const zoneOffset = (name: string): OffsetAt => {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const made = makeZone(name);
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(name, made);
  return made;
};

const two = (value: number): string => String(value).padStart(2, "0");

/** Writes a moment in RFC 3339 with the offset its zone has then; UTC is written as Z. */
export const formatInZone = (ms: number, offsetAt: OffsetAt): string => {
  const offset = offsetAt(ms);
  const local = new Date(ms + offset).toISOString();
  const text = local.endsWith(".000Z") ? local.slice(0, -5) : local.slice(0, -1);
  if (offset === 0) return `${text}Z`;
  const minutes = Math.abs(offset) / 60_000;
  return `${text}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`;
};

/** Writes a moment in RFC 3339, in UTC with milliseconds. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
