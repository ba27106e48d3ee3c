import { createDetector, createGroupDetector } from "./create-detector.ts";
import { isOfGroup, type DetectorDefinition, type GroupDefinition } from "./detector-definition.ts";
import type { Detector, Finding, Observation } from "./detector.ts";
import { unjudged } from "./finding.ts";
import { NO_FIT, type FitSeasons } from "./seasonal-fit.ts";

/** A series of a rule: what its detector had learnt, and the buckets that are to be judged, in order. */
export interface SeriesToJudge {
  readonly fingerprint: string;
  readonly saved: unknown;
  /** What decides when it is fitted: the same of a series whatever its rule is called. */
  readonly slot: number;
  readonly observations: readonly Observation[];
}

const UNKNOWN = unjudged("NO_DATA", "the bucket is none of those that were given");

/** The series' buckets that begin at one time, earlier ones first. */
const bucketsByTime = (series: readonly SeriesToJudge[]): readonly ReadonlyMap<string, Observation>[] => {
  const byTime = new Map<number, Map<string, Observation>>();
  for (const { fingerprint, observations } of series)
    for (const observation of observations) {
      const bucket = byTime.get(observation.atMs) ?? new Map<string, Observation>();
      byTime.set(observation.atMs, bucket.set(fingerprint, observation));
    }
  return [...byTime].toSorted(([one], [other]) => one - other).map(([, bucket]) => bucket);
};

/** Detectors that tell what was found of all series together, which was found beforehand. */
const detectorsOfGroup = (
  definition: GroupDefinition,
  series: readonly SeriesToJudge[],
): ReadonlyMap<string, Detector> => {
  const group = createGroupDetector(definition, new Map(series.map(({ fingerprint, saved }) => [fingerprint, saved])));
  const findings = new Map(series.map(({ fingerprint }) => [fingerprint, new Map<number, Finding>()]));
  for (const buckets of bucketsByTime(series))
    for (const [fingerprint, finding] of group.judge(buckets))
      findings.get(fingerprint)?.set(buckets.get(fingerprint)?.atMs ?? Number.NaN, finding);
  const saved = group.save();
  return new Map(
    [...findings].map(([fingerprint, found]) => [
      fingerprint,
      { judge: ({ atMs }) => found.get(atMs) ?? UNKNOWN, save: () => saved.get(fingerprint) ?? null },
    ]),
  );
};

/**
 * The detector of each of a rule's series, by fingerprint, whether it judges the series by itself or all together; together they are judged here, so that the buckets given are the
 * only ones the detectors may then be asked of.
 */
export const createRuleDetectors = (
  definition: DetectorDefinition,
  series: readonly SeriesToJudge[],
  fit: FitSeasons = NO_FIT,
): ReadonlyMap<string, Detector> =>
  isOfGroup(definition)
    ? detectorsOfGroup(definition, series)
    : new Map(
        series.map(({ fingerprint, saved, slot }) => [fingerprint, createDetector(definition, saved, { fit, slot })]),
      );
