import { normalQuantile } from "./quantiles.ts";
import type { Detector, Finding, Observation } from "./detector.ts";
import type { ForecastDefinition } from "./detector-definition.ts";
import { boundedScore, NOTHING_MEASURED, told, toldLength, unjudged } from "./finding.ts";
import { createHolt, holtSchema, type Ahead, type Holt } from "./holt.ts";
import { readKept } from "./packed.ts";

const HOUR_MS = 3_600_000;
/** Values that must be seen before anything is forecast. */
const MIN_SEEN = 20;
/** Times the horizon that is looked ahead, so that a score tells what comes near. */
const LOOKS_AHEAD = 2;
/** Buckets a horizon has at most: a forecast is a sum over them. */
const MAX_HORIZON = 500;
/** Standard deviations of the interval that is told: 95 of 100 lie in it. */
const INTERVAL = 1.96;

/** On which side a forecast lies beyond a bound with the confidence that is asked for. */
const sideBeyond = (
  { mean, deviation }: Ahead,
  { low, high }: ForecastDefinition,
  sure: number,
): "ABOVE" | "BELOW" | null => {
  if (high !== undefined && mean - sure * deviation > high) return "ABOVE";
  return low !== undefined && mean + sure * deviation < low ? "BELOW" : null;
};

/** The first forecast beyond a bound: how many buckets ahead, and on which side. */
interface Crossing {
  readonly buckets: number;
  readonly side: "ABOVE" | "BELOW";
}

/** What the forecasts say: in how many buckets the first lies beyond a bound, on which side, and the one at the horizon. */
const lookAhead = (
  holt: Holt,
  definition: ForecastDefinition,
  horizon: number,
): { readonly atHorizon: Ahead; readonly crossing: Crossing | null } => {
  const sure = normalQuantile(definition.confidence);
  let atHorizon: Ahead = { mean: 0, deviation: 0 };
  let crossing: Crossing | null = null;
  let buckets = 0;
  for (const ahead of holt.ahead()) {
    buckets += 1;
    if (buckets === horizon) atHorizon = ahead;
    const side: Crossing["side"] | null = crossing === null ? sideBeyond(ahead, definition, sure) : null;
    if (side !== null) crossing = { buckets, side };
    if (buckets >= LOOKS_AHEAD * horizon || (crossing !== null && buckets >= horizon)) break;
  }
  return { atHorizon, crossing };
};

const foundBy = (
  { atMs, untilMs, value }: Observation,
  { atHorizon, crossing }: ReturnType<typeof lookAhead>,
  { definition, horizon }: { readonly definition: ForecastDefinition; readonly horizon: number },
): Finding => {
  const { mean, deviation } = atHorizon;
  const after = (buckets: number): string => toldLength(buckets * (untilMs - atMs));
  const [low, high] = [mean - INTERVAL * deviation, mean + INTERVAL * deviation];
  const bound = crossing?.side === "ABOVE" ? definition.high : definition.low;
  const passes =
    crossing === null ? "no bound is passed" : `${told(bound ?? 0)} is passed in ${after(crossing.buckets)}`;
  return {
    outcome: crossing !== null && crossing.buckets <= horizon ? "ANOMALOUS" : "NORMAL",
    score: crossing === null ? 0 : boundedScore(horizon / crossing.buckets),
    ...{ expected: mean, low, high, side: crossing?.side ?? null },
    weighed: [{ atMs, share: 1 }],
    because: `${passes}, from ${told(value ?? 0)} now; ${after(horizon)} ahead it is between ${told(low)} and ${told(high)}`,
  };
};

/** Why buckets of a length are too short for a forecast's horizon; null where they are not. */
export const problemWithHorizon = ({ horizonHours }: ForecastDefinition, bucketMs: number): string | null => {
  const most = (MAX_HORIZON * bucketMs) / HOUR_MS;
  if (horizonHours <= most) return null;
  return `A forecast looks at most ${MAX_HORIZON} buckets ahead, of these ${told(Math.floor(most * 100) / 100)} hours: set \`horizonHours\` to that or less, or take longer buckets.`;
};

/**
 * Will a bound be passed within so many hours? The score is the horizon by the time that is left, so that it is 1 when a bound is passed at the horizon's very end. What is
 * expected, and its interval of 95 per cent, are those of the horizon's end.
 */
export const createForecast = (definition: ForecastDefinition, saved: unknown): Detector => {
  const holt = createHolt(readKept(holtSchema, saved));
  return {
    judge: (observation) => {
      const { atMs, untilMs, value } = observation;
      holt.put(value);
      if (value === null) return NOTHING_MEASURED;
      if (holt.seen() < MIN_SEEN) return unjudged("LEARNING", `${holt.seen()} of ${MIN_SEEN} values are known`);
      const buckets = Math.floor((definition.horizonHours * HOUR_MS) / (untilMs - atMs));
      const horizon = Math.max(1, Math.min(MAX_HORIZON, buckets));
      return foundBy(observation, lookAhead(holt, definition, horizon), { definition, horizon });
    },
    save: holt.save,
  };
};
