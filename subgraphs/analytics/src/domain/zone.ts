import type { OffsetAt } from "@tessera/platform/time/zone";

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
