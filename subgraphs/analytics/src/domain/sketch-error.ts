/** Registers (as a power of two) of the distinct-count sketches over single events and in the hourly rollup. */
export const EVENT_SKETCH_BITS = 14;
/** Registers (as a power of two) of the distinct-count sketches in the daily rollup. */
export const DAY_SKETCH_BITS = 12;

/**
 * Standard relative error of a HyperLogLog sketch of 2^bits registers: 1.04 / sqrt(2^bits) (Flajolet, Fusy, Gandouet and Meunier, 2007). 0.0081 for
 * 14 bits, 0.0163 for 12. Small sets are counted exactly.
 */
export const sketchRelativeError = (bits: number): number => 1.04 / Math.sqrt(2 ** bits);

/** Error of the rank a t-digest of the store's default compression gives (ClickHouse documentation of quantileTDigest: at most 1 %). */
export const TDIGEST_RANK_ERROR = 0.01;
