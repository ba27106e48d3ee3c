import type { Detector, Finding, Observation } from "./detector.ts";
import type { StaticDefinition } from "./detector-definition.ts";
import { boundedScore, NOTHING_MEASURED, told } from "./finding.ts";

/** How far beyond a bound, in bounds: 1 at the bound, 2 when it is twice as far from 0. A bound of 0 counts by units. */
const beyond = (excess: number, bound: number): number =>
  boundedScore(1 + excess / (bound === 0 ? 1 : Math.abs(bound)));

const scoreOf = (value: number, definition: StaticDefinition): number => {
  switch (definition.side) {
    case "ABOVE":
      return beyond(value - definition.high, definition.high);
    case "BELOW":
      return beyond(definition.low - value, definition.low);
    case "OUTSIDE": {
      const [low, high] = [definition.low / 2, definition.high / 2];
      return boundedScore(Math.abs(value - (low + high)) / (high - low));
    }
  }
};

/** A score on the side of 1 that the outcome says: dividing may have rounded it to the other. */
const agreed = (score: number, anomalous: boolean): number => (anomalous ? Math.max(1, score) : Math.min(1, score));

const becauseOf = (value: number, definition: StaticDefinition): string => {
  switch (definition.side) {
    case "ABOVE":
      return `${told(value)} against an upper bound of ${told(definition.high)}`;
    case "BELOW":
      return `${told(value)} against a lower bound of ${told(definition.low)}`;
    case "OUTSIDE":
      return `${told(value)} against bounds of ${told(definition.low)} and ${told(definition.high)}`;
  }
};

const judge = ({ atMs }: Observation, value: number, definition: StaticDefinition): Finding => {
  const low = definition.side === "ABOVE" ? null : definition.low;
  const high = definition.side === "BELOW" ? null : definition.high;
  const above = high !== null && value > high;
  const below = low !== null && value < low;
  return {
    outcome: above || below ? "ANOMALOUS" : "NORMAL",
    score: agreed(scoreOf(value, definition), above || below),
    ...{ expected: null, low, high },
    side: above ? "ABOVE" : below ? "BELOW" : null,
    weighed: [{ atMs, share: 1 }],
    because: becauseOf(value, definition),
  };
};

/** Fixed bounds: a value beyond one is anomalous, a value at it is not. It remembers nothing. */
export const createStaticBound = (definition: StaticDefinition): Detector => ({
  judge: (observation) =>
    observation.value === null ? NOTHING_MEASURED : judge(observation, observation.value, definition),
  save: () => null,
});
