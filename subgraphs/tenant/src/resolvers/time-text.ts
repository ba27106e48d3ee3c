/** A time as RFC 3339 text in UTC. */
export const timeText = (timeMs: number): string => new Date(timeMs).toISOString();

/** A time as RFC 3339 text in UTC; null stays null. */
export const timeTextOrNull = (timeMs: number | null): string | null => (timeMs === null ? null : timeText(timeMs));
