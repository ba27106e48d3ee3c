import type { Detector } from "./detector.ts";
import type { RobustZDefinition } from "./detector-definition.ts";
import { evenly, judgeAround, MAX_WEIGHED, NOTHING_MEASURED, spreadOf, told, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createRecent, recentSchema } from "./recent.ts";
import { createSortedWindow, type SortedWindow } from "./sorted-window.ts";

/** The median of absolute deviations of a normal distribution, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;
/** The mean of absolute deviations of a normal distribution, in standard deviations: the square root of 2 by pi. */
const MEAN_DEVIATION_OF_NORMAL = 0.797_884_6;

/** The standard deviation that a normal distribution with the window's deviations would have: by the median, and where most values are the same, by the mean of them. */
const deviationOf = (window: SortedWindow, median: number): number => {
  const ofMedian = window.medianDistance(median) / MAD_OF_NORMAL;
  return ofMedian > 0 ? ofMedian : window.meanDistance(median) / MEAN_DEVIATION_OF_NORMAL;
};

/**
 * The modified z-score of Iglewicz and Hoaglin ("How to Detect and Handle Outliers", ASQC 1993): 0.6745 (x - median) / MAD over the buckets before. Up to half of
 * them may be anomalous themselves.
 */
export const createRobustZ = (definition: RobustZDefinition, saved: unknown): Detector => {
  const { window: buckets, threshold, minimumDeviation, sides } = definition;
  const recent = createRecent(readKept(recentSchema, saved));
  const window = createSortedWindow(buckets + 1);
  for (let ago = Math.min(recent.held(), buckets) - 1; ago >= 0; ago -= 1)
    if (!Number.isNaN(recent.valueAgo(ago))) window.put(recent.valueAgo(ago));
  const latest = (): readonly number[] => {
    const times: number[] = [];
    for (let ago = 1; ago <= buckets && ago < recent.held() && times.length < MAX_WEIGHED; ago += 1)
      if (!Number.isNaN(recent.valueAgo(ago))) times.push(recent.atMsAgo(ago));
    return times;
  };
  return {
    judge: (observation) => {
      const { value } = observation;
      const [known, median] = [window.size(), window.median()];
      const deviation = known === 0 ? 0 : deviationOf(window, median);
      recent.put(observation, buckets + 1);
      if (value !== null) window.put(value);
      const leaves = recent.valueAgo(buckets);
      if (!Number.isNaN(leaves)) window.take(leaves);
      if (value === null) return NOTHING_MEASURED;
      if (2 * known < buckets) return unjudged("LEARNING", `${known} of the ${buckets} buckets before are known`);
      const spread = spreadOf(Math.max(deviation, minimumDeviation), median);
      const z = (value - median) / spread;
      return judgeAround(
        observation,
        value,
        { expected: median, within: threshold * spread },
        {
          ...{ sides, weighed: evenly(latest(), known) },
          because: `${told(z)} robust standard deviations from ${told(median)}, the median of ${known} buckets`,
        },
      );
    },
    save: recent.save,
  };
};
