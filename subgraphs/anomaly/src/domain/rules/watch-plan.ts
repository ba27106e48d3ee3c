import type { WatchedAnswer } from "@tessera/contracts/watched-series";
import { NO_CALENDAR, type MarkOf } from "../calendars/occurrences.ts";
import type { Observation } from "../detectors/detector.ts";
import { readingIn } from "../zone-clock.ts";
import type { Rule } from "../rule.ts";
import { fingerprintOf, OTHERS, storableGroup, type Series, type SeriesBucket, type SeriesGroup } from "./series.ts";
import { BUCKET_MS, type WatchedQuestionRule } from "./watch.ts";

/** Buckets one turn judges: with a thousand series they are as many values as one answer carries. */
export const MAX_BUCKETS_PER_TURN = 100;
/** Buckets one turn of a rule on an objective judges: a day of minutes, since its windows reach back over days, and values of all its series together. */
const MAX_BUCKETS_OF_OBJECTIVE = 1_440;
const MAX_VALUES_OF_OBJECTIVE = 20_000;
/** How far back the series are weighed where not all are kept: a day, or so many buckets. */
const WEIGHED_BUCKETS = 50;
const HOUR_MS = 3_600_000;
/** Milliseconds from the epoch's beginning, a Thursday, to the Monday before it. */
const MONDAY_MS = 3 * 24 * HOUR_MS;
const [HOURS_OF_DAY, HOURS_OF_WEEK] = [24, 168];

/** What a turn of a rule asks for, milliseconds since the epoch. */
export interface TurnPlan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets that end no later are learnt and count for nothing else. */
  readonly warmUntilMs: number;
  readonly heaviestFromMs: number | null;
  /** Whether there is more to judge than this turn does. */
  readonly behind: boolean;
}

/** Buckets one turn of a rule judges at most: more where they are of few series and are counted in one question. */
export const bucketsPerTurn = ({
  objective,
  maxSeries,
}: Pick<WatchedQuestionRule, "objective" | "maxSeries">): number =>
  objective === null
    ? MAX_BUCKETS_PER_TURN
    : Math.max(
        MAX_BUCKETS_PER_TURN,
        Math.min(MAX_BUCKETS_OF_OBJECTIVE, Math.floor(MAX_VALUES_OF_OBJECTIVE / maxSeries)),
      );

/** From when on events weigh in which series of a rule are kept, where not all are; null where all are. */
export const heaviestFromOf = (
  { seriesSeen }: Pick<Rule, "seriesSeen">,
  { maxSeries, granularity }: WatchedQuestionRule,
  fromMs: number,
): number | null =>
  seriesSeen > maxSeries ? fromMs - Math.max(24 * HOUR_MS, WEIGHED_BUCKETS * BUCKET_MS[granularity]) : null;

/**
 * What a turn asks for: the buckets since the last judged one, that ended `delay` ago. A rule that has judged none is shown so much history first that its detector knows what is
 * usual, a turn's worth at a time; only the buckets after that count.
 */
export const planTurn = (
  rule: Pick<Rule, "judgedUntilMs" | "warmUntilMs" | "seriesSeen">,
  watch: WatchedQuestionRule,
  history: number,
  nowMs: number,
): TurnPlan => {
  const bucketMs = BUCKET_MS[watch.granularity];
  const knownMs = nowMs - watch.delayMs;
  // The first bucket that counts is the last that has ended: what ended a bucket earlier is the end of history.
  const warmUntilMs = rule.warmUntilMs ?? knownMs - bucketMs;
  // From where the first turn began, so that a bucket that is complete long after its end is waited for and not passed by; the last one, whole, and its history.
  const fromMs = rule.judgedUntilMs ?? warmUntilMs - (history + 1) * bucketMs;
  const toMs = Math.min(knownMs, fromMs + (bucketsPerTurn(watch) + 1) * bucketMs);
  return {
    ...{ fromMs, toMs, warmUntilMs, behind: toMs < knownMs },
    heaviestFromMs: heaviestFromOf(rule, watch, fromMs),
  };
};

