/** Events one request may carry: at the usual half kilobyte each this is 5 MB, decoded in a fraction of a second. */
export const MAX_EVENTS_PER_REQUEST = 10_000;
/** Bytes one request body may have after decompression; a gzip bomb is cut off here. */
export const MAX_BODY_BYTES = 16 * 1_048_576;
/** Characters of an event name; names are dictionary-encoded and grouped by, so they stay short. */
export const MAX_NAME_LENGTH = 128;
/** Characters of an id of a user, visitor, session, correlation or trace. */
export const MAX_ID_LENGTH = 256;
/** Characters of a label: source, place, device, campaign. */
export const MAX_LABEL_LENGTH = 256;
/** Characters of a URL; longer than any browser sends in practice. */
export const MAX_URL_LENGTH = 8_192;
/** Values in `properties` of one event, counted at every level; each path becomes a column of its own in the store. */
export const MAX_PROPERTY_VALUES = 256;
/** Levels of objects and arrays in `properties`. */
export const MAX_PROPERTY_DEPTH = 6;
/** Characters of a property's key. */
export const MAX_PROPERTY_KEY_LENGTH = 128;
/** Characters of `properties` written as JSON. */
export const MAX_PROPERTIES_LENGTH = 65_536;
/** Largest amount of money in one event: its ten-thousandths still are an exact integer of the language. */
export const MAX_REVENUE = 900_000_000_000;
/** Earliest event time that is accepted: old enough for imports of history, young enough to bound the store's monthly partitions. */
export const EARLIEST_TIME_MS = Date.UTC(1990, 0, 1);
/** An event that arrives later than this after its time is accepted and flagged LATE. */
export const LATE_AFTER_MS = 24 * 3_600_000;
/** An event whose time lies at most this far ahead is taken as clock drift and not flagged. */
export const CLOCK_DRIFT_MS = 5 * 60_000;
/** An event whose time lies further ahead than drift but at most this far is accepted and flagged FUTURE; beyond it is rejected. */
export const MAX_FUTURE_MS = 24 * 3_600_000;
/** Calendar months the events of one request may lie in: the store writes a separate part for each month. */
export const MAX_MONTHS_PER_REQUEST = 120;
