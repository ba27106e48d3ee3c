import { FUNNEL_LIMITS, type Funnel } from "./funnel.ts";

/** Parts the space of units' hashes is cut into; slices are made of them. */
const HASHES = 65_536;

/** A part of the units: those whose hash lies in [from, to) of the 65,536 there are. */
export interface UnitSlice {
  readonly from: number;
  readonly to: number;
  /** The same as hashes of 64 bits, in decimals; null for no bound. */
  readonly hashFrom: string | null;
  readonly hashTo: string | null;
}

const HASH_WIDTH = 2n ** 64n / BigInt(HASHES);

const sliceOf = (from: number, to: number): UnitSlice => ({
  from,
  to,
  hashFrom: from === 0 ? null : String(BigInt(from) * HASH_WIDTH),
  hashTo: to === HASHES ? null : String(BigInt(to) * HASH_WIDTH),
});

/** Events one slice is meant to hold where nothing else is said: some megabytes on the way, some tens of milliseconds of a process at a time. */
const SLICE_EVENTS = 100_000;

/** The units that are looked at: all, or the first part of them by hash, which is the same part every time. */
export const sampledUnits = ({ sample }: Pick<Funnel, "sample">): UnitSlice =>
  sliceOf(0, Math.max(1, Math.round(sample * HASHES)));

/**
 * Slices of equal width for so many events: hashes are evenly spread, so that slices hold about equally many. There are no more than the most events one may
 * look at make of the size meant.
 */
export const slicesOf = ({ to }: UnitSlice, events: number, sliceEvents = SLICE_EVENTS): readonly UnitSlice[] => {
  const most = Math.ceil(FUNNEL_LIMITS.events / sliceEvents);
  const count = Math.min(most, to, Math.max(1, Math.ceil(events / sliceEvents)));
  const edge = (index: number): number => Math.round((index * to) / count);
  return Array.from({ length: count }, (_, index) => sliceOf(edge(index), edge(index + 1)));
};
