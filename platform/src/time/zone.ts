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
