import { z } from "zod";
import { createHabituation, habituationSchema } from "./habituation.ts";
import { createHistory, historySchema } from "./history.ts";
import { createProfile, profileSchema, type ProfileFinding } from "./profile.ts";
import { createShape } from "./shape.ts";
import { tailSchema } from "./tail.ts";

/** Hours of a day, and of a week. */
const [HOURS_OF_DAY, HOURS_OF_WEEK] = [24, 168];
/** Shapes of one hour and of an hour and a half, where a value comes every five minutes. */
const [SHORT_SHAPE, LONG_SHAPE] = [
  { length: 12, stride: 2 },
  { length: 20, stride: 4 },
] as const;

/** Earlier shapes of both lengths end at multiples of so many places before: what is to be compared lies such a multiple away. */
export const SHAPES_STEP = LONG_SHAPE.stride;

/** A novelty from which the default ensemble raises an alarm: a value whose parts are on average this far out, as -log10 of a chance. */
export const DEFAULT_THRESHOLD = 0.8;

/** One value of a series; null where nothing was measured. */
export interface Point {
  readonly value: number | null;
  /** Hour of the week on the clock of the series' zone, 0 (Monday, midnight) to 167. */
  readonly hourOfWeek: number;
}

/** The detectors of the ensemble. */
export type EnsemblePart = "DAY_PROFILE" | "WEEK_PROFILE" | "SHORT_SHAPE" | "LONG_SHAPE";

/** What the ensemble says of a value. */
export interface EnsembleFinding {
  /** Mean of the parts' surprises, each -log10 of a chance. */
  readonly surprise: number;
  /** What is new of it: less the more of the kind there was lately, 0 of what only goes on. It is an alarm from the threshold on. */
  readonly novelty: number;
  readonly parts: Readonly<Record<EnsemblePart, number>>;
  /** What the profile that usually lies nearer expects; null before the first value. */
  readonly expected: number | null;
  /** How far from it a value may lie before that profile alone is as surprised as the threshold; null while that is not known. */
  readonly within: number | null;
  /** How many values ago the most similar shapes ended, most similar first. */
  readonly nearest: readonly number[];
}

/** Reads what an ensemble has learnt. */
export const ensembleSchema = z.object({
  day: profileSchema,
  week: profileSchema,
  history: historySchema,
  short: tailSchema,
  long: tailSchema,
  habituation: habituationSchema,
});

/** What an ensemble has learnt, as it is kept: some 30 kB at most. */
export type EnsembleState = z.infer<typeof ensembleSchema>;

/** Judges a series value by value; what it says of one follows from that one and those before it. */
export interface Ensemble {
  /** Judges a value, then learns it. Of a gap it says nothing and learns only that there is one. */
  readonly judge: (point: Point) => EnsembleFinding;
  /** Leaves so many places of the series empty: no shape reaches across one, and nothing else is said or learnt. */
  readonly leaveOut: (places: number) => void;
  readonly save: () => EnsembleState;
}

const narrower = (one: ProfileFinding, other: ProfileFinding): ProfileFinding =>
  (other.within ?? Number.POSITIVE_INFINITY) < (one.within ?? Number.POSITIVE_INFINITY) ? other : one;

/**
 * The default detector: hours of the day, hours of the week, and two lengths of shapes, each with equal weight, so that nothing in it is fitted to any series;
 * each part's surprise is told by the tail of its own past, so that they can be added. Then habituation.
 */
export const createEnsemble = (threshold = DEFAULT_THRESHOLD, saved: EnsembleState | null = null): Ensemble => {
  const day = createProfile(HOURS_OF_DAY, saved?.day ?? null);
  const week = createProfile(HOURS_OF_WEEK, saved?.week ?? null);
  const history = createHistory(saved?.history ?? null);
  const short = createShape(SHORT_SHAPE, history, saved?.short ?? null);
  const long = createShape(LONG_SHAPE, history, saved?.long ?? null);
  const habituation = createHabituation(threshold, saved?.habituation ?? null);
  const gap = (): EnsembleFinding => {
    history.put(Number.NaN);
    const parts = { DAY_PROFILE: 0, WEEK_PROFILE: 0, SHORT_SHAPE: 0, LONG_SHAPE: 0 };
    return { surprise: 0, novelty: habituation.novelty(0), parts, expected: null, within: null, nearest: [] };
  };
  return {
    judge: ({ value, hourOfWeek }) => {
      if (value === null) return gap();
      const ofDay = day.judge(value, hourOfWeek % HOURS_OF_DAY, threshold);
      const ofWeek = week.judge(value, hourOfWeek, threshold);
      history.put(value);
      const [ofShort, ofLong] = [short.judge(), long.judge()];
      const surprise = (ofDay.surprise + ofWeek.surprise + ofShort.surprise + ofLong.surprise) / 4;
      const { expected, within } = narrower(ofDay, ofWeek);
      return {
        surprise,
        novelty: habituation.novelty(surprise),
        parts: {
          ...{ DAY_PROFILE: ofDay.surprise, WEEK_PROFILE: ofWeek.surprise },
          ...{ SHORT_SHAPE: ofShort.surprise, LONG_SHAPE: ofLong.surprise },
        },
        ...{ expected, within, nearest: ofShort.nearest },
      };
    },
    leaveOut: (places) => {
      for (let left = 0; left < places; left += 1) history.put(Number.NaN);
    },
    save: () => ({
      ...{ day: day.save(), week: week.save(), short: short.save(), long: long.save() },
      ...{ history: history.save(), habituation: habituation.save() },
    }),
  };
};
