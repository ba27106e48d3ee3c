import type { DetectorDefinition } from "../detectors/detector-definition.ts";
import { createRuleDetectors } from "../detectors/rule-detectors.ts";
import { judgeSeries, type JudgedSeries } from "./series.ts";
import type { ToJudge } from "./watch-plan.ts";

/** Has a rule's detector judge its series, each by itself or all together. Buckets that end no later than `warmUntilMs` are learnt and count for nothing else. */
export const judgeRule = (
  definition: DetectorDefinition,
  toJudge: readonly ToJudge[],
  warmUntilMs: number,
): readonly JudgedSeries[] => {
  const detectors = createRuleDetectors(
    definition,
    toJudge.map(({ series, buckets }) => ({
      ...{ fingerprint: series.fingerprint, saved: series.detector },
      observations: buckets.flatMap((one) => (one.kind === "HELD" ? [one.observation] : [])),
    })),
  );
  return toJudge.flatMap(({ series, buckets }) => {
    const detector = detectors.get(series.fingerprint);
    return detector === undefined ? [] : [judgeSeries(detector, series, buckets, warmUntilMs)];
  });
};
