import type { BinCounts } from "./drift-measures.ts";

/** How values are put into bins: numbers between cuts, or each of some values by itself and all others together. */
export type DriftCuts =
  | { readonly kind: "BETWEEN"; readonly cuts: readonly number[] }
  | { readonly kind: "NUMBERS"; readonly values: readonly number[] }
  | { readonly kind: "TEXTS"; readonly values: readonly string[] };

/** A bin as it is told: a range of numbers, a value, or everything else. */
export interface DriftBin extends BinCounts {
  readonly label: string;
  /** Numbers greater than this; null: of no bound, or no range. */
  readonly over: number | null;
  /** Numbers up to this one; null: of no bound, or no range. */
  readonly upTo: number | null;
  /** The one value of the bin; null for ranges and for all others. */
  readonly value: string | null;
}

/** Counts by the number of their bin: 0 is everything that is in none of the others, -1 events without a value. */
export type CountsByBin = ReadonlyMap<number, number>;

/** The number of everything that is in no other bin: greater than the last cut, or none of the values. */
export const OTHER_BIN = 0;
/** The number under which events without a value are counted. */
export const MISSING_BIN = -1;

const between = (over: number | null, upTo: number | null): Pick<DriftBin, "label" | "over" | "upTo" | "value"> => ({
  label: over === null ? `≤ ${upTo}` : upTo === null ? `> ${over}` : `> ${over}, ≤ ${upTo}`,
  ...{ over, upTo, value: null },
});

const named = (value: string): Pick<DriftBin, "label" | "over" | "upTo" | "value"> => ({
  ...{ label: value, over: null, upTo: null, value },
});

/** Lays counts out in the order of their bins: numbers upwards, texts by how often the reference had them; everything else last. */
export const layOutBins = (cuts: DriftCuts, reference: CountsByBin, now: CountsByBin): readonly DriftBin[] => {
  const counted = (bin: number): BinCounts => ({ reference: reference.get(bin) ?? 0, now: now.get(bin) ?? 0 });
  if (cuts.kind === "BETWEEN") {
    const { cuts: at } = cuts;
    const bins = at.map((cut, place) => ({ ...between(at[place - 1] ?? null, cut), ...counted(place + 1) }));
    return [...bins, { ...between(at.at(-1) ?? null, null), ...counted(OTHER_BIN) }];
  }
  const values = cuts.kind === "NUMBERS" ? cuts.values.map(String) : cuts.values;
  const bins = values.map((value, place) => ({ ...named(value), ...counted(place + 1) }));
  return [...bins, { label: "others", over: null, upTo: null, value: null, ...counted(OTHER_BIN) }];
};

/** The number of the bin at a place of {@link layOutBins}; null where there is none. */
export const binNumberAt = (cuts: DriftCuts, place: number): number | null => {
  const last = binsOf(cuts) - 1;
  if (place < 0 || place > last) return null;
  return place === last ? OTHER_BIN : place + 1;
};

/** How many bins values are put into. */
export const binsOf = (cuts: DriftCuts): number => (cuts.kind === "BETWEEN" ? cuts.cuts : cuts.values).length + 1;

/** How many values were counted. */
export const samplesOf = (counts: CountsByBin): number =>
  [...counts].reduce((sum, [bin, count]) => (bin === MISSING_BIN ? sum : sum + count), 0);
