import type { AnalysisUnit } from "../analysis-unit.ts";
import type { Funnel } from "./funnel.ts";

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

/** The units that are looked at: all, or the first part of them by hash, which is the same part every time. */
export const sampledUnits = ({ sample }: Pick<Funnel, "sample">): UnitSlice =>
  sliceOf(0, Math.max(1, Math.round(sample * HASHES)));

/** Slices at most: the least that a sample is made of is some 65,536th, and a statement each takes some milliseconds whatever it reads. */
const MOST_SLICES = 4_096;

/** Slices of equal width for so many events, of `sliceEvents` each: hashes are evenly spread, so that slices hold about equally many. */
export const slicesOf = ({ to }: UnitSlice, events: number, sliceEvents: number): readonly UnitSlice[] => {
  const count = Math.min(MOST_SLICES, to, Math.max(1, Math.ceil(events / sliceEvents)));
  const edge = (index: number): number => Math.round((index * to) / count);
  return Array.from({ length: count }, (_, index) => sliceOf(edge(index), edge(index + 1)));
};

/** Events that no slice is meant to exceed: half of what the store hands over at once. */
const LARGEST_SLICE = 1_000_000;
/** Events up to which every slice of units is read by itself wherever they stand in the table. */
const FEW_EVENTS = 5_000_000;

/**
 * Events that a slice of so many is meant to hold. The events of a slice of persons stand together in the table; those of other units are looked for among all of them, so that of very many
 * events slices grow with the root of how many there are.
 */
export const sliceSize = (unit: AnalysisUnit["kind"], events: number, usual: number): number =>
  unit === "PERSON" || events <= FEW_EVENTS
    ? usual
    : Math.min(LARGEST_SLICE, Math.ceil(usual * Math.sqrt(events / FEW_EVENTS)));
