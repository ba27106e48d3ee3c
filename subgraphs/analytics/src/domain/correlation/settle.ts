/**
 * Milliseconds after its reception within which a batch is told of in the event log, and by which the clocks of processes differ at most. Events wait as
 * long beyond the allowed lateness; one that comes later is counted as overtaken and not looked at.
 */
export const SETTLE_MS = 5_000;
