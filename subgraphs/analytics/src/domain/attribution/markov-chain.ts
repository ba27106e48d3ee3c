import { refuse } from "@tessera/platform/errors/refusal";
import type { PathSet } from "./paths.ts";

/** States one chain may have: its linear system is solved directly, and its work grows with their cube. */
export const MAX_MARKOV_STATES = 400;

/** A state of the chain: the touchpoints it remembers, and where it goes from here. */
export interface MarkovState {
  /** The labels it remembers, each once. */
  readonly members: readonly number[];
  /** Probability of each next state, by its place. */
  readonly next: ReadonlyMap<number, number>;
  /** Probability that the next step is a conversion. */
  readonly conversion: number;
  /** Probability of a conversion next times the mean value of such a conversion. */
  readonly value: number;
}

/** An absorbing chain over remembered touchpoints, with the probability of each state to be a journey's first. */
export interface MarkovChain {
  readonly states: readonly MarkovState[];
  readonly start: ReadonlyMap<number, number>;
}

interface Counted {
  readonly members: readonly number[];
  readonly next: Map<number, number>;
  journeys: number;
  conversions: number;
  value: number;
}

const add = (counts: Map<number, number>, key: number, amount: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + amount);
};

const probabilities = (counts: ReadonlyMap<number, number>, total: number): ReadonlyMap<number, number> =>
  new Map([...counts].map(([key, count]) => [key, count / total]));

interface Counting {
  readonly states: Counted[];
  readonly places: Map<string, number>;
}

const placeOf = ({ states, places }: Counting, remembered: readonly number[]): number => {
  const key = remembered.join();
  const known = places.get(key);
  if (known !== undefined) return known;
  if (states.length === MAX_MARKOV_STATES)
    throw refuse(
      "QUERY_TOO_COSTLY",
      `The Markov chain would have more than ${MAX_MARKOV_STATES} states: take a lower order or fewer channels.`,
      { field: "input.models" },
    );
  const members = [...new Set(remembered)];
  states.push({ members, next: new Map(), journeys: 0, conversions: 0, value: 0 });
  places.set(key, states.length - 1);
  return states.length - 1;
};

/**
 * Estimates the chain of an order from journeys: a state is the last `order` touchpoints (fewer at a journey's beginning), a transition's
 * probability is its share among the transitions out of its state (maximum likelihood). Refuses too many states with QUERY_TOO_COSTLY.
 */
export const markovChainOf = ({ groups }: PathSet, order: number): MarkovChain => {
  const counting: Counting = { states: [], places: new Map() };
  const start = new Map<number, number>();
  let journeysInAll = 0;
  for (const { steps, conversions, losses, value } of groups) {
    const journeys = conversions + losses;
    if (journeys === 0) continue;
    journeysInAll += journeys;
    let from: Counted | null = null;
    for (let index = 0; index < steps.length; index += 1) {
      const place = placeOf(counting, steps.slice(Math.max(0, index + 1 - order), index + 1));
      if (from === null) add(start, place, journeys);
      else add(from.next, place, journeys);
      from = counting.states[place] ?? null;
      if (from !== null) from.journeys += journeys;
    }
    if (from === null) continue;
    from.conversions += conversions;
    from.value += value;
  }
  return {
    start: probabilities(start, journeysInAll),
    states: counting.states.map(({ members, next, journeys, conversions, value }) => ({
      members,
      next: probabilities(next, journeys),
      conversion: conversions / journeys,
      value: value / journeys,
    })),
  };
};
