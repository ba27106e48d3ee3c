import type { Finding, Observation } from "./detector.ts";

/** Series that are compared with each other at most; of more, those whose names come first in order. */
export const MAX_GROUP = 1_000;

/** Judges all series of a rule together, bucket by bucket. */
export interface GroupDetector {
  /** Judges the bucket of every series, then learns it; a series that is left out has none. */
  readonly judge: (buckets: ReadonlyMap<string, Observation>) => ReadonlyMap<string, Finding>;
  /** What it has learnt, by series, each as plain JSON of a bounded size, so that it can be kept with the series. */
  readonly save: () => ReadonlyMap<string, unknown>;
}
