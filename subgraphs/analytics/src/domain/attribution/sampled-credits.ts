import { estimated, standardErrorOf, type Part } from "../asked-part.ts";
import type { Breakdown, Credit, ModelAnswer } from "./answer.ts";
import type { Interval } from "./bootstrap.ts";
import type { AttributionModel, DirectLabels } from "./model.ts";
import { ruleShares } from "./rule-credits.ts";

/** A distinct path, with the sum over its conversions of how many their person had: the squares that conversions of one person hang together by. */
export interface SquaredPath {
  readonly steps: readonly string[];
  readonly squares: number;
}

/** The share of each position that a model gives at most; null for models that look at all paths together. */
const sharesOf = (
  steps: readonly number[],
  model: AttributionModel,
  direct: DirectLabels,
): readonly number[] | null => {
  switch (model.kind) {
    case "MARKOV":
    case "SHAPLEY":
    case "UPLIFT":
      return null;
    case "TIME_DECAY":
      // Ages differ between the journeys of one path: each position may have had all of it.
      return steps.map(() => 1);
    default:
      return ruleShares(steps, model, direct);
  }
};

/**
 * Standard errors, at most, of the conversions a model credits each label with, in the order of `labels`; those that are not among them are the last of them. A person's credits
 * are at most, in square, how many conversions there are times the sum of their squares (Cauchy and Schwarz), so that it is exact where nobody converts twice.
 * Null for all persons, and for MARKOV, SHAPLEY and UPLIFT, for which a `bootstrap` tells.
 */
export const samplingErrors = (
  part: Part,
  labels: readonly string[],
  paths: readonly SquaredPath[],
  model: AttributionModel,
  direct: DirectLabels,
): readonly number[] | null => {
  if (part.fraction === 1) return null;
  const places = new Map(labels.map((label, place) => [label, place]));
  const squares = labels.map(() => 0);
  for (const path of paths) {
    const steps = path.steps.map((step) => places.get(step) ?? labels.length - 1);
    const shares = sharesOf(steps, model, direct);
    if (shares === null) return null;
    const own = new Map<number, number>();
    steps.forEach((step, index) => own.set(step, Math.min(1, (own.get(step) ?? 0) + (shares[index] ?? 0))));
    for (const [step, share] of own) squares[step] = (squares[step] ?? 0) + share * share * path.squares;
  }
  return squares.map((sum) => standardErrorOf(part, sum) ?? 0);
};

const scaledInterval = (interval: Interval | null, fraction: number): Interval | null =>
  interval === null ? null : { low: interval.low / fraction, high: interval.high / fraction };

const scaledCredit = (credit: Credit, fraction: number, samplingError: number | null): Credit => ({
  ...credit,
  samplingError,
  conversions: credit.conversions / fraction,
  value: credit.value / fraction,
  conversionsInterval: scaledInterval(credit.conversionsInterval, fraction),
  valueInterval: scaledInterval(credit.valueInterval, fraction),
  standardError: credit.standardError === null ? null : credit.standardError / fraction,
  roas: credit.roas === null ? null : credit.roas / fraction,
  cpa: credit.cpa === null ? null : credit.cpa * fraction,
});

const scaledModel = (
  answer: ModelAnswer,
  fraction: number,
  errors: ReadonlyMap<string, number> | null,
): ModelAnswer => ({
  ...answer,
  credits: answer.credits.map((credit) => scaledCredit(credit, fraction, errors?.get(credit.label) ?? null)),
  conservation: {
    creditedConversions: answer.conservation.creditedConversions / fraction,
    actualConversions: answer.conservation.actualConversions / fraction,
    creditedValue: answer.conservation.creditedValue / fraction,
    actualValue: answer.conservation.actualValue / fraction,
  },
});

/** A breakdown of a part's journeys as one of all persons': numbers of journeys are scaled up, what is a share of them stays; `errors` are those of each model, by label. */
export const scaledBreakdown = (
  breakdown: Breakdown,
  part: Part,
  errors: readonly (ReadonlyMap<string, number> | null)[],
): Breakdown => {
  const { fraction } = part;
  if (fraction === 1) return breakdown;
  const up = (count: number): number => estimated(part, count);
  return {
    ...breakdown,
    models: breakdown.models.map((answer, place) => scaledModel(answer, fraction, errors[place] ?? null)),
    roles: breakdown.roles.map((roles) => ({
      ...{ label: roles.label, assistedValue: roles.assistedValue / fraction, lastTouches: up(roles.lastTouches) },
      ...{ touchpoints: up(roles.touchpoints), conversionsTouched: up(roles.conversionsTouched) },
      ...{ firstTouches: up(roles.firstTouches), assistedConversions: up(roles.assistedConversions) },
    })),
    paths: breakdown.paths.map((path) => ({
      ...path,
      ...{ conversions: up(path.conversions), value: path.value / fraction, losses: up(path.losses) },
    })),
  };
};
