import type { AnomalyId } from "@tessera/contracts/ids";
import { SEVERITIES, type Severity } from "../alerts/alert.ts";
import { hourOfWeek } from "../rules/watch-plan.ts";
import type { SeriesGroup } from "../rules/series.ts";
import type { Decision, ExpectedPeriod } from "./feedback.ts";

/** What feedback does to a series, in numbers; docs/feedback.md says why. */
export const LEARNING = {
  /** How many times as far out an anomaly must be after one that was none. */
  step: 1.5,
  /** How many times at most. */
  most: 4,
  /** Below this it is as if nothing had been said. */
  least: 1.05,
  /** Milliseconds in which half of what was learnt is forgotten, counted in doublings. */
  halfLifeMs: 30 * 86_400_000,
  /** What is further out than so many times what was expected is told nevertheless. */
  beyondExpected: 2,
} as const;
/** How long what was said can matter: after six half-lives nothing is left of a factor, and all else has run out. */
export const FEEDBACK_HORIZON_MS = 6 * LEARNING.halfLifeMs;

const HOURS_OF_DAY = 24;
const HOURS_OF_WEEK = 168;

/** What one decision does to its series. */
export interface LearnedEffect {
  readonly kind: "THRESHOLD_RAISED" | "THRESHOLD_LOWERED" | "EXPECTED_PERIOD" | "KNOWN_ISSUE";
  readonly anomalyId: AnomalyId;
  readonly saidAtMs: number;
  readonly people: number;
  /** The factor right after it; null of what does not change it. */
  readonly factor: number | null;
  readonly expected: ExpectedPeriod | null;
  readonly cause: string | null;
  /** When it runs out; null of a factor, which fades. */
  readonly untilMs: number | null;
}

/** What is expected, and how far out it was when it was said so. */
export interface ExpectedRule {
  readonly period: ExpectedPeriod;
  readonly side: "ABOVE" | "BELOW" | null;
  readonly score: number;
}

/** What people have taught of one series, as it is at a moment. */
export interface Learned {
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  /** How many times as far out an anomaly must be for people to be told of it; 1: as the rule says. */
  readonly factor: number;
  readonly expected: readonly ExpectedRule[];
  /** The severities up to which an issue is known. */
  readonly known: readonly Severity[];
  /** What led there, the last that was said last. */
  readonly effects: readonly LearnedEffect[];
}

const faded = (level: number, ms: number): number => level * 2 ** (-Math.max(0, ms) / LEARNING.halfLifeMs);

const factorOf = (level: number): number => {
  const factor = 2 ** level;
  return factor < LEARNING.least ? 1 : factor;
};

const STEP = Math.log2(LEARNING.step);
const MOST = Math.log2(LEARNING.most);

interface Sofar {
  /** The factor in doublings, as it was at `atMs`. */
  readonly level: number;
  readonly atMs: number;
  readonly expected: readonly ExpectedRule[];
  readonly known: readonly Severity[];
  readonly effects: readonly LearnedEffect[];
}

const effectOf = ({ said, people }: Decision) => ({
  ...{ anomalyId: said.anomalyId, saidAtMs: said.atMs, people, factor: null },
  ...{ expected: null, cause: null, untilMs: null },
});

const moved = (sofar: Sofar, decision: Decision, by: 1 | -1): Sofar => {
  const { atMs } = decision.said;
  const level = Math.min(MOST, Math.max(0, faded(sofar.level, atMs - sofar.atMs) + by * STEP));
  const kind = by === 1 ? "THRESHOLD_RAISED" : "THRESHOLD_LOWERED";
  return {
    ...sofar,
    level,
    atMs,
    effects: [...sofar.effects, { ...effectOf(decision), kind, factor: factorOf(level) }],
  };
};

