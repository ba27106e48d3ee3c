import { createEnsemble } from "../../subgraphs/anomaly/src/domain/detectors/ensemble.ts";
import type { NabSeries } from "./nab.ts";

const HOUR_MS = 3_600_000;
/** The first hour of 1970, a Thursday, counted from Monday. */
const FIRST_HOUR = 72;
/** The hour of the week at a time of a series, 0 being the first of Monday. */
export const hourOfWeek = (time: string): number =>
  (Math.floor(Date.parse(`${time.replace(" ", "T")}Z`) / HOUR_MS) + FIRST_HOUR) % 168;

/** The novelty of each value of a series by the default ensemble, as it ships; a value's from that value and those before it. */
export const byEnsemble = ({ times, values }: NabSeries, threshold?: number): readonly number[] => {
  const ensemble = createEnsemble(threshold);
  return values.map((value, place) => ensemble.judge({ value, hourOfWeek: hourOfWeek(times[place] ?? "") }).novelty);
};

/** The baseline: how far each value is from the mean of those before it, in their standard deviations. */
export const byGaussian = ({ values }: NabSeries): readonly number[] => {
  let [sum, squares] = [0, 0];
  return values.map((value, known) => {
    const mean = sum / Math.max(1, known);
    const deviation = Math.sqrt(Math.max(1e-9, squares / Math.max(1, known) - mean * mean));
    sum += value;
    squares += value * value;
    return known < 10 ? 0 : Math.abs(value - mean) / deviation;
  });
};
