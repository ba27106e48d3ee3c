import type { Evaluation, EvaluationOutcome } from "../evaluation.ts";
import type { JudgedBucket, JudgedSeries } from "./series.ts";

const OUTCOMES = {
  ANOMALOUS: "BREACHED",
  NORMAL: "NORMAL",
  LEARNING: "LEARNING",
  NO_DATA: "INSUFFICIENT_DATA",
} as const satisfies Record<JudgedBucket["finding"]["outcome"], EvaluationOutcome>;
/** Outcomes, the worst first. */
const WORST: readonly EvaluationOutcome[] = ["BREACHED", "NORMAL", "LEARNING", "INSUFFICIENT_DATA"];

/** Sums up what the last judged bucket of some series was; null when none was judged. */
export const sumUp = (judged: readonly JudgedSeries[]): Evaluation | null => {
  const last = judged.flatMap(({ outcomes }) => {
    const outcome = outcomes.at(-1);
    return outcome?.kind === "JUDGED" ? [outcome.bucket] : [];
  });
  const [first] = last;
  if (first === undefined) return null;
  const outcomes = last.map(({ finding }): EvaluationOutcome => OUTCOMES[finding.outcome]);
  const counted = last.flatMap(({ samples }) => samples ?? []);
  return {
    outcome: WORST.find((outcome) => outcomes.includes(outcome)) ?? "INSUFFICIENT_DATA",
    value: last.length === 1 ? first.value : null,
    samples: counted.length === 0 ? null : counted.reduce((sum, samples) => sum + samples, 0),
    window: { fromMs: first.atMs, toMs: first.untilMs },
    series: last.length,
    breached: outcomes.filter((outcome) => outcome === "BREACHED").length,
  };
};
