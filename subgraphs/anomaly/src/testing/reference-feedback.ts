import type { AlertPolicy } from "../domain/alerts/alert-policy.ts";
import type { AlertSignal, AlertState } from "../domain/alerts/alert-state.ts";
import type { ExpectedPeriod, Feedback, FeedbackVerdict } from "../domain/feedback/feedback.ts";

const DAY_MS = 86_400_000;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** What people together say of an anomaly, person by person and verdict by verdict, each found anew in all that was said. */
export const referenceVerdict = (history: readonly Feedback[], anomalyId: string): FeedbackVerdict | null => {
  const own = history.filter((one) => one.anomalyId === anomalyId);
  const people = [...new Set(own.map(({ by }) => `${by.kind} ${by.id}`))];
  const votes = people.map((person) => own.findLast(({ by }) => `${by.kind} ${by.id}` === person)?.verdict);
  const count = (verdict: string): number => votes.filter((vote) => vote === verdict).length;
  const [first] = (["TRUE", "FALSE", "EXPECTED", "KNOWN_ISSUE"] as const)
    .map((verdict, place) => ({ verdict, place, votes: count(verdict) }))
    .toSorted((a, b) => b.votes - a.votes || a.place - b.place);
  return first === undefined || first.votes === 0 ? null : first.verdict;
};

/** The last time that the verdict an anomaly has was said by somebody who still says so. */
const lastSaid = (history: readonly Feedback[], anomalyId: string, verdict: FeedbackVerdict): number => {
  const own = history.map((one, place) => ({ one, place })).filter(({ one }) => one.anomalyId === anomalyId);
  const standing = own.filter(({ one, place }) => {
    const later = own.some(
      (other) => other.place > place && other.one.by.kind === one.by.kind && other.one.by.id === one.by.id,
    );
    return !later && one.verdict === verdict;
  });
  return Math.max(...standing.map(({ one }) => one.atMs));
};

/** How many times the score a series must reach, as docs/feedback.md multiplies it. */
export const referenceFactor = (history: readonly Feedback[], fingerprint: string, nowMs: number): number => {
  const anomalies = [
    ...new Set(history.filter(({ seen }) => seen.fingerprint === fingerprint).map((one) => one.anomalyId)),
  ];
  const said = anomalies
    .flatMap((id) => {
      const verdict = referenceVerdict(history, id);
      return verdict === "TRUE" || verdict === "FALSE" ? [{ verdict, atMs: lastSaid(history, id, verdict) }] : [];
    })
    .filter(({ atMs }) => atMs > nowMs - 180 * DAY_MS)
    .toSorted((a, b) => a.atMs - b.atMs);
  let [factor, atMs] = [1, said[0]?.atMs ?? nowMs];
  for (const one of said) {
    factor **= 0.5 ** ((one.atMs - atMs) / (30 * DAY_MS));
    factor = one.verdict === "FALSE" ? Math.min(4, factor * 1.5) : Math.max(1, factor / 1.5);
    ({ atMs } = one);
  }
  factor **= 0.5 ** ((nowMs - atMs) / (30 * DAY_MS));
  return factor < 1.05 ? 1 : factor;
};

/** Whether a bucket begins in a period, by what a calendar shows then. */
export const referenceCovers = (period: ExpectedPeriod, atMs: number): boolean => {
  if (period.kind === "ONCE") return period.fromMs <= atMs && atMs < period.untilMs;
  const shown = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: period.timeZone, weekday: "short", hour: "2-digit", hourCycle: "h23" },
  }).formatToParts(atMs);
  const part = (type: string): string => shown.find((one) => one.type === type)?.value ?? "";
  const hour = Number(part("hour")) + (period.kind === "DAILY" ? 0 : 24 * WEEKDAYS.indexOf(part("weekday")));
  const cycle = period.kind === "DAILY" ? 24 : 168;
  const hours = Array.from({ length: period.hours }, (_, count) => (period.fromHour + count) % cycle);
  return atMs < period.untilMs && hours.includes(hour);
};

/** What feedback has taught of a series, as the reference takes it. */
export interface ReferenceLearned {
  readonly factor: number;
  readonly expected: readonly {
    readonly period: ExpectedPeriod;
    readonly side: "ABOVE" | "BELOW" | null;
    readonly score: number;
  }[];
  readonly known: readonly string[];
}

/** Whether feedback silences the open episode that a bucket leaves behind; every breach of the episode is looked for among all signals. */
export const referenceSilenced = (
  policy: AlertPolicy,
  learned: ReferenceLearned,
  signals: readonly AlertSignal[],
  bucket: Extract<AlertSignal, { readonly kind: "FINDING" | "NO_SERIES" }>,
  after: AlertState,
): boolean => {
  const ranks = ["INFO", "WARNING", "ERROR", "CRITICAL"];
  for (const known of learned.known) if (ranks.indexOf(known) >= ranks.indexOf(after.severity)) return true;
  const isBreach = (signal: AlertSignal): boolean =>
    signal.kind === "FINDING" && signal.finding.outcome === "ANOMALOUS" && signal.finding.score >= policy.fire.score;
  let peak = 0;
  for (const signal of [...signals, bucket]) {
    if (signal.kind !== "FINDING" || !isBreach(signal)) continue;
    const within = signal.bucket.atMs >= (after.episodeSinceMs ?? 0) && signal.bucket.untilMs <= bucket.bucket.untilMs;
    if (signal === bucket || within) peak = Math.max(peak, signal.finding.score);
  }
  const side = bucket.kind === "FINDING" && isBreach(bucket) ? (bucket.finding.side ?? null) : null;
  for (const { period, side: expected, score } of learned.expected) {
    const otherSide = side !== null && expected !== null && side !== expected;
    if (referenceCovers(period, bucket.bucket.atMs) && !otherSide && peak <= 2 * score) return true;
  }
  return after.cause === "BREACH" && learned.factor > 1 && peak < learned.factor * policy.fire.score;
};
