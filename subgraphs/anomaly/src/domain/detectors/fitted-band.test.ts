import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { definedSeries } from "../../../testing/detector-definitions.ts";
import { meansOfPlaces, referenceFitted } from "../../../testing/reference-fitted.ts";
import { MONDAY_MS, observationsOf } from "../../../testing/series-arbitraries.ts";
import { createFitSeasons } from "../../threads/fit-seasons.ts";
import { createDetector } from "./create-detector.ts";
import type { Finding, Observation } from "./detector.ts";
import { SLOTS } from "./fitted-band.ts";
import type { FitSeasons } from "./seasonal-fit.ts";

const [HOUR_MS, DAY, WEEK] = [3_600_000, 24, 168];
const NOISE = 4;
const fit = createFitSeasons();
const BAND = { kind: "SEASONAL_BAND", method: "MSTL" };

/** What is found of a series by the library's fits, or others. */
const findingsBy = (
  input: object,
  series: readonly Observation[],
  by: FitSeasons = fit,
  slot = 0,
): readonly Finding[] => series.map(createDetector(definedSeries(input), undefined, { fit: by, slot }).judge);

/** Noise of a standard deviation, which every run repeats. */
const noiseFrom = (seed: number): (() => number) => {
  let state = seed;
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return (state + 1) / 2 ** 32;
  };
  return () => NOISE * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
};
/** Hours of a series with a day, a week and a slow trend, without noise. */
const usual = (place: number): number => {
  const weekend = place % WEEK >= 5 * DAY ? -25 : 0;
  return (
    100 + 0.01 * place + 30 * Math.sin((2 * Math.PI * (place % DAY)) / DAY) + (place % DAY === 9 ? 40 : 0) + weekend
  );
};
const valuesOf = (weeks: number, seed = 5): readonly number[] => {
  const noise = noiseFrom(seed);
  return Array.from({ length: weeks * WEEK }, (_, place) => usual(place) + noise());
};
const isFitted = ({ because }: Finding): boolean => because.includes("where MSTL forecasts");
const alarms = (found: readonly Finding[], from = 0): readonly number[] =>
  found.flatMap(({ outcome }, place) => (outcome === "ANOMALOUS" && place >= from ? [place] : []));

