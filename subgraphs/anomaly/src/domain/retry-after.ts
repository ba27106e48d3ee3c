/** Milliseconds that a Retry-After field asks for, in seconds or as a date (RFC 9110, 10.2.3); null when it says neither. */
export const retryAfterMs = (field: string | undefined, nowMs: number): number | null => {
  const text = field?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
};
