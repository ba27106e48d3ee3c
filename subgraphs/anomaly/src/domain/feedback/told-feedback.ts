import { step } from "../alerts/alert-machine.ts";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import { freshAlert, type AlertSignal, type AlertState, type OuterSilence } from "../alerts/alert-state.ts";
import { isOpen } from "../alerts/telling.ts";
import type { KeptBucket } from "../rules/series.ts";
import { isSilencedByFeedback, type Learned } from "./learned.ts";

type BucketSignal = Extract<AlertSignal, { readonly kind: "FINDING" | "NO_SERIES" }>;

/** What is told of a series, with the signal it is to the alert. */
export interface ToldSignal {
  readonly signal: AlertSignal;
}

/** A series of which people may have said something. */
export interface TaughtSeries {
  readonly alert: AlertState | null;
  /** What people have taught of it; null: nothing. */
  readonly learned: Learned | null;
  /** The last judged buckets, those that are told now among them: the peak of an episode is looked for in them. */
  readonly recent: readonly Pick<KeptBucket, "atMs" | "untilMs" | "score" | "outcome">[];
}

const isOfBucket = (signal: AlertSignal): signal is BucketSignal =>
  signal.kind === "FINDING" || signal.kind === "NO_SERIES";

const breachOf = (policy: AlertPolicy, signal: BucketSignal) =>
  signal.kind === "FINDING" && signal.finding.outcome === "ANOMALOUS" && signal.finding.score >= policy.fire.score
    ? signal.finding
    : null;

/** The greatest score of an open episode's breaches up to a bucket's end. */
const peakOf = (
  policy: AlertPolicy,
  { episodeSinceMs }: AlertState,
  buckets: TaughtSeries["recent"],
  signal: BucketSignal,
): number =>
  Math.max(
    breachOf(policy, signal)?.score ?? 0,
    ...buckets
      .filter(({ atMs, untilMs }) => atMs >= (episodeSinceMs ?? 0) && untilMs <= signal.bucket.untilMs)
      .filter(({ outcome, score }) => outcome === "ANOMALOUS" && score >= policy.fire.score)
      .map(({ score }) => score),
  );

const silences = (policy: AlertPolicy, { learned, recent }: TaughtSeries, after: AlertState, signal: BucketSignal) => {
  if (learned === null) return false;
  const sight = {
    ...{ atMs: signal.bucket.atMs, peak: peakOf(policy, after, recent, signal) },
    ...{ missing: after.cause === "NO_DATA", severity: after.severity },
    side: breachOf(policy, signal)?.side ?? null,
  };
  return isSilencedByFeedback(learned, sight, policy.fire.score);
};

/**
 * Puts the silence of feedback between what an alert is told, bucket by bucket: in force before the bucket after which an open episode is silenced by it, and no more once the
 * episode is over, so that who was told that it began is told that it ended. The other silences are those that `told` says, or that are in force.
 */
export const withFeedback = <Told extends ToldSignal>(
  policy: AlertPolicy,
  series: TaughtSeries,
  told: readonly Told[],
  contextOf: (signal: AlertSignal) => Told,
): readonly Told[] => {
  const silencedBefore = series.alert?.silences.includes("FEEDBACK") ?? false;
  if (series.learned === null && !silencedBefore) return told;
  const all: Told[] = [];
  let alert = series.alert ?? freshAlert(told[0]?.signal.atMs ?? 0);
  let outer: readonly OuterSilence[] = alert.silences.filter((silence) => silence !== "FEEDBACK");
  const take = (one: Told): void => {
    all.push(one);
    ({ alert } = step(policy, alert, one.signal));
  };
  const silence = (feedback: boolean, atMs: number): void => {
    const wanted: readonly OuterSilence[] = feedback ? [...outer, "FEEDBACK"] : outer;
    const same = wanted.length === alert.silences.length && wanted.every((one) => alert.silences.includes(one));
    if (!same) take(contextOf({ kind: "CONTEXT", silences: wanted, atMs }));
  };
  for (const one of told) {
    const { signal } = one;
    const silenced = alert.silences.includes("FEEDBACK");
    if (signal.kind === "CONTEXT") {
      outer = signal.silences;
      continue;
    }
    // A bucket that the alert has taken already says nothing new.
    if (!isOfBucket(signal) || signal.bucket.untilMs <= (alert.lastUntilMs ?? -Infinity)) {
      silence(silenced, signal.atMs);
      take(one);
      continue;
    }
    const after = step(policy, { ...alert, silences: outer }, signal).alert;
    silence(isOpen(after.state) ? silences(policy, series, after, signal) : silenced, signal.atMs);
    take(one);
    if (!isOpen(alert.state)) silence(false, signal.atMs);
  }
  silence(alert.silences.includes("FEEDBACK"), told.at(-1)?.signal.atMs ?? 0);
  return all;
};
