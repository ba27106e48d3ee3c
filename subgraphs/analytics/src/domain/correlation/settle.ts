import { beginningAt, type CorrelationState } from "./correlator.ts";

/**
 * Milliseconds after its reception within which a batch is told of in the event log, and by which the clocks of processes differ at most. Events wait as
 * long beyond the allowed lateness; one that comes later is counted as overtaken and not looked at.
 */
export const SETTLE_MS = 5_000;

/** The state of a run whose version was defined at a moment: it looks at what happens, and is received, from when every process has heard of it. */
export const beginningOf = (definedAtMs: number): CorrelationState => beginningAt(definedAtMs + SETTLE_MS);