/** Hour of the week on the clock of a zone, 0 (Monday, midnight) to 167. */
export const hourOfWeek = (timeZone: string, ms: number): number => {
  const local = readingIn(timeZone, ms);
  return ((Math.floor((local + MONDAY_MS) / HOUR_MS) % HOURS_OF_WEEK) + HOURS_OF_WEEK) % HOURS_OF_WEEK;
};

/** A series with the buckets its detector is to judge. */
export interface ToJudge {
  readonly series: Pick<Series, "fingerprint" | "group" | "recent" | "seenAtMs" | "detector">;
  readonly buckets: readonly SeriesBucket[];
}

/** What one turn judges, and up to where. */
export interface Turn {
  readonly toJudge: readonly ToJudge[];
  /** End of the last bucket; null when there is none. */
  readonly judgedUntilMs: number | null;
  readonly seriesSeen: number;
}

/** A bucket of an answer, whatever series it is of. */
type Frame = Omit<Observation, "value" | "samples">;

/** The first buckets of an answer. One that is like another weekday has that weekday's hours. */
export const framesOf = (
  answer: WatchedAnswer,
  timeZone: string,
  count: number,
  markOf: MarkOf = NO_CALENDAR,
): readonly Frame[] =>
  answer.bucketsMs.slice(0, count).map((atMs, index) => {
    const untilMs = answer.endsMs[index] ?? 0;
    const { label, like } = markOf(atMs, untilMs);
    const hour = hourOfWeek(timeZone, atMs);
    return {
      ...{ atMs, untilMs, calendar: label },
      hourOfWeek: like === null ? hour : like * HOURS_OF_DAY + (hour % HOURS_OF_DAY),
    };
  });

const observationsOf = (
  answer: WatchedAnswer,
  frames: readonly Frame[],
  held: { readonly values: readonly (number | null)[]; readonly samples: readonly (number | null)[] } | null,
): readonly SeriesBucket[] =>
  frames.map((frame, index): SeriesBucket => {
    const value = held === null ? answer.emptyValue : (held.values[index] ?? null);
    const samples = held === null ? 0 : (held.samples[index] ?? null);
    return { kind: "HELD", observation: { ...frame, value, samples } };
  });

const goneIn = (frames: readonly Frame[]): readonly SeriesBucket[] =>
  frames.map(({ atMs, untilMs }) => ({ kind: "GONE", atMs, untilMs }));

/**
 * Lays an answer out by series, up to the first bucket that has not all it will have. A known series the answer does not tell of had no events where the answer tells of all series;
 * where it does not, it is gone for now. `markOf` is the rule's event calendar.
 */
export const turnOf = (
  rule: Pick<Rule, "id">,
  watch: WatchedQuestionRule,
  known: readonly Series[],
  answer: WatchedAnswer,
  markOf: MarkOf = NO_CALENDAR,
): Turn => {
  const open = answer.complete.indexOf(false);
  const count = open < 0 ? answer.complete.length : open;
  const frames = framesOf(answer, watch.timeZone, count, markOf);
  const cut = answer.hasMore === true || answer.seriesCount > answer.series.length;
  const before = new Map(known.map((series) => [series.fingerprint, series]));
  const told = [...answer.series, ...(answer.others === null ? [] : [{ ...answer.others, group: OTHERS }])].map(
    ({
      group,
      ...held
    }: {
      group: SeriesGroup;
      values: readonly (number | null)[];
      samples: readonly (number | null)[];
    }) => {
      const fingerprint = fingerprintOf(rule.id, group);
      const fresh = { recent: [], seenAtMs: answer.bucketsMs[0] ?? 0, detector: undefined };
      const series = before.get(fingerprint) ?? { fingerprint, group: storableGroup(group), ...fresh };
      return { series, buckets: observationsOf(answer, frames, held) };
    },
  );
  const answered = new Set(told.map(({ series }) => series.fingerprint));
  const missing = known
    .filter(({ fingerprint }) => !answered.has(fingerprint))
    .map((series) => ({
      series,
      buckets: cut ? goneIn(frames) : observationsOf(answer, frames, null),
    }));
  return {
    toJudge: count === 0 ? [] : [...told, ...missing],
    judgedUntilMs: count === 0 ? null : (answer.endsMs[count - 1] ?? null),
    seriesSeen: answer.seriesCount,
  };
};
