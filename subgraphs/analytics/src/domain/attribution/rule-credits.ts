import type { DirectLabels, RuleModel } from "./model.ts";
import type { Credits, PathSet } from "./paths.ts";

const only = (length: number, place: number): readonly number[] =>
  Array.from({ length }, (_none, index) => (index === place ? 1 : 0));

const proportional = (weights: readonly number[]): readonly number[] => {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (sum > 0 ? weight / sum : 1 / weights.length));
};

/** Middle positions share their weight evenly; weights that a path has no position for are spread over the others in proportion. */
const positionShares = (length: number, model: Extract<RuleModel, { kind: "POSITION" }>): readonly number[] => {
  if (length === 1) return [1];
  const between = length - 2;
  const middle = Array.from({ length: between }, () => model.middle / between);
  return proportional([model.first, ...middle, model.last]);
};

/** The share of each position of a path, adding up to 1; the definitions are in docs/attribution.md. */
export const ruleShares = (steps: readonly number[], model: RuleModel, direct: DirectLabels): readonly number[] => {
  const { length } = steps;
  switch (model.kind) {
    case "FIRST":
      return only(length, 0);
    case "LAST":
      return only(length, length - 1);
    case "LAST_NON_DIRECT": {
      const place = steps.findLastIndex((step) => !direct.has(step));
      return only(length, place < 0 ? length - 1 : place);
    }
    case "LINEAR":
      return steps.map(() => 1 / length);
    case "POSITION":
      return positionShares(length, model);
    case "POSITION_DECAY":
      return proportional(steps.map((_step, index) => 2 ** ((index - length + 1) / model.halfLifeSteps)));
  }
};

const emptyCredits = (size: number) => ({
  conversions: Array.from({ length: size }, () => 0),
  value: Array.from({ length: size }, () => 0),
});

/** Credits of a model by rule: each conversion and its value, shared among the positions of its path. */
export const ruleCredits = ({ labels, groups }: PathSet, model: RuleModel, direct: DirectLabels): Credits => {
  const credits = emptyCredits(labels.length);
  for (const { steps, conversions, value } of groups) {
    const shares = ruleShares(steps, model, direct);
    steps.forEach((step, index) => {
      const share = shares[index] ?? 0;
      credits.conversions[step] = (credits.conversions[step] ?? 0) + share * conversions;
      credits.value[step] = (credits.value[step] ?? 0) + share * value;
    });
  }
  return credits;
};

/** Credits of the TIME_DECAY model whose shares stand at `place` of each group's `timed`. */
export const timedCredits = ({ labels, groups }: PathSet, place: number): Credits => {
  const credits = emptyCredits(labels.length);
  for (const { steps, timed } of groups) {
    const shares = timed[place];
    steps.forEach((step, index) => {
      credits.conversions[step] = (credits.conversions[step] ?? 0) + (shares?.conversions[index] ?? 0);
      credits.value[step] = (credits.value[step] ?? 0) + (shares?.value[index] ?? 0);
    });
  }
  return credits;
};
