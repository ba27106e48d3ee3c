/** One bucket of a series: what was measured of it, null where nothing was. */
export interface Observation {
  /** Where the bucket begins, milliseconds since the epoch. */
  readonly atMs: number;
  /** Where it ends: never before the judgement, so that a bucket is judged once and whole. */
  readonly untilMs: number;
  readonly value: number | null;
  /** Events, persons or other units the value was computed from; null where the question does not tell. */
  readonly samples: number | null;
  /** Hour of the week on the clock of the rule's zone when the bucket begins, 0 (Monday, midnight) to 167. */
  readonly hourOfWeek: number;
  /** A label of the rule's event calendar that covers the bucket, such as `black-friday`; null on ordinary days. */
  readonly calendar: string | null;
}

/** What a detector found in a bucket. LEARNING: too little is known to judge. NO_DATA: the bucket holds nothing, or too little. */
export type FindingOutcome = "ANOMALOUS" | "NORMAL" | "LEARNING" | "NO_DATA";

/** An observation that weighed in a judgement, and its share of all that did. */
export interface Weighed {
  readonly atMs: number;
  readonly share: number;
  /** Names the series that it is of, where that is not the one that is judged. */
  readonly series?: string;
  /** What that series is of; whoever knows the rule's series puts it in. */
  readonly group?: readonly { readonly name: string; readonly value: string | null }[];
}

/** What a detector says of one bucket. */
export interface Finding {
  readonly outcome: FindingOutcome;
  /** How far beyond its threshold the detector is: 1 is the threshold, 0 is as expected; never negative, infinite or NaN. */
  readonly score: number;
  /** What was expected; null when the detector has no expectation. */
  readonly expected: number | null;
  /** Least value that would not have been anomalous; null: none is too small, or it is not known. */
  readonly low: number | null;
  /** Greatest value that would not have been anomalous; null: none is too great, or it is not known. */
  readonly high: number | null;
  /** Which side of what was expected; null when neither. */
  readonly side: "ABOVE" | "BELOW" | null;
  /** Observations that weighed most, the heaviest first; at most 10. */
  readonly weighed: readonly Weighed[];
  /** The detector's own words for what it saw, one sentence without a full stop: `2.4 times the same hour of the last 4 weeks`. */
  readonly because: string;
}

/** Judges one series bucket by bucket; what it says of one follows from that one and those before it alone. */
export interface Detector {
  /** Judges a bucket, then learns it. Buckets come in order, each once; a missing one comes with value null. */
  readonly judge: (observation: Observation) => Finding;
  /** What it has learnt, as plain JSON of a bounded size; given to whoever builds the detector anew, it goes on as if nothing had happened. */
  readonly save: () => unknown;
}