const taught = (sofar: Sofar, decision: Decision, nowMs: number): Sofar => {
  const { expected, cause, expiresAtMs, doneAtMs, seen } = decision.said;
  switch (decision.verdict) {
    case "FALSE":
      return moved(sofar, decision, 1);
    case "TRUE":
      return moved(sofar, decision, -1);
    case "EXPECTED": {
      if (expected === null || (expected.kind !== "ONCE" && expected.untilMs <= nowMs)) return sofar;
      const effect: LearnedEffect = {
        ...{ ...effectOf(decision), kind: "EXPECTED_PERIOD", expected, untilMs: expected.untilMs },
      };
      const rule = { period: expected, side: seen.side, score: seen.score };
      return { ...sofar, expected: [...sofar.expected, rule], effects: [...sofar.effects, effect] };
    }
    case "KNOWN_ISSUE": {
      const ended = doneAtMs !== null || (expiresAtMs !== null && expiresAtMs <= nowMs);
      if (ended) return sofar;
      const effect: LearnedEffect = { ...effectOf(decision), kind: "KNOWN_ISSUE", cause, untilMs: expiresAtMs };
      return { ...sofar, known: [...sofar.known, seen.severity], effects: [...sofar.effects, effect] };
    }
  }
};

/**
 * What people have taught of each series of a rule that is judged by `judgedBy`, as it is at a moment, by fingerprint. `decisions` are in the order in which they were said. What
 * was said of scores of another detector, or of another question, teaches nothing.
 */
export const learnedOf = (
  decisions: readonly Decision[],
  judgedBy: string,
  nowMs: number,
): ReadonlyMap<string, Learned> => {
  const bySeries = new Map<string, { readonly group: SeriesGroup; readonly sofar: Sofar }>();
  for (const decision of decisions) {
    const { seen, atMs } = decision.said;
    if (seen.judgedBy !== judgedBy || atMs <= nowMs - FEEDBACK_HORIZON_MS) continue;
    const none: Sofar = { level: 0, atMs, expected: [], known: [], effects: [] };
    const sofar = taught(bySeries.get(seen.fingerprint)?.sofar ?? none, decision, nowMs);
    bySeries.set(seen.fingerprint, { group: seen.group, sofar });
  }
  return new Map(
    [...bySeries].map(([fingerprint, { group, sofar }]) => {
      const { level, atMs, expected, known, effects } = sofar;
      return [
        fingerprint,
        { fingerprint, group, factor: factorOf(faded(level, nowMs - atMs)), expected, known, effects },
      ];
    }),
  );
};

/** Whether a period covers a bucket that begins at a moment. */
export const covers = (period: ExpectedPeriod, atMs: number): boolean => {
  if (atMs >= period.untilMs) return false;
  if (period.kind === "ONCE") return atMs >= period.fromMs;
  const cycle = period.kind === "DAILY" ? HOURS_OF_DAY : HOURS_OF_WEEK;
  const hour = hourOfWeek(period.timeZone, atMs) % cycle;
  return (((hour - period.fromHour) % cycle) + cycle) % cycle < period.hours;
};

/** What of an episode decides whether feedback silences it. */
export interface FeedbackSight {
  /** Beginning of the bucket. */
  readonly atMs: number;
  /** The greatest score of the episode's breaches; 0 of missing data. */
  readonly peak: number;
  /** Whether the episode is about missing data. */
  readonly missing: boolean;
  /** Side of the bucket if it is a breach; null of any other. */
  readonly side: "ABOVE" | "BELOW" | null;
  readonly severity: Severity;
}

/** Whether feedback silences an open episode: an issue is known that was as bad, or it is expected and not much further out than it was, or it is not as far out as people want it to be. */
export const isSilencedByFeedback = (learned: Learned, sight: FeedbackSight, fireScore: number): boolean => {
  const { severity, peak, side, missing, atMs } = sight;
  const rank = SEVERITIES.indexOf(severity);
  if (learned.known.some((known) => SEVERITIES.indexOf(known) >= rank)) return true;
  const expected = learned.expected.some(
    (one) =>
      covers(one.period, atMs) &&
      peak <= LEARNING.beyondExpected * one.score &&
      (side === null || one.side === null || side === one.side),
  );
  return expected || (!missing && learned.factor > 1 && peak < learned.factor * fireScore);
};
