import { labelSetsOf, type Credits, type LabelSet, type PathSet } from "./paths.ts";

interface Outcome {
  conversions: number;
  journeys: number;
}

const rateOf = ({ conversions, journeys }: Outcome): number => (journeys > 0 ? conversions / journeys : 0);

const outcome = (): Outcome => ({ conversions: 0, journeys: 0 });

const count = (into: Outcome, set: LabelSet): void => {
  into.conversions += set.conversions;
  into.journeys += set.conversions + set.losses;
};

/** By label: how much more often journeys that met it convert than those that did not. */
const overallUplifts = (sets: readonly LabelSet[], labels: number): readonly number[] =>
  Array.from({ length: labels }, (_none, label) => {
    const [met, missed] = [outcome(), outcome()];
    for (const set of sets) count(set.members.includes(label) ? met : missed, set);
    return rateOf(met) - rateOf(missed);
  });

/**
 * Credits by uplift, from the journeys' own outcomes. For journeys of a set of labels, a label's uplift is the set's conversion rate less the rate of
 * journeys that met exactly the others; where those are fewer than `minJourneys` it is the label's uplift over all journeys; nothing below 0 counts. A
 * set's conversions and value are shared in proportion to its members' uplifts, evenly when none has any.
 */
export const upliftCredits = ({ labels, groups }: PathSet, minJourneys: number): Credits => {
  const sets = labelSetsOf(groups);
  const bySet = new Map(sets.map((set) => [set.members.join(), set]));
  const overall = overallUplifts(sets, labels.length);
  const upliftOf = (set: LabelSet, label: number): number => {
    const others = set.members.filter((member) => member !== label);
    const without = bySet.get(others.join());
    const rate = set.conversions / (set.conversions + set.losses);
    if (others.length === 0) return rate;
    if (without === undefined || without.conversions + without.losses < minJourneys)
      return Math.max(0, overall[label] ?? 0);
    return Math.max(0, rate - without.conversions / (without.conversions + without.losses));
  };
  const credits = { conversions: labels.map(() => 0), value: labels.map(() => 0) };
  for (const set of sets) {
    if (set.conversions === 0) continue;
    const uplifts = set.members.map((label) => upliftOf(set, label));
    const sum = uplifts.reduce((total, uplift) => total + uplift, 0);
    set.members.forEach((label, index) => {
      const share = sum > 0 ? (uplifts[index] ?? 0) / sum : 1 / set.members.length;
      credits.conversions[label] = (credits.conversions[label] ?? 0) + share * set.conversions;
      credits.value[label] = (credits.value[label] ?? 0) + share * set.value;
    });
  }
  return credits;
};
