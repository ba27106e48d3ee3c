import { HOUR_MS, parseDuration } from "../duration.ts";

/** Oldest answer that can be asked for: what is older is worth asking again, and nothing is kept longer. */
export const MAX_STALENESS_MS = HOUR_MS;

/** Reads how old an answer may be, in milliseconds; refuses with BAD_INPUT. */
export const parseMaxStaleness = (text: string): number =>
  parseDuration(text, "maxStaleness", { minMs: 0, maxMs: MAX_STALENESS_MS });
