import { LuDecomposition, Matrix } from "ml-matrix";
import { markovChainOf, type MarkovChain } from "./markov-chain.ts";
import { exactSum, totalsOf, type Credits, type PathSet } from "./paths.ts";

/** What a Markov model found beside its credits. */
export interface MarkovFindings {
  readonly credits: Credits;
  readonly states: number;
  /** Probability that a journey of the chain ends in a conversion. */
  readonly conversionProbability: number;
  /** By label: the part of the conversions that would be lost without it, 0 to 1. */
  readonly removalEffects: readonly number[];
}

/** What of a chain is lost when journeys end as soon as they would reach a label. */
export interface RemovalEffects {
  readonly conversionProbability: number;
  readonly meanValue: number;
  /** By label, in parts of the conversion probability. */
  readonly conversions: readonly number[];
  /** By label, in parts of the mean value; null where a mean value is not above 0. */
  readonly value: readonly number[] | null;
}

const identityMinus = ({ states }: MarkovChain): Matrix => {
  const matrix = Matrix.eye(states.length);
  states.forEach(({ next }, row) => {
    for (const [column, probability] of next) matrix.set(row, column, matrix.get(row, column) - probability);
  });
  return matrix;
};

const membersOf = ({ states }: MarkovChain, label: number): readonly number[] =>
  states.flatMap(({ members }, place) => (members.includes(label) ? [place] : []));

/** Probability that each of some states is the first of them that a journey reaches: visits to them, freed of repeated visits. */
const firstReached = (visits: readonly number[], fundamental: Matrix, places: readonly number[]): readonly number[] => {
  const among = fundamental.selection([...places], [...places]).transpose();
  const reached = new LuDecomposition(among).solve(Matrix.columnVector(places.map((place) => visits[place] ?? 0)));
  return reached.getColumn(0);
};

/**
 * Solves an absorbing chain exactly. With the fundamental matrix N = (I - Q)^-1 (Kemeny and Snell, Finite Markov Chains, 1960) a journey's expected
 * visits and the probability to convert from each state are products with N; what is lost without a label is the probability to reach one of its
 * states at all, state by first reached state, times the probability to convert from there.
 */
export const removalEffectsOf = (chain: MarkovChain, labels: number): RemovalEffects => {
  const { states, start } = chain;
  const fundamental = new LuDecomposition(identityMinus(chain)).solve(Matrix.eye(states.length));
  const times = (rewards: readonly number[]): readonly number[] =>
    fundamental.mmul(Matrix.columnVector([...rewards])).getColumn(0);
  const toConvert = times(states.map(({ conversion }) => conversion));
  const toEarn = times(states.map(({ value }) => value));
  const starts = states.map((_state, place) => start.get(place) ?? 0);
  const visits = Matrix.rowVector(starts).mmul(fundamental).getRow(0);
  const over = (weights: readonly number[], places: readonly number[], amounts: readonly number[]): number =>
    exactSum(weights.map((weight, index) => weight * (amounts[places[index] ?? -1] ?? 0)));
  const everywhere = states.map((_state, place) => place);
  const conversionProbability = over(starts, everywhere, toConvert);
  const meanValue = over(starts, everywhere, toEarn);
  const lost = Array.from({ length: labels }, (_none, label) => {
    const places = membersOf(chain, label);
    if (places.length === 0) return { conversion: 0, value: 0 };
    const reached = firstReached(visits, fundamental, places);
    return { conversion: over(reached, places, toConvert), value: over(reached, places, toEarn) };
  });
  const earns = meanValue > 0 && states.every(({ value }) => value >= 0);
  return {
    conversionProbability,
    meanValue,
    conversions: lost.map(({ conversion }) => (conversionProbability > 0 ? conversion / conversionProbability : 0)),
    value: earns ? lost.map(({ value }) => value / meanValue) : null,
  };
};

const inProportion = (effects: readonly number[], total: number): readonly number[] => {
  const sum = exactSum(effects);
  return effects.map((effect) => (sum > 0 ? (effect / sum) * total : 0));
};

/**
 * Credits by removal effect over a Markov chain (Anderl, Becker, von Wangenheim and Schumann, International Journal of Research in Marketing 33, 2016):
 * conversions in proportion to the conversions lost without a label, value in proportion to the value lost.
 */
export const markovCredits = (paths: PathSet, order: number): MarkovFindings => {
  const chain = markovChainOf(paths, order);
  const totals = totalsOf(paths.groups);
  if (chain.states.length === 0) {
    const nothing = paths.labels.map(() => 0);
    return {
      credits: { conversions: nothing, value: nothing },
      states: 0,
      conversionProbability: 0,
      removalEffects: nothing,
    };
  }
  const effects = removalEffectsOf(chain, paths.labels.length);
  return {
    credits: {
      conversions: inProportion(effects.conversions, totals.conversions),
      value: inProportion(effects.value ?? effects.conversions, totals.value),
    },
    states: chain.states.length,
    conversionProbability: effects.conversionProbability,
    removalEffects: effects.conversions,
  };
};
