/** Shares of a TIME_DECAY model over the journeys of one path, added up in the store, where the age of each touchpoint is known. */
export interface TimedShares {
  /** Conversions each position of the path is credited with. */
  readonly conversions: readonly number[];
  /** Value each position of the path is credited with. */
  readonly value: readonly number[];
}

/** All journeys that went through the same touchpoints in the same order, and what came of them. */
export interface PathGroup {
  /** Touchpoints in order of time, each by the place of its label in {@link PathSet.labels}; at least one. */
  readonly steps: readonly number[];
  /** Journeys that ended in a conversion. */
  readonly conversions: number;
  /** Value of these conversions. */
  readonly value: number;
  /** Sum of the squares of these conversions' values. */
  readonly valueSquares: number;
  /** Journeys that ended in none. */
  readonly losses: number;
  /** Milliseconds from first touchpoint to conversion, added up over the conversions. */
  readonly toConvertMs: number;
  /** One per TIME_DECAY model, in their order. */
  readonly timed: readonly TimedShares[];
}

/** Every journey of a question, by path. */
export interface PathSet {
  /** What touchpoints are told apart by: channels, campaigns and the like, each once. */
  readonly labels: readonly string[];
  readonly groups: readonly PathGroup[];
}

/** Credit by label, in the order of {@link PathSet.labels}. */
export interface Credits {
  readonly conversions: readonly number[];
  readonly value: readonly number[];
}

/** Journeys, conversions and value of a set of paths. */
export interface PathTotals {
  readonly conversions: number;
  readonly value: number;
  readonly losses: number;
}

/** Adds numbers up with Neumaier's compensation, so that ten thousands of parts lose no digit that matters. */
export const exactSum = (numbers: Iterable<number>): number => {
  let sum = 0;
  let lost = 0;
  for (const number of numbers) {
    const next = sum + number;
    lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
    sum = next;
  }
  return sum + lost;
};

/** Adds up what came of all journeys. */
export const totalsOf = (groups: readonly PathGroup[]): PathTotals => ({
  conversions: exactSum(groups.map((group) => group.conversions)),
  value: exactSum(groups.map((group) => group.value)),
  losses: exactSum(groups.map((group) => group.losses)),
});

/** The labels of a path, each once, sorted. */
export const distinctSteps = (steps: readonly number[]): readonly number[] =>
  [...new Set(steps)].toSorted((one, other) => one - other);

/** A set of labels as they occur together in journeys, and what came of those. */
export interface LabelSet {
  readonly members: readonly number[];
  readonly conversions: number;
  readonly value: number;
  readonly losses: number;
}

/** Puts paths of the same labels together, whatever their order and repeats. */
export const labelSetsOf = (groups: readonly PathGroup[]): readonly LabelSet[] => {
  const sets = new Map<string, { -readonly [key in keyof LabelSet]: LabelSet[key] }>();
  for (const group of groups) {
    const members = distinctSteps(group.steps);
    const key = members.join();
    const known = sets.get(key) ?? { members, conversions: 0, value: 0, losses: 0 };
    known.conversions += group.conversions;
    known.value += group.value;
    known.losses += group.losses;
    sets.set(key, known);
  }
  return [...sets.values()];
};
