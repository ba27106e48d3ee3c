import type { ShapleyGame } from "./model.ts";
import { exactSum, labelSetsOf, totalsOf, type Credits, type LabelSet, type PathSet } from "./paths.ts";
import { seededRandom, shuffle } from "./random.ts";

/** Labels up to which all coalitions are enumerated: 4,096 of them. */
export const MAX_EXACT_LABELS = 12;

/** What a Shapley model found beside its credits. */
export interface ShapleyFindings {
  readonly credits: Credits;
  /** Orders that were drawn; null where the values are exact. */
  readonly permutations: number | null;
  /** By label, of the credited conversions and value; null where these are exact. */
  readonly standardErrors: Credits | null;
}

/** The worth of every coalition of labels: bit `label` of the place tells whether it belongs. */
export type Worths = Float64Array;

/** Shapley's value of every label in a game whose worths are all known (Shapley 1953), by its sum over coalitions. */
export const shapleyValues = (worths: Worths, labels: number): readonly number[] => {
  const weights = [1 / labels];
  for (let size = 1; size < labels; size += 1) weights.push(((weights[size - 1] ?? 0) * size) / (labels - size));
  const sizes = new Uint8Array(worths.length);
  for (let coalition = 1; coalition < worths.length; coalition += 1)
    sizes[coalition] = (sizes[coalition >> 1] ?? 0) + (coalition & 1);
  return Array.from({ length: labels }, (_none, label) => {
    const bit = 1 << label;
    let value = 0;
    for (let coalition = 0; coalition < worths.length; coalition += 1) {
      if ((coalition & bit) !== 0) continue;
      const gain = (worths[coalition | bit] ?? 0) - (worths[coalition] ?? 0);
      value += (weights[sizes[coalition] ?? 0] ?? 0) * gain;
    }
    return value;
  });
};

/** Adds to every coalition what stands at the coalitions within it, so that amounts per set become amounts of all within a coalition. */
export const sumOverSubsets = (amounts: Float64Array): Float64Array => {
  for (let bit = 1; bit < amounts.length; bit <<= 1)
    for (let coalition = 0; coalition < amounts.length; coalition += 1)
      if ((coalition & bit) !== 0) amounts[coalition] = (amounts[coalition] ?? 0) + (amounts[coalition ^ bit] ?? 0);
  return amounts;
};

type Amount = "conversions" | "value";

const journeysOf = ({ conversions, losses }: LabelSet): number => conversions + losses;
const rate = (amount: number, journeys: number): number => (journeys > 0 ? amount / journeys : 0);

/** A game that only adds up over the sets within a coalition gives each set's amount to its members in equal parts (Harsanyi 1963). */
const sharedBySets = (sets: readonly LabelSet[], labels: number, amountOf: (set: LabelSet) => number): number[] => {
  const values = Array.from({ length: labels }, () => 0);
  for (const set of sets)
    for (const member of set.members) values[member] = (values[member] ?? 0) + amountOf(set) / set.members.length;
  return values;
};

const enumeratedRates = (sets: readonly LabelSet[], labels: number, amount: Amount): readonly number[] => {
  const amounts = new Float64Array(2 ** labels);
  const journeys = new Float64Array(2 ** labels);
  for (const set of sets) {
    const coalition = set.members.reduce((bits, member) => bits | (1 << member), 0);
    amounts[coalition] = (amounts[coalition] ?? 0) + set[amount];
    journeys[coalition] = (journeys[coalition] ?? 0) + journeysOf(set);
  }
  const [all, among] = [sumOverSubsets(amounts), sumOverSubsets(journeys)];
  return shapleyValues(
    all.map((sum, coalition) => rate(sum, among[coalition] ?? 0)),
    labels,
  );
};

interface Sampled {
  readonly values: readonly number[];
  readonly errors: readonly number[];
}

/** What each label adds when the labels join in an order: a set's journeys count once its last member has joined. */
const gainsInOrder = (sets: readonly LabelSet[], order: readonly number[], amount: Amount): readonly number[] => {
  const ranks: number[] = [];
  order.forEach((label, rank) => {
    ranks[label] = rank;
  });
  const amounts = new Float64Array(order.length);
  const journeys = new Float64Array(order.length);
  for (const set of sets) {
    let last = 0;
    for (const member of set.members) last = Math.max(last, ranks[member] ?? 0);
    amounts[last] = (amounts[last] ?? 0) + set[amount];
    journeys[last] = (journeys[last] ?? 0) + journeysOf(set);
  }
  const gains: number[] = [];
  let [sum, among, before] = [0, 0, 0];
  order.forEach((label, rank) => {
    sum += amounts[rank] ?? 0;
    among += journeys[rank] ?? 0;
    const worth = rate(sum, among);
    gains[label] = worth - before;
    before = worth;
  });
  return gains;
};

