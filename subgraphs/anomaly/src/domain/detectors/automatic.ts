import type { Detector, Finding, Observation, Weighed } from "./detector.ts";
import type { AutomaticDefinition } from "./detector-definition.ts";
import { createEnsemble, DEFAULT_THRESHOLD, ensembleSchema, type EnsembleFinding } from "./ensemble.ts";
import { boundedScore, counts, NOTHING_MEASURED, sideOf, told, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";

/** The bucket, and the ends of the most similar stretches there were. */
const weighedOf = ({ atMs, untilMs }: Observation, { nearest }: EnsembleFinding): readonly Weighed[] => {
  const share = 1 / (1 + nearest.length);
  return [{ atMs, share }, ...nearest.map((ago) => ({ atMs: atMs - ago * (untilMs - atMs), share }))];
};

const PART_WORDS = {
  DAY_PROFILE: "its hour of the day",
  WEEK_PROFILE: "its hour of the week",
  SHORT_SHAPE: "the shape of the latest 12 values",
  LONG_SHAPE: "the shape of the latest 20 values",
} as const;
const PARTS = ["DAY_PROFILE", "WEEK_PROFILE", "SHORT_SHAPE", "LONG_SHAPE"] as const;

const becauseOf = (value: number, expected: number, { parts }: EnsembleFinding): string => {
  const most = PARTS.reduce((one, other) => (parts[other] > parts[one] ? other : one));
  const unusual = parts[most] > 0 ? `most unusual is ${PART_WORDS[most]}` : "nothing about it is unusual";
  return `${told(value)} where ${told(expected)} is usual; ${unusual}`;
};

const judged = (
  observation: Observation,
  value: number,
  found: EnsembleFinding & { readonly expected: number; readonly within: number },
  { sides, threshold }: { readonly sides: AutomaticDefinition["sides"]; readonly threshold: number },
): Finding => {
  const side = sideOf(value, found.expected);
  const counted = sides === "BOTH" || counts(sides, side);
  return {
    outcome: counted && found.novelty > threshold ? "ANOMALOUS" : "NORMAL",
    score: counted ? boundedScore(found.novelty / threshold) : 0,
    expected: found.expected,
    low: sides === "ABOVE" ? null : found.expected - found.within,
    high: sides === "BELOW" ? null : found.expected + found.within,
    side,
    weighed: weighedOf(observation, found),
    because: becauseOf(value, found.expected, found),
  };
};

/** The default ensemble as a detector; a sensitivity of 2 halves its threshold. Alarms are news: what lasts or comes again and again is told less and less. */
export const createAutomatic = ({ sides, sensitivity }: AutomaticDefinition, saved: unknown): Detector => {
  const threshold = DEFAULT_THRESHOLD / sensitivity;
  const ensemble = createEnsemble(threshold, readKept(ensembleSchema, saved));
  return {
    judge: (observation) => {
      const found = ensemble.judge(observation);
      const { expected, within } = found;
      if (observation.value === null) return NOTHING_MEASURED;
      if (expected === null || within === null) return unjudged("LEARNING", "too few values are known to judge by");
      return judged(observation, observation.value, { ...found, expected, within }, { sides, threshold });
    },
    save: ensemble.save,
  };
};
