import { z } from "zod";

/** Weights of the level and of the trend, and how much of a trend is left after a bucket: a forecast is by the ones that were least wrong lately. */
const MODELS = [0.1, 0.3, 0.6].flatMap((alpha) =>
  [0.01, 0.1, 0.3].flatMap((share) => [0.98, 1].map((phi) => ({ alpha, beta: alpha * share, phi }))),
);
/** What is left of an error after a bucket: those of the last hundred or so count. */
const REMEMBERS = 0.98;

const stateSchema = z.tuple([z.number(), z.number(), z.number()]);

/** Reads what a smoother has learnt: per model its level, its trend and its squared errors. */
export const holtSchema = z.object({
  seen: z.number().int().min(0),
  /** What the errors weigh together. */
  weight: z.number(),
  models: z.array(stateSchema).length(MODELS.length),
});

/** A forecast so many buckets ahead: its mean and its standard deviation. */
export interface Ahead {
  readonly mean: number;
  readonly deviation: number;
}

/** Exponential smoothing with a trend. */
export interface Holt {
  /** Takes a value; null is a gap, over which the trend goes on. */
  readonly put: (value: number | null) => void;
  /** How many values were seen. */
  readonly seen: () => number;
  /** Forecasts 1, 2, ... buckets ahead, as many as are taken. */
  readonly ahead: () => Iterable<Ahead>;
  readonly save: () => z.infer<typeof holtSchema>;
}

/**
 * Holt's linear trend, damped or not, as the innovations models ETS(A,A,N) and ETS(A,Ad,N), with the variances of their forecasts, sigma^2 (1 + the sum of (alpha + beta phi_j)^2)
 * (Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing", 2008, table 6.1). Weights are chosen from 18 by the errors of the last buckets.
 */
export const createHolt = (saved: z.infer<typeof holtSchema> | null): Holt => {
  const states = saved?.models ?? MODELS.map((): [number, number, number] => [0, 0, 0]);
  let seen = saved?.seen ?? 0;
  let weight = saved?.weight ?? 0;
  const learn = (value: number): void => {
    for (const [place, { alpha, beta, phi }] of MODELS.entries()) {
      const [level, trend, errors] = states[place] ?? [0, 0, 0];
      const error = seen === 0 ? 0 : value - (level + phi * trend);
      states[place] =
        seen === 0
          ? [value, 0, 0]
          : [level + phi * trend + alpha * error, phi * trend + beta * error, REMEMBERS * errors + error * error];
    }
    if (seen > 0) weight = REMEMBERS * weight + 1;
    seen += 1;
  };
  const goOn = (): void => {
    for (const [place, { phi }] of MODELS.entries()) {
      const [level, trend, errors] = states[place] ?? [0, 0, 0];
      states[place] = [level + phi * trend, phi * trend, errors];
    }
  };
  const best = (): number =>
    states.reduce((least, [, , errors], place) => (errors < (states[least]?.[2] ?? 0) ? place : least), 0);
  return {
    put: (value) => {
      if (value !== null) learn(value);
      else if (seen > 0) goOn();
    },
    seen: () => seen,
    *ahead() {
      const place = best();
      const { alpha, beta, phi } = MODELS[place] ?? { alpha: 0, beta: 0, phi: 1 };
      const [level, trend, errors] = states[place] ?? [0, 0, 0];
      const variance = errors / Math.max(1, weight);
      let [damped, power, sum] = [0, 1, 1];
      for (;;) {
        power *= phi;
        damped += power;
        yield { mean: level + damped * trend, deviation: Math.sqrt(variance * sum) };
        sum += (alpha + beta * damped) ** 2;
      }
    },
    save: () => ({ seen, weight, models: states.map((state): [number, number, number] => [...state]) }),
  };
};