/** Hours with gaps, a level that changes, a clock that is put on or back, and days that are like others. */
const brokenHours = fc
  .record({
    values: fc.array(fc.oneof({ weight: 19, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.constant(null)), {
      ...{ minLength: 160, maxLength: 330 },
    }),
    dropped: fc.uniqueArray(fc.nat(300), { maxLength: 6 }),
    clock: fc.tuple(fc.integer({ min: 20, max: 300 }), fc.constantFrom(-1, 0, 1, 3)),
    level: fc.tuple(fc.integer({ min: 100, max: 300 }), fc.constantFrom(0, -40, 60)),
    like: fc.option(fc.nat(12)),
  })
  .map(({ values, dropped, clock, level, like }) =>
    values.flatMap((value, place): readonly Observation[] => {
      const local = place + (place >= clock[0] ? clock[1] : 0);
      const isLike = like !== null && Math.floor(place / DAY) === like;
      const [of] = observationsOf([value]);
      const atMs = MONDAY_MS + place * HOUR_MS;
      const moved = value === null ? null : 5 * (local % DAY) + value + (place >= level[0] ? level[1] : 0);
      const hourOfWeek = isLike ? 6 * DAY + (local % DAY) : local % WEEK;
      if (of === undefined || dropped.includes(place)) return [];
      return [{ ...of, atMs, untilMs: atMs + HOUR_MS, value: moved, hourOfWeek }];
    }),
  );
const daysOf = (hours: readonly Observation[]): readonly Observation[] =>
  hours.slice(0, 200).map((one, place) => {
    const atMs = MONDAY_MS + place * DAY * HOUR_MS;
    return { ...one, atMs, untilMs: atMs + DAY * HOUR_MS, hourOfWeek: (place % 7) * DAY };
  });

describe("a band that is fitted", () => {
  test.each([
    ["DAY", (hours: readonly Observation[]) => hours],
    ["DAY_AND_WEEK", daysOf],
  ] as const)("expects of each bucket what its definition says of the whole list: %s", (seasons, of) => {
    fc.assert(
      fc.property(brokenHours, fc.nat(SLOTS - 1), (hours, slot) => {
        const series = of(hours);
        const said = referenceFitted(seasons, series, meansOfPlaces, slot);
        const found = findingsBy({ ...BAND, seasons, threshold: 3 }, series, meansOfPlaces, slot);
        const wrong = found.filter((finding, place) => {
          const expectation = said[place] ?? null;
          if (series[place]?.value === null || expectation === null) return isFitted(finding);
          const { expected, deviation } = expectation;
          const isNear = (one: number | null, other: number): boolean => Math.abs((one ?? Number.NaN) - other) < 1e-6;
          return !(
            isFitted(finding) &&
            isNear(finding.expected, expected) &&
            isNear(finding.high, expected + 3 * deviation)
          );
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  test("expects what the library forecasts of the values before it, in a band as wide as its intervals and its own errors say", () => {
    const values = valuesOf(7);
    const found = findingsBy({ ...BAND, threshold: 2 }, observationsOf(values));
    // The last fit before the seventh week was in the slot that is its first bucket.
    const [from, to] = [6 * WEEK + 1, 7 * WEEK];
    const middle = 100;
    const direct = fit(
      values.slice(1, from).map((value) => (value - middle) / 100),
      [DAY, WEEK],
    );
    const far = found.slice(from, to).flatMap(({ expected, high }, hour) => {
      const forecast = middle + 100 * (direct?.expected[hour] ?? Number.NaN);
      const deviation = 100 * (direct?.deviations[hour] ?? Number.NaN);
      const times = ((high ?? 0) - (expected ?? 0)) / (2 * deviation);
      const isSo = Math.abs((expected ?? 0) - forecast) < 1 && times > 0.99 && times < 3;
      return isSo ? [] : [{ hour, expected, forecast, times }];
    });
    expect(far).toEqual([]);
  });

  test("holds what is usual and tells of a bucket that is a third less; what is smoothed judges until it is fitted, and says so", () => {
    const planted = [5 * WEEK + 30, 5 * WEEK + 60];
    const values = valuesOf(6).map((value, place) => (planted.includes(place) ? value - 35 : value));
    const found = findingsBy(BAND, observationsOf(values));
    expect(found.slice(0, 2 * WEEK - 1).every(({ outcome }) => outcome === "LEARNING")).toBe(true);
    expect(found[2 * WEEK + 5]?.because).toContain("smoothed, since MSTL is fitted once 3 seasons are known");
    expect(found.slice(3 * WEEK + SLOTS).every(isFitted)).toBe(true);
    expect(alarms(found)).toEqual(expect.arrayContaining(planted));
    expect(alarms(found, 3 * WEEK + SLOTS).length).toBeLessThanOrEqual(2 + 6);
  });

  test("says the same after it was kept as text, and when its series is shown anew", () => {
    const series = observationsOf(valuesOf(5, 11));
    const whole = findingsBy(BAND, series);
    expect(findingsBy(BAND, series)).toEqual(whole);
    const definition = definedSeries(BAND);
    let detector = createDetector(definition, undefined, { fit, slot: 0 });
    const parts = series.map((one, place) => {
      if (place % 100 === 99)
        detector = createDetector(definition, JSON.parse(JSON.stringify(detector.save())), { fit, slot: 0 });
      return detector.judge(one);
    });
    expect(parts).toEqual(whole);
  });

  test("goes by the clock of the zone: a day that follows the people follows them over the hour that is left out, and the one that is there twice", () => {
    for (const shift of [1, -1]) {
      const change = 5 * WEEK + 6 * DAY + 2;
      const noise = noiseFrom(9);
      const series = Array.from({ length: 6 * WEEK }, (_, place): Observation => {
        const local = place >= change ? place + shift : place;
        const atMs = MONDAY_MS + place * HOUR_MS;
        const value = usual(local) + noise();
        return { ...{ atMs, untilMs: atMs + HOUR_MS, value, samples: null, calendar: null }, hourOfWeek: local % WEEK };
      });
      const found = findingsBy(BAND, series);
      expect(found.slice(change, change + DAY).every(isFitted)).toBe(true);
      expect(alarms(found, change).filter((place) => place < change + DAY)).toEqual([]);
    }
  });

  test("takes a new level for usual within half a day, and an outlier for nothing", () => {
    const values = valuesOf(7).map(
      (value, place) => value + (place >= 5 * WEEK ? 60 : 0) + (place === 4 * WEEK ? 1e6 : 0),
    );
    const found = findingsBy(BAND, observationsOf(values));
    expect(found[4 * WEEK]?.outcome).toBe("ANOMALOUS");
    expect(alarms(found, 4 * WEEK + 1).filter((place) => place < 5 * WEEK).length).toBeLessThan(6);
    expect(alarms(found, 5 * WEEK)).toEqual(
      expect.arrayContaining(Array.from({ length: 12 }, (_, at) => 5 * WEEK + at)),
    );
    expect(alarms(found, 5 * WEEK + 12).length).toBeLessThan(20);
    expect(found[5 * WEEK + 20]?.expected).toBeCloseTo(usual(5 * WEEK + 20) + 60, -1.5);
  });

  test("grows wider while it waits for a fit, and what is smoothed judges once it is too old", () => {
    let fits = 0;
    const even: FitSeasons = (values, periods) => {
      const { expected = [] } = meansOfPlaces(values, periods) ?? {};
      return { expected, deviations: expected.map(() => 0.1) };
    };
    const once: FitSeasons = (values, periods) => (fits++ === 0 ? even(values, periods) : null);
    const values = Array.from({ length: 12 * DAY }, (_, place) => 10 * (place % DAY) + (place % 3));
    const found = findingsBy({ ...BAND, seasons: "DAY" }, observationsOf(values), once);
    const first = found.findIndex(isFitted);
    const widthAt = (place: number): number => (found[place]?.high ?? 0) - (found[place]?.expected ?? 0);
    const grown = [1, 2].map((seasons) => widthAt(first + seasons * DAY) / widthAt(first + seasons * DAY - 1));
    expect(grown).toEqual([Math.SQRT2, Math.sqrt(3 / 2)].map((one) => expect.closeTo(one, 1)));
    expect(found[first + DAY]?.because).toContain("by a season that is over");
    expect(found[first + 3 * DAY]?.because).toContain("smoothed, since MSTL found no fit");
  });

  test.each([
    ["that is constant", () => 7, "MSTL is not fitted to what is constant"],
    ["of which much is missing", (place: number) => (place % 3 === 0 ? null : place % DAY), "missing"],
  ])("judges a series %s by what is smoothed, and says why", (_, of, why) => {
    let fits = 0;
    const counted: FitSeasons = (...given) => ((fits += 1), fit(...given));
    const series = observationsOf(Array.from({ length: 10 * DAY }, (_value, place) => of(place)));
    const found = findingsBy({ ...BAND, seasons: "DAY" }, [...series], counted);
    const plain = findingsBy({ ...BAND, method: "SMOOTHED", seasons: "DAY" }, series);
    expect(fits).toBe(0);
    const unsaid = (all: readonly Finding[]) => all.map((one) => ({ ...one, because: "" }));
    expect(unsaid(found)).toEqual(unsaid(plain));
    expect(found.at(-1)?.because).toContain(why);
  });

  test("is fitted once a season, in its slot alone, so that few of a rule's series come in a bucket", () => {
    const series = observationsOf(valuesOf(6));
    for (const slot of [0, 7, SLOTS - 1]) {
      const fits: number[] = [];
      let at = 0;
      const counted: FitSeasons = (values, periods) => {
        fits.push(at);
        return meansOfPlaces(values, periods);
      };
      const detector = createDetector(definedSeries({ ...BAND, threshold: 100 }), undefined, { fit: counted, slot });
      for (const [place, one] of series.entries()) {
        at = place;
        detector.judge(one);
      }
      expect(fits.map((place) => Math.floor((series[place]?.atMs ?? 0) / HOUR_MS) % SLOTS)).toEqual(
        fits.map(() => slot),
      );
      expect(fits.slice(1).map((place, index) => place - (fits[index] ?? 0))).toEqual(fits.slice(1).map(() => WEEK));
      expect([3, 4]).toContain(fits.length);
    }
  });
});