/** Means over random orders, with their standard errors (Castro, Gomez and Tejada, Computers and Operations Research 36, 2009). */
const sampledRates = (
  sets: readonly LabelSet[],
  labels: number,
  amount: Amount,
  { permutations, seed }: { readonly permutations: number; readonly seed: number },
): Sampled => {
  const random = seededRandom(seed);
  const order = Array.from({ length: labels }, (_none, label) => label);
  const sums = new Float64Array(labels);
  const squares = new Float64Array(labels);
  for (let drawn = 0; drawn < permutations; drawn += 1) {
    shuffle(order, random);
    gainsInOrder(sets, order, amount).forEach((gain, label) => {
      sums[label] = (sums[label] ?? 0) + gain;
      squares[label] = (squares[label] ?? 0) + gain * gain;
    });
  }
  const values = [...sums].map((sum) => sum / permutations);
  const errors = values.map((mean, label) => {
    const spread = Math.max(0, (squares[label] ?? 0) / permutations - mean * mean);
    return Math.sqrt(spread / Math.max(1, permutations - 1));
  });
  return { values, errors };
};

const scaled = (values: readonly number[], factor: number): readonly number[] => values.map((value) => value * factor);

const ratio = (whole: number, part: number): number => (part === 0 ? 0 : whole / part);

const exactly = (conversions: readonly number[], value: readonly number[]): ShapleyFindings => ({
  credits: { conversions, value },
  permutations: null,
  standardErrors: null,
});

/** Worths below 0 may cancel out to a sum of nothing, by which nothing can be scaled: then value is shared as conversions are. */
const summedRates = (sets: readonly LabelSet[], labels: number, totals: Record<Amount, number>): ShapleyFindings => {
  const credit = (amount: Amount, total: number): readonly number[] => {
    const values = sharedBySets(sets, labels, (set) => rate(set[amount], journeysOf(set)));
    return scaled(values, ratio(total, exactSum(values)));
  };
  const ofValue = sets.some(({ value }) => value < 0) ? "conversions" : "value";
  return exactly(credit("conversions", totals.conversions), credit(ofValue, totals.value));
};

/** How Shapley credits are computed. */
export interface ShapleyOptions {
  readonly game: ShapleyGame;
  readonly permutations: number;
  readonly seed: number;
}

/**
 * Credits by Shapley's value, scaled to the conversions there were. CONVERSIONS: a coalition is worth the conversions of journeys that met nobody
 * else. SUMMED_RATES: the sum of the conversion rates of the sets within it (Zhao, Mahboobi and Bagheri 2018). Both are exact for any number of
 * labels. RATE: the conversion rate of journeys that met nobody else; exact up to {@link MAX_EXACT_LABELS} labels, else sampled.
 */
export const shapleyCredits = (paths: PathSet, options: ShapleyOptions): ShapleyFindings => {
  const sets = labelSetsOf(paths.groups);
  const totals = totalsOf(paths.groups);
  const size = paths.labels.length;
  if (options.game === "CONVERSIONS") {
    const credit = (amount: Amount): readonly number[] => sharedBySets(sets, size, (set) => set[amount]);
    return exactly(credit("conversions"), credit("value"));
  }
  if (options.game === "SUMMED_RATES") return summedRates(sets, size, totals);
  const factorOf = (values: readonly number[], total: number): number => ratio(total, exactSum(values));
  if (size <= MAX_EXACT_LABELS) {
    const exact = (amount: Amount): readonly number[] => {
      const values = size === 0 ? [] : enumeratedRates(sets, size, amount);
      return scaled(values, factorOf(values, totals[amount]));
    };
    return exactly(exact("conversions"), exact("value"));
  }
  const [conversions, value] = [
    sampledRates(sets, size, "conversions", options),
    sampledRates(sets, size, "value", options),
  ];
  const [ofConversions, ofValue] = [
    factorOf(conversions.values, totals.conversions),
    factorOf(value.values, totals.value),
  ];
  return {
    credits: { conversions: scaled(conversions.values, ofConversions), value: scaled(value.values, ofValue) },
    permutations: options.permutations,
    standardErrors: {
      conversions: scaled(conversions.errors, Math.abs(ofConversions)),
      value: scaled(value.errors, Math.abs(ofValue)),
    },
  };
};
