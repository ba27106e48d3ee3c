/** Which events are looked at for what is in use: enough to meet what is common and few enough to be read at once; what was not sent since is no longer in use. */
export const SEEN_BY_READERS = { events: 10_000, ms: 30 * 86_400_000 } as const;
