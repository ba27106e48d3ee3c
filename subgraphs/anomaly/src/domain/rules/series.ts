import type { AnomalyId, RuleId } from "@tessera/contracts/ids";
import { digestOf } from "@tessera/platform/integrity/digest";
import { storableText } from "@tessera/platform/text/whole-characters";
import type { AlertState } from "../alerts/alert-state.ts";
import type { Finding, Observation } from "../detectors/detector.ts";

/** What a series is of, in the order of the question's fields; empty where a rule has one series alone. */
export type SeriesGroup = readonly { readonly name: string; readonly value: string | null }[];

/** The group of the series in which all that are not kept stand together. */
export const OTHERS: SeriesGroup = [{ name: "*", value: "OTHERS" }];

/** Judged buckets of a series that are kept, to be told with their bands. */
export const KEPT_BUCKETS = 48;
/** Characters of a digest that a slot follows from. */
const SLOT_CHARACTERS = 4;

const fieldsByName = (group: SeriesGroup): readonly (readonly (string | null)[])[] =>
  group.map(({ name, value }) => [name, value]).toSorted(([a = ""], [b = ""]) => ((a ?? "") < (b ?? "") ? -1 : 1));

/** A number from 0 to 65,535 that follows from what a series is of, whatever rule it is of. */
export const slotOf = (group: SeriesGroup): number =>
  Number.parseInt(digestOf(JSON.stringify(fieldsByName(group))).slice(0, SLOT_CHARACTERS), 16);

/** Names a series among all of all rules: a hash of the rule's id and the group, whose fields are taken by name. */
export const fingerprintOf = (ruleId: RuleId, group: SeriesGroup): string =>
  digestOf(`${ruleId}${JSON.stringify(fieldsByName(group))}`);

/** What a series is of as stores hold it: values of events may hold what they don't. Told from others it is by its fingerprint, which is of the values as they came. */
export const storableGroup = (group: SeriesGroup): SeriesGroup =>
  group.map(({ name, value }) => ({ name, value: value === null ? null : storableText(value) }));

/** A bucket of a series that was judged: what it held and what the detector said of it. */
export interface JudgedBucket {
  readonly atMs: number;
  readonly untilMs: number;
  readonly value: number | null;
  readonly samples: number | null;
  readonly finding: Finding;
}

/** A judged bucket as it is kept: without what weighed in the judgement. */
export interface KeptBucket {
  readonly atMs: number;
  readonly untilMs: number;
  readonly value: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly score: number;
  readonly outcome: Finding["outcome"];
}

/** What is kept of a series between evaluations. */
export interface Series {
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  readonly detector: unknown;
  readonly alert: AlertState;
  readonly recent: readonly KeptBucket[];
  /** The anomaly of its last episode. */
  readonly anomalyId: AnomalyId | null;
  /** When it last had events. */
  readonly seenAtMs: number;
}

/** A bucket to be judged; GONE: the answer does not tell of the series. */
export type SeriesBucket =
  | { readonly kind: "HELD"; readonly observation: Observation }
  | { readonly kind: "GONE"; readonly atMs: number; readonly untilMs: number };

/** What became of a bucket: a judgement, or that there was nothing to judge. */
export type BucketOutcome =
  | { readonly kind: "JUDGED"; readonly bucket: JudgedBucket }
  | { readonly kind: "GONE"; readonly atMs: number; readonly untilMs: number };

/** A series after its detector has judged: what it has learnt, and what the alert is to be told. */
export interface JudgedSeries {
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  readonly detector: unknown;
  readonly recent: readonly KeptBucket[];
  readonly seenAtMs: number;
  /** Buckets that count, oldest first; those that were only learnt are not among them. */
  readonly outcomes: readonly BucketOutcome[];
}

const kept = ({ atMs, untilMs, value, finding }: JudgedBucket): KeptBucket => {
  const { expected, low, high, score, outcome } = finding;
  return { atMs, untilMs, value, expected, low, high, score, outcome };
};

/** Has a detector judge the buckets of a series in their order. Buckets that end no later than `warmUntilMs` are learnt and count for nothing else. */
export const judgeSeries = (
  detector: { judge: (observation: Observation) => Finding; save: () => unknown },
  before: Pick<Series, "fingerprint" | "group" | "recent" | "seenAtMs">,
  buckets: readonly SeriesBucket[],
  warmUntilMs: number,
): JudgedSeries => {
  const outcomes: BucketOutcome[] = [];
  const recent = [...before.recent];
  let { seenAtMs } = before;
  for (const one of buckets) {
    if (one.kind === "GONE") {
      outcomes.push(one);
      continue;
    }
    const { atMs, untilMs, value, samples } = one.observation;
    const bucket = { atMs, untilMs, value, samples, finding: detector.judge(one.observation) };
    recent.push(kept(bucket));
    if (samples === null ? value !== null : samples > 0) seenAtMs = Math.max(seenAtMs, untilMs);
    if (untilMs > warmUntilMs) outcomes.push({ kind: "JUDGED", bucket });
  }
  const { fingerprint, group } = before;
  return { fingerprint, group, detector: detector.save(), recent: recent.slice(-KEPT_BUCKETS), seenAtMs, outcomes };
};
