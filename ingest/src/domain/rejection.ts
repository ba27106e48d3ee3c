/** Why one event is not taken: a stable code, a JSON Pointer (RFC 6901) to the part that is wrong, and a sentence. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly path: string;
  readonly reason: string;
}

/** Every code an event can be rejected with. */
export const REJECTION_CODES = [
  "MALFORMED_JSON",
  "NOT_AN_OBJECT",
  "UNKNOWN_FIELD",
  "MISSING_FIELD",
  "WRONG_TYPE",
  "WRONG_FORMAT",
  "WRONG_VALUE",
  "TOO_SHORT",
  "TOO_LONG",
  "OUT_OF_RANGE",
  "TOO_OLD",
  "TOO_FAR_AHEAD",
  "TOO_MANY_PROPERTIES",
  "TOO_DEEP",
  "DUPLICATE_PROPERTY",
  "TOO_MANY_MONTHS",
  "REFUSED_BY_STORE",
] as const;

/** One of {@link REJECTION_CODES}. */
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** Builds a {@link Rejection}. */
export const rejection = (code: RejectionCode, path: string, reason: string): Rejection => ({ code, path, reason });

/** An event that could not even be read (a broken NDJSON line, a CloudEvent that is none); it takes its place among the request's events. */
export class UnreadableEvent {
  readonly rejection: Rejection;

  constructor(why: Rejection) {
    this.rejection = why;
  }
}
