import type { WatchedAnswer } from "@tessera/contracts/watched-series";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import { createDetector } from "../detectors/create-detector.ts";
import { isOfGroup, type DetectorDefinition, type SeriesDefinition } from "../detectors/detector-definition.ts";
import type { Finding } from "../detectors/detector.ts";
import { momentOf, readingIn } from "../zone-clock.ts";
import type { MarkOf } from "../calendars/occurrences.ts";
import { fingerprintOf, storableGroup, type JudgedBucket, type Series } from "./series.ts";
import type { Rule } from "../rule.ts";
import { framesOf } from "./watch-plan.ts";
import { BUCKET_MS, type WatchedQuestionRule } from "./watch.ts";

/** What of a judgement of a bucket that has not ended stays true whatever comes, where the bucket's number can only rise: that it is a breach, or that it is normal. */
export interface Certain {
  readonly breach: boolean;
  readonly clear: boolean;
}

const NOTHING: Certain = { breach: false, clear: false };

/**
 * What a detector's judgement of a rising number can be relied on for. The bounds of those named here follow from the buckets before alone, and the score grows with the distance beyond
 * them: who is above the upper one stays above it, and who is no longer below the lower one stays so. The others weigh the bucket itself, or other series.
 */
export const certainOf = (definition: DetectorDefinition): Certain => {
  switch (definition.kind) {
    case "STATIC":
      return { breach: definition.side !== "BELOW", clear: definition.side === "BELOW" };
    case "CHANGE":
    case "ROBUST_Z":
    case "EWMA":
    case "SEASONAL_BAND":
      return { breach: definition.sides !== "BELOW", clear: definition.sides === "BELOW" };
    case "MISSING_DATA":
      return { breach: false, clear: true };
    case "AUTOMATIC":
    case "CHANGEPOINT":
    case "FORECAST":
    case "HALF_SPACE_TREES":
    case "ISOLATION_FOREST":
    case "ENSEMBLE":
    case "BURN_RATE":
    case "PEERS":
    case "MULTIVARIATE":
      return NOTHING;
  }
};

/** Whether a finding of a bucket that has not ended says of an alert what it will say when it has. */
export const isSettled = (
  { breach, clear }: Certain,
  { fire, clear: ends }: Pick<AlertPolicy, "fire" | "clear">,
  { outcome, side, score }: Pick<Finding, "outcome" | "side" | "score">,
): boolean => {
  if (outcome === "ANOMALOUS") return breach && side === "ABOVE" && score >= fire.score;
  return outcome === "NORMAL" && clear && score < ends.score;
};

/** End of the bucket that begins at a moment, on the clock of the rule's zone. */
export const endOfBucket = ({ granularity, timeZone }: WatchedQuestionRule, fromMs: number): number => {
  const widthMs = BUCKET_MS[granularity];
  if (granularity === "MINUTE" || granularity === "HOUR") return fromMs + widthMs;
  return momentOf(timeZone, readingIn(timeZone, fromMs) + widthMs, fromMs);
};

/** When the next bucket of a rule can be judged for good; null where it has judged none. */
export const closesAtMs = (rule: Pick<Rule, "judgedUntilMs">, watch: WatchedQuestionRule): number | null =>
  rule.judgedUntilMs === null ? null : endOfBucket(watch, rule.judgedUntilMs) + watch.delayMs;

/** A series with what is certain of its bucket that has not ended. */
export interface SettledEarly {
  readonly fingerprint: string;
  readonly group: Series["group"];
  readonly bucket: JudgedBucket;
}

const judgedEarly = (
  definition: SeriesDefinition,
  saved: unknown,
  observation: Parameters<ReturnType<typeof createDetector>["judge"]>[0],
): Finding => {
  const finding = createDetector(definition, saved).judge(observation);
  return { ...finding, because: `${finding.because}, so far` };
};

/**
 * What is certain of the first bucket of an answer, series by series; nothing where the number may fall again. Detectors judge and learn nothing: the bucket is judged for good when
 * it has ended. The series of all that are not kept is not looked at, since who is in it changes with the bucket.
 */
export const settledEarly = (
  rule: Pick<Rule, "id" | "detector" | "alerting"> & { readonly watch: Pick<WatchedQuestionRule, "timeZone"> },
  known: ReadonlyMap<string, Pick<Series, "detector">>,
  answer: WatchedAnswer,
  markOf: MarkOf,
): readonly SettledEarly[] => {
  const { detector: definition, alerting, watch } = rule;
  const certain = certainOf(definition);
  const [frame] = framesOf(answer, watch.timeZone, 1, markOf);
  if (!answer.rising || frame === undefined || isOfGroup(definition) || certain === NOTHING) return [];
  return answer.series.flatMap(({ group, values, samples }): readonly SettledEarly[] => {
    const [value = null, of = null] = [values[0], samples[0]];
    const fingerprint = fingerprintOf(rule.id, group);
    const observation = { ...frame, value, samples: of };
    const finding = judgedEarly(definition, known.get(fingerprint)?.detector, observation);
    if (!isSettled(certain, alerting, finding)) return [];
    const bucket = { atMs: frame.atMs, untilMs: frame.untilMs, value, samples: of, finding };
    return [{ fingerprint, group: storableGroup(group), bucket }];
  });
};
