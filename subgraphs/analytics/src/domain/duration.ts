import { refuse } from "@tessera/platform/errors/refusal";

const PATTERN = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000] as const;

/** One second, in milliseconds. */
export const SECOND_MS = 1_000;
/** One hour, in milliseconds. */
export const HOUR_MS = 3_600_000;
/** One day of 24 hours, in milliseconds. */
export const DAY_MS = 86_400_000;

/** Bounds of a duration in milliseconds, both inclusive. */
export interface DurationBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Reads an ISO 8601 duration of fixed length (no years, no months) within bounds, in milliseconds; refuses with BAD_INPUT. */
export const parseDuration = (text: string, field: string, bounds: DurationBounds): number => {
  const units = PATTERN.exec(text)?.slice(1);
  if (units === undefined)
    throw refuse("BAD_INPUT", `\`${field}\` must be a duration of weeks, days, hours, minutes and seconds.`, { field });
  const ms = units.reduce((sum, unit, index) => sum + Math.round(Number(unit ?? 0) * (UNITS_MS[index] ?? 0)), 0);
  if (ms < bounds.minMs || ms > bounds.maxMs)
    throw refuse(
      "BAD_INPUT",
      `\`${field}\` must be between ${formatDuration(bounds.minMs)} and ${formatDuration(bounds.maxMs)}.`,
      { field },
    );
  return ms;
};

/** Writes milliseconds as an ISO 8601 duration in hours, minutes and seconds. */
export const formatDuration = (ms: number): string => {
  const hours = Math.floor(ms / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  const text = `${hours > 0 ? `${hours}H` : ""}${minutes > 0 ? `${minutes}M` : ""}${seconds > 0 ? `${seconds}S` : ""}`;
  return `PT${text === "" ? "0S" : text}`;
};
