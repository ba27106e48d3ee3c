import type { Subject } from "@tessera/contracts/caller";
import type { AnomalyId, RuleId } from "@tessera/contracts/ids";
import type { Severity } from "../alerts/alert.ts";
import type { SeriesGroup } from "../rules/series.ts";

/** What people say of an anomaly, what disturbs them most first: of equally many the first of these counts. */
export const FEEDBACK_VERDICTS = ["TRUE", "FALSE", "EXPECTED", "KNOWN_ISSUE"] as const;

/** One of {@link FEEDBACK_VERDICTS}. */
export type FeedbackVerdict = (typeof FEEDBACK_VERDICTS)[number];

/**
 * When something like an anomaly is expected. ONCE: in buckets that begin within [fromMs, untilMs). Else in those that begin within `hours` hours from `fromHour` on, hours of a
 * day (DAILY) or of a week (WEEKLY, 0 is Monday, midnight) on the clock of `timeZone`, up to `untilMs`.
 */
export type ExpectedPeriod =
  | { readonly kind: "ONCE"; readonly fromMs: number; readonly untilMs: number }
  | {
      readonly kind: "DAILY" | "WEEKLY";
      readonly timeZone: string;
      readonly fromHour: number;
      readonly hours: number;
      readonly untilMs: number;
    };

/** What was known of the anomaly when somebody said something of it: what follows is limited by it. */
export interface Sight {
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  /** Beginning of the bucket it began with; its end, or when it was last seen. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly side: "ABOVE" | "BELOW" | null;
  /** The greatest score it was seen with. */
  readonly score: number;
  readonly severity: Severity;
  /** Digest of what was watched and by what: what was said of other scores teaches nothing. */
  readonly judgedBy: string;
}

/** What somebody said of an anomaly; it is put down once and never changed. */
export interface Feedback {
  readonly id: string;
  readonly anomalyId: AnomalyId;
  readonly ruleId: RuleId;
  readonly by: Subject;
  /** WITHDRAWN: what they said before counts no more. */
  readonly verdict: FeedbackVerdict | "WITHDRAWN";
  /** What a known issue comes of; null of all else. */
  readonly cause: string | null;
  readonly note: string | null;
  /** When it is expected; null of all else. */
  readonly expected: ExpectedPeriod | null;
  /** When a known issue is to be told of again at the latest; null of all else. */
  readonly expiresAtMs: number | null;
  readonly seen: Sight;
  readonly atMs: number;
  /** When the cause was last said to be done after it was said; null: it was not. */
  readonly doneAtMs: number | null;
}

/** A verdict that counts. */
export interface StandingFeedback extends Feedback {
  readonly verdict: FeedbackVerdict;
}

/** What people together say of an anomaly. */
export interface Decision {
  readonly verdict: FeedbackVerdict;
  /** The last that was said so: when it is expected, and what it comes of, is as it says. */
  readonly said: StandingFeedback;
  /** How many say so, of how many. */
  readonly people: number;
  readonly of: number;
}

const stands = (feedback: Feedback): feedback is StandingFeedback => feedback.verdict !== "WITHDRAWN";

/** What counts of all that was said of one anomaly, in the order it was said: the last of each person, if it is not withdrawn. */
export const standingOf = (history: readonly Feedback[]): readonly StandingFeedback[] => {
  const last = new Map<string, Feedback>();
  for (const feedback of history) {
    const { kind, id } = feedback.by;
    // Put down anew, so that the order is that in which what counts was said.
    last.delete(`${kind}:${id}`);
    last.set(`${kind}:${id}`, feedback);
  }
  return [...last.values()].filter(stands);
};

/** What people together say of one anomaly: what most say, of equally many what disturbs people most; null when nobody says anything. */
export const decisionOf = (history: readonly Feedback[]): Decision | null => {
  const standing = standingOf(history);
  let best: Decision | null = null;
  for (const verdict of FEEDBACK_VERDICTS) {
    const agreeing = standing.filter((one) => one.verdict === verdict);
    const said = agreeing.at(-1);
    if (said !== undefined && agreeing.length > (best?.people ?? 0))
      best = { verdict, said, people: agreeing.length, of: standing.length };
  }
  return best;
};

/** What people together say of each of some anomalies, in the order in which it was last said. */
export const decisionsOf = (history: readonly Feedback[]): readonly Decision[] => {
  const byAnomaly = new Map<string, Feedback[]>();
  for (const feedback of history) {
    const same = byAnomaly.get(feedback.anomalyId);
    if (same === undefined) byAnomaly.set(feedback.anomalyId, [feedback]);
    else same.push(feedback);
  }
  return [...byAnomaly.values()]
    .flatMap((same) => decisionOf(same) ?? [])
    .toSorted((a, b) => a.said.atMs - b.said.atMs || (a.said.id < b.said.id ? -1 : 1));
};
