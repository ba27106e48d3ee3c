import { z } from "zod";
import type { Detector } from "./detector.ts";
import type { SeasonalBandDefinition } from "./detector-definition.ts";
import { judgeAround, NOTHING_MEASURED, spreadOf, told, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createSeasonalSmoothing, smoothingSchema } from "./seasonal-smoothing.ts";

const DAY_MS = 86_400_000;
/** Periods that are learnt before anything is said: the first teaches, the second tells how well. */
const PERIODS_LEARNT = 2;

const keptSchema = z.object({ firstMs: z.number().nullable(), smoothing: smoothingSchema });

/** Milliseconds for which a series is learnt before it is judged. */
export const learningMsOf = ({ seasons }: SeasonalBandDefinition): number =>
  PERIODS_LEARNT * (seasons === "DAY" ? DAY_MS : 7 * DAY_MS);

/** The band that the level of a series and its hours of the day and the week let expect, as wide as its errors usually are. */
export const createSeasonalBand = (definition: SeasonalBandDefinition, saved: unknown): Detector => {
  const { threshold, minimumDeviation, seasons, sides } = definition;
  const kept = readKept(keptSchema, saved);
  const smoothing = createSeasonalSmoothing(seasons, kept?.smoothing ?? null);
  let firstMs = kept?.firstMs ?? null;
  return {
    judge: (observation) => {
      const { value, untilMs } = observation;
      if (value === null) return NOTHING_MEASURED;
      firstMs = firstMs ?? observation.atMs;
      const expectation = smoothing.expect(observation);
      const isKnown = untilMs - firstMs > learningMsOf(definition);
      smoothing.learn(observation, value, isKnown);
      if (expectation === null || !isKnown)
        return unjudged(
          "LEARNING",
          `${PERIODS_LEARNT} ${seasons === "DAY" ? "days" : "weeks"} are learnt before anything is judged`,
        );
      const { expected, spread } = expectation;
      const deviation = spreadOf(Math.max(spread, minimumDeviation), expected);
      return judgeAround(
        observation,
        value,
        { expected, within: threshold * deviation },
        {
          sides,
          because: `${told(value)} where ${told(expected)} give or take ${told(threshold * deviation)} is usual at this time`,
        },
      );
    },
    save: () => ({ firstMs, smoothing: smoothing.save() }),
  };
};
