import { z } from "zod";

/** Share of the threshold from which a surprise is attended to: what follows it must surprise more, although it was no alarm itself. */
const ATTENDED = 0.7;
/** Values after what was attended to during which only what surprises more is new. */
const REFRACTORY = 100;
/** Times as surprising as before something must be to be new during that time. */
const MORE_SURPRISING = 1.3;
/** How much less each that was attended to makes the next one count. */
const FATIGUE = 0.2;
/** Values after which one is remembered by a factor of e less. */
const FATIGUE_LASTS = 1_500;

/** Reads what is remembered of what was attended to. */
export const habituationSchema = z.object({
  /** The last surprise that was attended to, and how many values ago it was; null before the first. */
  last: z.object({ surprise: z.number(), ago: z.number() }).nullable(),
  fatigue: z.number(),
});

/** What is remembered of what was attended to, as it is kept. */
export type HabituationState = z.infer<typeof habituationSchema>;

/** Tells what is new from what goes on or comes again and again. */
export interface Habituation {
  /** What remains of a surprise: 0 of what is not attended to or no news, else the surprise divided by 1 + 0.2 for each that was attended to lately. To be asked once per value. */
  readonly novelty: (surprise: number) => number;
  readonly save: () => HabituationState;
}

/**
 * Habituation: a response to what is repeated wanes, recovers with time, and comes back to what is stronger (Thompson and Spencer, Psychological Review 73
 * (1966)). A series that has such spikes every hour stops being news; what lasts is told once.
 */
export const createHabituation = (threshold: number, saved: HabituationState | null = null): Habituation => {
  let peak = saved?.last?.surprise ?? 0;
  let ago = saved?.last?.ago ?? Number.POSITIVE_INFINITY;
  let fatigue = saved?.fatigue ?? 0;
  return {
    novelty: (surprise) => {
      ago += 1;
      fatigue *= Math.exp(-1 / FATIGUE_LASTS);
      const left = surprise / (1 + FATIGUE * fatigue);
      const before = ago > REFRACTORY ? 0 : peak;
      if (left <= threshold * ATTENDED || left <= before * MORE_SURPRISING) return 0;
      [peak, ago] = [left, 0];
      fatigue += 1;
      return left;
    },
    save: () => ({ last: Number.isFinite(ago) ? { surprise: peak, ago } : null, fatigue }),
  };
};
