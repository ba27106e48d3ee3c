import type { AnomalyId } from "@tessera/contracts/ids";
import type { Subject } from "@tessera/contracts/caller";
import type { Severity } from "../alerts/alert.ts";
import { step } from "../alerts/alert-machine.ts";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import type { AlertSignal, AlertState, AlertTransition } from "../alerts/alert-state.ts";
import { isOpen } from "../alerts/telling.ts";
import { causeOf, type Acknowledgement, type AnomalyState, type Evidence, type Resolution } from "../anomaly.ts";
import type { Impact } from "../explain/impact.ts";
import type { BucketOutcome, JudgedBucket } from "./series.ts";

/** Who led to a step, and what they said; nobody where a bucket or the clock did. */
export interface Actor {
  readonly by: Subject;
  readonly note: string | null;
  /** The channel by whose provider they did it, if by one. */
  readonly channelId?: string;
}

/** A transition of a series' alert, with what it belongs to. */
export interface SeriesStep {
  readonly transition: AlertTransition;
  readonly anomalyId: AnomalyId | null;
  /** The bucket that led to it; null where none did. */
  readonly bucket: JudgedBucket | null;
  readonly actor: Actor | null;
}

/** What is to be written of an anomaly. */
export interface AnomalyWrite {
  readonly id: AnomalyId;
  /** What it began with; null of one that was there before. */
  readonly begun: { readonly evidence: Evidence; readonly atMs: number } | null;
  readonly state: AnomalyState;
  readonly severity: Severity;
  /** Sights of the breach, the last of them; null without one, none of a bucket that was seen before and has another value now. */
  readonly seen: { readonly atMs: number; readonly value: number | null; readonly times: number } | null;
  readonly acknowledgement: Acknowledgement | null;
  readonly resolution: Resolution | null;
}

/** Where the alert of a series and its anomalies stand after some signals. */
export interface SteppedSeries {
  readonly alert: AlertState;
  readonly anomalyId: AnomalyId | null;
  readonly steps: readonly SeriesStep[];
  /** Each anomaly at most once, in the order of their beginnings. */
  readonly anomalies: readonly AnomalyWrite[];
}

/** A signal, with the bucket or the person it came of. */
export interface Told {
  readonly signal: AlertSignal;
  readonly bucket: JudgedBucket | null;
  readonly actor: Actor | null;
  /** How far the breach of the bucket reaches, where that is known. */
  readonly impact?: Impact;
}

/** The signals of judged buckets, told at `atMs`; `live` says that their rule is. */
export const signalsOf = (outcomes: readonly BucketOutcome[], atMs: number, live = false): readonly Told[] =>
  outcomes.map((outcome): Told => {
    if (outcome.kind === "GONE")
      return { signal: { kind: "NO_SERIES", bucket: outcome, atMs }, bucket: null, actor: null };
    const { bucket } = outcome;
    return {
      signal: { kind: "FINDING", bucket, finding: bucket.finding, impact: null, atMs, ...(live ? { live } : {}) },
      ...{ bucket, actor: null },
    };
  });

const evidenceOf = ({ bucket, impact }: Pick<Told, "bucket" | "impact">, transition: AlertTransition): Evidence => {
  const { atMs } = transition;
  if (bucket === null)
    return {
      ...{ value: null, samples: null, score: 1, expected: null, low: null, high: null, side: null, weighed: [] },
      ...{ impact: null, because: "the series is gone", window: { fromMs: transition.sinceMs ?? atMs, toMs: atMs } },
    };
  const { value, samples, finding, atMs: fromMs, untilMs } = bucket;
  const { score, expected, low, high, side, because, weighed } = finding;
  const window = { fromMs, toMs: untilMs };
  return { value, samples, score, expected, low, high, side, because, weighed, impact: impact ?? null, window };
};

type Draft = Pick<AnomalyWrite, "begun" | "seen" | "acknowledgement" | "resolution">;
const UNTOUCHED: Draft = { begun: null, seen: null, acknowledgement: null, resolution: null };

/** The anomalies of a series while signals are taken. */
const openEpisodes = (first: AnomalyId | null, newId: () => AnomalyId) => {
  const steps: SeriesStep[] = [];
  const writes = new Map<AnomalyId, AnomalyWrite>();
  let current = first;
  const write = (change: Partial<Draft>, to: AlertState["state"], severity: Severity): void => {
    if (current === null) return;
    // An anomaly is written of only while its episode lasts, or as it ends.
    const state = to === "OK" || to === "PENDING" ? "RESOLVED" : to;
    writes.set(current, { ...(writes.get(current) ?? UNTOUCHED), id: current, state, severity, ...change });
  };
  const changeOf = (transition: AlertTransition, told: Told): Partial<Draft> | null => {
    const { actor } = told;
    const [was, is] = [isOpen(transition.from), isOpen(transition.to)];
    const { atMs, reason } = transition;
    if (is && !was) return { begun: { evidence: evidenceOf(told, transition), atMs } };
    if (was && !is)
      return { resolution: { cause: causeOf(reason), atMs, by: actor?.by ?? null, note: actor?.note ?? null } };
    if (!is) return null;
    const looked = reason === "ACKNOWLEDGED_BY_CALLER" || reason === "ACKNOWLEDGED_BY_CHANNEL";
    return looked && actor !== null ? { acknowledgement: { atMs, by: actor.by, note: actor.note } } : {};
  };
  return {
    steps,
    writes,
    current: (): AnomalyId | null => current,
    take: (transition: AlertTransition, told: Told): void => {
      const change = changeOf(transition, told);
      if (change?.begun !== undefined) current = newId();
      if (change !== null) write(change, transition.to, transition.severity);
      const anomalyId = transition.episode === null ? null : current;
      steps.push({ transition, anomalyId, bucket: told.bucket, actor: told.actor });
    },
    see: (alert: AlertState, { bucket, signal }: Told, before: AlertState): void => {
      if (bucket === null || current === null) return;
      if (!isOpen(alert.state) || alert.lastBreachMs !== bucket.untilMs) return;
      // A bucket that was told of before it had ended is seen once, at its last value.
      const again = before.lastUntilMs !== null && before.lastUntilMs >= bucket.untilMs;
      const times = (writes.get(current)?.seen?.times ?? 0) + (again ? 0 : 1);
      const atMs = Math.min(bucket.untilMs, signal.atMs);
      write({ seen: { atMs, value: bucket.value, times } }, alert.state, alert.severity);
    },
  };
};

/** Tells the alert of a series some signals in their order; what follows for its anomalies is written down once for each. */
export const stepSeries = (
  policy: AlertPolicy,
  before: { readonly alert: AlertState; readonly anomalyId: AnomalyId | null },
  told: readonly Told[],
  newId: () => AnomalyId,
): SteppedSeries => {
  const episodes = openEpisodes(before.anomalyId, newId);
  let { alert } = before;
  for (const one of told) {
    const stepped = step(policy, alert, one.signal);
    for (const transition of stepped.transitions) episodes.take(transition, one);
    episodes.see(stepped.alert, one, alert);
    alert = stepped.alert;
  }
  const { steps, writes } = episodes;
  return { alert, anomalyId: episodes.current(), steps, anomalies: [...writes.values()] };
};
