import { fitsOf, type DetectorDefinition } from "../detectors/detector-definition.ts";
import type { Detector, Weighed } from "../detectors/detector.ts";
import { createRuleDetectors } from "../detectors/rule-detectors.ts";
import { NO_FIT, type FitSeasons } from "../detectors/seasonal-fit.ts";
import { judgeSeries, slotOf, type JudgedSeries, type SeriesGroup } from "./series.ts";
import type { ToJudge } from "./watch-plan.ts";

/** What a thread is to judge by. */
export interface JudgingTask {
  readonly definition: DetectorDefinition;
  readonly warmUntilMs: number;
}

/** A detector whose findings say what other series are of that weighed, in place of how they are named. */
const withGroups = (detector: Detector, groups: ReadonlyMap<string, SeriesGroup>): Detector => ({
  save: detector.save,
  judge: (observation) => {
    const finding = detector.judge(observation);
    if (!finding.weighed.some(({ series }) => series !== undefined)) return finding;
    const weighed = finding.weighed.map(({ series, ...one }): Weighed => {
      const group = series === undefined ? undefined : groups.get(series);
      return group === undefined ? one : { ...one, group };
    });
    return { ...finding, weighed };
  },
});

/** Has a rule's detector judge its series, each by itself or all together. Buckets that end no later than `warmUntilMs` are learnt and count for nothing else; `fit` fits what a library is to. */
export const judgeRule = (
  definition: DetectorDefinition,
  toJudge: readonly ToJudge[],
  warmUntilMs: number,
  fit: FitSeasons = NO_FIT,
): readonly JudgedSeries[] => {
  const isFitted = fitsOf(definition) > 0;
  const detectors = createRuleDetectors(
    definition,
    toJudge.map(({ series, buckets }) => ({
      ...{ fingerprint: series.fingerprint, saved: series.detector, slot: isFitted ? slotOf(series.group) : 0 },
      observations: buckets.flatMap((one) => (one.kind === "HELD" ? [one.observation] : [])),
    })),
    fit,
  );
  const groups = new Map(toJudge.map(({ series }) => [series.fingerprint, series.group]));
  return toJudge.flatMap(({ series, buckets }) => {
    const detector = detectors.get(series.fingerprint);
    return detector === undefined ? [] : [judgeSeries(withGroups(detector, groups), series, buckets, warmUntilMs)];
  });
};
