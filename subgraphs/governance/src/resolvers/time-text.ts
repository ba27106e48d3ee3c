/** A time as RFC 3339 text in UTC. */
export const timeText = (timeMs: number): string => new Date(timeMs).toISOString();
