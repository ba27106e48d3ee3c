import { markovCredits } from "./markov.ts";
import type { AttributionModel, DirectLabels } from "./model.ts";
import { exactSum, totalsOf, type Credits, type PathSet } from "./paths.ts";
import { ruleCredits, timedCredits } from "./rule-credits.ts";
import { shapleyCredits } from "./shapley.ts";
import { upliftCredits } from "./uplift.ts";

/** What one model says of a set of paths. */
export interface Attributed {
  readonly credits: Credits;
  /** By label; null but for MARKOV. */
  readonly removalEffects: readonly number[] | null;
  /** States of the chain and how often its journeys convert; null but for MARKOV. */
  readonly chain: { readonly states: number; readonly conversionProbability: number } | null;
  /** Orders a sampled SHAPLEY drew; null where credits are exact. */
  readonly permutations: number | null;
  /** By label; null where credits are exact. */
  readonly standardErrors: Credits | null;
}

/** A model, and where the store's shares of it stand if it is a TIME_DECAY. */
export interface PlacedModel {
  readonly model: AttributionModel;
  readonly timedPlace: number;
}

/** Gives each TIME_DECAY among models its place among the shares that the store adds up. */
export const placeModels = (models: readonly AttributionModel[]): readonly PlacedModel[] => {
  let timed = 0;
  return models.map((model) => ({ model, timedPlace: model.kind === "TIME_DECAY" ? timed++ : -1 }));
};

const simply = (credits: Credits): Attributed => ({
  credits,
  removalEffects: null,
  chain: null,
  permutations: null,
  standardErrors: null,
});

/** Gives credit by a model; pure, and the same for the same paths. Refuses a chain of too many states with QUERY_TOO_COSTLY. */
export const attribute = (paths: PathSet, { model, timedPlace }: PlacedModel, direct: DirectLabels): Attributed => {
  switch (model.kind) {
    case "TIME_DECAY":
      return simply(timedCredits(paths, timedPlace));
    case "MARKOV": {
      const { credits, removalEffects, states, conversionProbability } = markovCredits(paths, model.order);
      return { ...simply(credits), removalEffects, chain: { states, conversionProbability } };
    }
    case "SHAPLEY":
      return { ...simply({ conversions: [], value: [] }), ...shapleyCredits(paths, model) };
    case "UPLIFT":
      return simply(upliftCredits(paths, model.minJourneys));
    case "FIRST":
    case "LAST":
    case "LAST_NON_DIRECT":
    case "LINEAR":
    case "POSITION":
    case "POSITION_DECAY":
      return simply(ruleCredits(paths, model, direct));
  }
};

/** How far the sum of credits may be from what there was to give, in parts of it, of values beside their signs: what doubles lose over the longest sums. */
export const CONSERVATION_TOLERANCE = 1e-6;

/** Credits added up beside what there was to give. */
export interface Conservation {
  readonly credited: { readonly conversions: number; readonly value: number };
  readonly actual: { readonly conversions: number; readonly value: number };
}

/** Adds credits up and compares them with the conversions and the value there were; throws when a model made or lost any. */
export const conservationOf = ({ groups }: PathSet, { conversions, value }: Credits): Conservation => {
  const totals = totalsOf(groups);
  const actual = { conversions: totals.conversions, value: totals.value };
  const credited = { conversions: exactSum(conversions), value: exactSum(value) };
  // No less than all values beside their signs (Cauchy and Schwarz): of those that cancel out more is lost than the sums tell.
  const scale = exactSum(
    groups.map((group) => Math.max(Math.abs(group.value), Math.sqrt(group.conversions * group.valueSquares))),
  );
  const lost = Math.abs(credited.conversions - actual.conversions) / Math.max(1, actual.conversions);
  const lostValue = Math.abs(credited.value - actual.value) / Math.max(1, scale);
  if (!(lost <= CONSERVATION_TOLERANCE && lostValue <= CONSERVATION_TOLERANCE))
    throw new Error("An attribution model did not give out exactly what there was to give.");
  return { credited, actual };
};
