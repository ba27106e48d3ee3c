import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { initSync, MSTL } from "@bsull/augurs/mstl";
import { findingsOf } from "../../../testing/detector-definitions.ts";
import { MONDAY_MS, observationsOf } from "../../../testing/series-arbitraries.ts";
import type { Observation } from "./detector.ts";

const [DAY, WEEK] = [24, 168];
const NOISE = 4;

beforeAll(() => {
  const package_ = createRequire(import.meta.url).resolve("@bsull/augurs/mstl");
  initSync({ module: readFileSync(join(dirname(package_), "mstl_bg.wasm")) });
});

/** Noise of a standard deviation, which every run repeats. */
const noiseFrom = (seed: number): (() => number) => {
  let state = seed;
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return (state + 1) / 2 ** 32;
  };
  return () => NOISE * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
};
/** Hours of a series with a day, a week and a slow trend, and what it is without noise. */
const usual = (place: number): number => {
  const hour = place % DAY;
  const weekend = place % WEEK >= 5 * DAY ? -25 : 0;
  return 100 + 0.01 * place + 30 * Math.sin((2 * Math.PI * hour) / DAY) + (hour === 9 ? 40 : 0) + weekend;
};
const seriesOf = (weeks: number, seed = 5): readonly number[] => {
  const noise = noiseFrom(seed);
  return Array.from({ length: weeks * WEEK }, (_, place) => usual(place) + noise());
};
const rootMeanSquare = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, one) => sum + one * one, 0) / errors.length);
const BAND = { kind: "SEASONAL_BAND" };

describe("the seasonal band", () => {
  test("expects what MSTL with ETS forecasts of the same series, and no worse", () => {
    const values = seriesOf(7);
    const expected = findingsOf(BAND, observationsOf(values)).map((finding) => finding.expected ?? Number.NaN);
    const model = MSTL.ets([DAY, WEEK]);
    model.fit(values.slice(0, 6 * WEEK));
    const forecast = model.predict(WEEK).point;
    const last = Array.from({ length: WEEK }, (_, hour) => 6 * WEEK + hour);
    const [ours, theirs] = [
      rootMeanSquare(last.map((place) => (expected[place] ?? Number.NaN) - usual(place))),
      rootMeanSquare(last.map((place, hour) => (forecast[hour] ?? Number.NaN) - usual(place))),
    ];
    expect(theirs).toBeLessThan(2 * NOISE);
    expect(ours).toBeLessThan(theirs);
    expect(ours).toBeLessThan(NOISE);
  });

  test("holds what is usual and tells of a bucket that is a third less", () => {
    const values = seriesOf(6).map((value, place) =>
      place === 5 * WEEK + 30 || place === 5 * WEEK + 60 ? value - 35 : value,
    );
    const found = findingsOf(BAND, observationsOf(values));
    expect(found.slice(0, 2 * WEEK - 1).every(({ outcome }) => outcome === "LEARNING")).toBe(true);
    const alarms = found.flatMap(({ outcome }, place) => (outcome === "ANOMALOUS" ? [place] : []));
    expect(alarms).toEqual(expect.arrayContaining([5 * WEEK + 30, 5 * WEEK + 60]));
    expect(alarms.filter((place) => place > 3 * WEEK).length).toBeLessThanOrEqual(4);
    for (const place of alarms) expect(found[place]?.side).not.toBeNull();
  });

  test("goes by the clock of the zone: a day that follows the people follows them over the hour that is left out", () => {
    const change = 5 * WEEK + 6 * DAY + 2;
    const noise = noiseFrom(9);
    const observations = Array.from({ length: 6 * WEEK }, (_, place): Observation => {
      const local = place >= change ? place + 1 : place;
      const atMs = MONDAY_MS + place * 3_600_000;
      return {
        atMs,
        untilMs: atMs + 3_600_000,
        value: usual(local) + noise(),
        samples: null,
        hourOfWeek: local % WEEK,
        calendar: null,
      };
    });
    const outcomes = findingsOf(BAND, observations).map(({ outcome }) => outcome);
    expect(outcomes.slice(change, change + DAY)).not.toContain("ANOMALOUS");
  });

  test("takes a new level for usual within days, and an outlier for nothing", () => {
    const values = seriesOf(7).map(
      (value, place) => value + (place >= 4 * WEEK ? 60 : 0) + (place === 3 * WEEK ? 1e6 : 0),
    );
    const found = findingsOf(BAND, observationsOf(values));
    expect(found[3 * WEEK]?.outcome).toBe("ANOMALOUS");
    expect(found.slice(3 * WEEK + 1, 4 * WEEK).filter(({ outcome }) => outcome === "ANOMALOUS").length).toBeLessThan(4);
    expect(found[4 * WEEK]?.outcome).toBe("ANOMALOUS");
    expect(found.slice(6 * WEEK).filter(({ outcome }) => outcome === "ANOMALOUS").length).toBeLessThan(4);
  });
});
