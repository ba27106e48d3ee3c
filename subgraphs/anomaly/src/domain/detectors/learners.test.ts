import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { findingsOf } from "../../../testing/detector-definitions.ts";
import { fadingMoments, holtVariance, levelAround, runLengthChances } from "../../../testing/reference-learners.ts";
import { MONDAY_MS, observationsOf } from "../../../testing/series-arbitraries.ts";
import { createHalfSpaces } from "./half-spaces.ts";
import { createHolt } from "./holt.ts";
import { growForest, pathOf } from "./isolation-trees.ts";
import { nextRunLengths, NO_RUN, type Stretch } from "./run-lengths.ts";
import { chanceFrom } from "./tree-random.ts";

const HOUR_MS = 3_600_000;
const alarmsIn = (input: object, values: readonly (number | null)[]): readonly number[] =>
  findingsOf(input, observationsOf(values)).flatMap(({ outcome }, place) => (outcome === "ANOMALOUS" ? [place] : []));
/** Noise between -1 and 1 that every run repeats. */
const noise = (count: number, seed = 3): readonly number[] => {
  const chance = chanceFrom(seed);
  return Array.from({ length: count }, () => chance() + chance() + chance() - 1.5);
};

describe("run lengths", () => {
  test("have the chances that all partitions of the values together give", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 14 }), (tenths) => {
        const values = tenths.map((one) => one / 10);
        let stretches: readonly Stretch[] = [NO_RUN];
        for (const value of values) stretches = nextRunLengths(stretches, value, 0.05);
        const expected = runLengthChances(values, 0.05);
        expect(stretches).toHaveLength(expected.length);
        stretches.forEach(([chance], length) => expect(chance).toBeCloseTo(expected[length] ?? Number.NaN, 9));
      }),
    );
  });
});

describe("a changepoint", () => {
  const level = (count: number, of: number, seed: number): readonly number[] =>
    noise(count, seed).map((one) => of + one);

  test("is found within ten buckets, named by where it began, told for twenty, and is then usual", () => {
    const values = [...level(150, 10, 3), ...level(150, 13, 4)];
    const alarms = alarmsIn({ kind: "CHANGEPOINT" }, values);
    expect(alarms[0]).toBeGreaterThanOrEqual(154);
    expect(alarms[0]).toBeLessThan(160);
    expect(alarms.at(-1)).toBeLessThan(180);
    const found = findingsOf({ kind: "CHANGEPOINT" }, observationsOf(values))[alarms[0] ?? 0];
    const began = ((found?.weighed[0]?.atMs ?? 0) - MONDAY_MS) / HOUR_MS;
    expect(Math.abs(began - 150)).toBeLessThanOrEqual(2);
    expect(found?.expected).toBeCloseTo(10, 0);
  });

  test("tells the level of the sixty values before, the levels that would be no change, and where it may have begun with which chance", () => {
    const shift = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 50 }),
    );
    fc.assert(
      fc.property(shift, ([by, after, seed]) => {
        const values = [...level(70, 10, seed), ...level(after, 10 + by / 10, seed + 1)];
        const settings = { kind: "CHANGEPOINT", confirm: 4, minimumShift: 2 };
        const found = findingsOf(settings, observationsOf(values)).at(-1);
        const [first, usual] = [values.slice(0, 30), levelAround(values.slice(0, 30))];
        const reckoned = values.map((value) => (value - usual.level) / usual.spread);
        const chances = runLengthChances(reckoned, 1 / 500).slice(4, 24);
        const chance = chances.reduce((sum, one) => sum + one, 0);
        expect(first).toHaveLength(30);
        const likely = -Math.log10(1 - chance) / -Math.log10(1 - 0.95) >= 0.1;
        const length = likely ? 4 + chances.indexOf(Math.max(...chances)) : 4;
        const before = levelAround(values.slice(0, -length).slice(-60));
        expect(found?.expected).toBeCloseTo(before.level, 9);
        expect(found?.low).toBeCloseTo(before.level - 2 * before.spread, 9);
        expect(found?.high).toBeCloseTo(before.level + 2 * before.spread, 9);
        const shares = likely
          ? chances.map((one) => one / chance).toSorted((one, other) => other - one)
          : Array.from({ length: 10 }, () => 1 / Math.min(60, values.length - length));
        const off = (found?.weighed ?? []).map(({ share }, place) => Math.abs(share - (shares[place] ?? 0)));
        expect(off.filter((one) => !(one < 1e-6))).toEqual([]);
        expect(found?.weighed[0]?.atMs).toBe(MONDAY_MS + (values.length - length - (likely ? 0 : 1)) * HOUR_MS);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test("is none where one value lies far out, where nothing changes, and on the side that is not looked at", () => {
    const still = level(300, 10, 5);
    expect(alarmsIn({ kind: "CHANGEPOINT" }, still)).toEqual([]);
    expect(
      alarmsIn(
        { kind: "CHANGEPOINT" },
        still.map((one, place) => (place === 200 ? 500 : one)),
      ),
    ).toEqual([]);
    expect(alarmsIn({ kind: "CHANGEPOINT", sides: "BELOW" }, [...level(150, 10, 3), ...level(99, 15, 4)])).toEqual([]);
  });
});

describe("an isolation forest", () => {
  const points = noise(600, 7).map((one, place, all) => [one, all[(place * 7 + 1) % 600] ?? 0]);

  test("knows how long a path is that finds nothing, as its authors do", () => {
    expect(pathOf(1)).toBe(0);
    expect(pathOf(2)).toBe(1);
    expect(pathOf(256)).toBeCloseTo(10.244_77, 4);
  });

  test("sets apart what lies apart: its score is beyond 0.6, that of the middle below 0.5, and equal seeds grow equal forests", () => {
    const settings = { trees: 100, sample: 256, seed: 1 };
    const [one, other] = [growForest(points, settings), growForest(points, settings)];
    expect(one.look([9, -9]).strangeness).toBeGreaterThan(0.6);
    expect(one.look([0, 0]).strangeness).toBeLessThan(0.5);
    for (const point of points.slice(0, 50)) expect(one.look(point)).toEqual(other.look(point));
  });

  test("of points that are all the same says what is usual", () =>
    expect(
      growForest(
        Array.from({ length: 50 }, () => [3, 3]),
        { trees: 10, sample: 32, seed: 1 },
      ).look([3, 3]).strangeness,
    ).toBeCloseTo(0.5, 9));

  test("tells a shape that never was, although each of its values was", () => {
    const wave = Array.from(
      { length: 1_200 },
      (_, place) => 10 * Math.sin(place / 6) + (noise(1, place)[0] ?? 0) * 0.3,
    );
    const broken = wave.map((one, place) => (place === 1_100 ? -(wave[1_100] ?? 0) : one));
    expect(Math.abs(wave[1_100] ?? 0)).toBeGreaterThan(5);
    const alarms = alarmsIn({ kind: "ISOLATION_FOREST", rarity: 2 }, broken).filter((place) => place > 1_050);
    expect(alarms.some((place) => place >= 1_100 && place <= 1_102)).toBe(true);
  });
});

describe("half-space trees", () => {
  test("count in each node the points whose way leads through it: the mass is that of points with the same beginning of a way", () => {
    const point = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), point, (points, asked) => {
        const settings = { trees: 1, depth: 5, dimensions: 2, seed: 4, sizeLimit: -1, edge: (one: number) => one };
        const all = createHalfSpaces(settings);
        points.forEach(all.count);
        // A point shares the asked one's leaf when a tree of it alone has mass where the asked one lies.
        const shared = points.filter((one) => {
          const alone = createHalfSpaces(settings);
          alone.count(one);
          return alone.look(asked).mass > 0;
        });
        expect(all.look(asked).mass).toBe(shared.length * 2 ** 5);
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });

  test("tell what lies where nothing was in the window before", () => {
    const values = [...noise(900, 11), 30];
    expect(alarmsIn({ kind: "HALF_SPACE_TREES", rarity: 2 }, values)).toContain(900);
  });
});

describe("a trend", () => {
  test("is forecast with the variance of the closed form, whichever weights are chosen", () => {
    const weights = [0.1, 0.3, 0.6].flatMap((alpha) =>
      [0.01, 0.1, 0.3].map((share) => [alpha, alpha * share] as const),
    );
    const closed = weights.map(([alpha, beta]) => Math.sqrt(holtVariance(alpha, beta, 20)));
    const models = Array.from({ length: 18 }, (_, place): [number, number, number] => [10, 1, place === 0 ? 1 : 2]);
    for (let chosen = 1; chosen < 18; chosen += 2) {
      const state = models.map((model, place): [number, number, number] => [
        model[0],
        model[1],
        place === chosen ? 1 : 2,
      ]);
      const ahead = [...take(createHolt({ seen: 50, weight: 1, models: state }).ahead(), 20)];
      expect(ahead[0]).toEqual({ mean: 11, deviation: 1 });
      expect(ahead.at(-1)?.mean).toBe(30);
      expect(ahead.at(-1)?.deviation).toBeCloseTo(closed[(chosen - 1) / 2] ?? Number.NaN, 9);
    }
  });

  const take = <T>(all: Iterable<T>, count: number): readonly T[] => {
    const taken: T[] = [];
    for (const one of all) {
      taken.push(one);
      if (taken.length === count) break;
    }
    return taken;
  };

  test("that will pass a bound is told when it is as many hours away as were named, and the score is the horizon by what is left", () => {
    const rising = Array.from({ length: 120 }, (_, place) => place);
    const found = findingsOf({ kind: "FORECAST", high: 150, horizonHours: 50 }, observationsOf(rising));
    const first = found.findIndex(({ outcome }) => outcome === "ANOMALOUS");
    expect(Math.abs(first - 100)).toBeLessThanOrEqual(6);
    expect(found[first]?.score).toBeCloseTo(1, 1);
    expect(Math.abs((found.at(-1)?.score ?? 0) - 50 / 32)).toBeLessThan(0.2);
    expect(found.at(-1)?.side).toBe("ABOVE");
    expect(found.at(-1)?.because).toMatch(/^150 is passed in \d+ h, from 119 now; 2\.083 days ahead/);
    expect(alarmsIn({ kind: "FORECAST", low: -10, horizonHours: 50 }, rising)).toEqual([]);
  });
});

describe("missing data", () => {
  test("tell what the hour of the week usually holds, and which buckets are missing", () => {
    const held = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: null, freq: 9 }), {
      minLength: 3,
      maxLength: 400,
    });
    fc.assert(
      fc.property(held, fc.integer({ min: 1, max: 14 }), (before, gone) => {
        const values = [...before, 7, ...Array.from({ length: gone }, () => null)];
        const found = findingsOf({ kind: "MISSING_DATA", expects: "ALWAYS", buckets: 2 }, observationsOf(values)).at(
          -1,
        );
        const hour = (values.length - 1) % 168;
        const ofHour = values
          .filter((value, place) => value !== null && place % 168 === hour)
          .map((value) => value ?? 0);
        if (ofHour.length > 0) {
          const { mean, deviation } = fadingMoments(ofHour, 48);
          expect(found?.expected).toBeCloseTo(mean, 9);
          expect(found?.low).toBeCloseTo(mean - 2 * deviation, 6);
          expect(found?.high).toBeCloseTo(mean + 2 * deviation, 6);
        }
        const missed = Array.from(
          { length: Math.min(10, gone) },
          (_, ago) => MONDAY_MS + (values.length - 1 - ago) * HOUR_MS,
        );
        expect(found?.weighed).toEqual(missed.map((atMs) => ({ atMs, share: 1 / gone })));
        expect(found?.because).toContain(`nothing in ${gone} expected`);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  const office = (place: number): boolean => place % 24 >= 8 && place % 24 < 18 && place % 168 < 120;
  const weeks = (count: number, missing: (place: number) => boolean): readonly (number | null)[] =>
    Array.from({ length: count * 168 }, (_, place) => (office(place) && !missing(place) ? 5 : null));

  test("are missed at hours that usually hold something, from the bucket that was named on, until there is something again", () => {
    const from = 4 * 168 + 34;
    const alarms = alarmsIn(
      { kind: "MISSING_DATA", buckets: 3 },
      weeks(5, (place) => place >= from && place < from + 5),
    );
    expect(alarms).toEqual([from + 2, from + 3, from + 4]);
  });
  test("are not missed at night and on holidays that are skipped", () => {
    expect(
      alarmsIn(
        { kind: "MISSING_DATA" },
        weeks(5, () => false),
      ).filter((place) => place > 168),
    ).toEqual([]);
    const holiday = observationsOf(weeks(5, (place) => place >= 700 && place < 724)).map((one, place) => ({
      ...one,
      calendar: place >= 696 && place < 720 ? "holiday" : null,
    }));
    const outcomes = findingsOf({ kind: "MISSING_DATA", buckets: 5 }, holiday).map(({ outcome }) => outcome);
    expect(outcomes.slice(336)).not.toContain("ANOMALOUS");
  });
  test("are missed of what began days ago: that nothing came before it began is no habit", () => {
    const [before, since] = [2 * 168, 50];
    const values = Array.from({ length: before + since + 5 }, (_, place) =>
      place >= before && place < before + since ? 5 : 0,
    );
    const alarms = alarmsIn({ kind: "MISSING_DATA", buckets: 2, zeroIsNothing: true }, values);
    expect(alarms).toEqual([1, 2, 3, 4].map((ago) => before + since + ago));
  });
  test("are missed in every bucket with ALWAYS, and 0 is nothing where that is said", () => {
    expect(alarmsIn({ kind: "MISSING_DATA", expects: "ALWAYS", buckets: 2 }, [null, 5, null, null, 0, null])).toEqual([
      3,
    ]);
    const zeros = { kind: "MISSING_DATA", expects: "ALWAYS", buckets: 2, zeroIsNothing: true };
    expect(alarmsIn(zeros, [0, 5, 0, 0, 0, 5])).toEqual([3, 4]);
  });
});

describe("detectors that vote", () => {
  const bound = (high: number) => ({ kind: "STATIC", side: "ABOVE", high });
  const members = [{ detector: bound(10) }, { detector: bound(20) }, { detector: bound(40), weight: 2 }];

  test.each([
    [1, 11, "ANOMALOUS", 1.1],
    [2, 15, "NORMAL", 0.75],
    [2, 25, "ANOMALOUS", 1.25],
    [3, 39, "NORMAL", 0.975],
    [3, 41, "ANOMALOUS", 1.025],
  ])("%d of 3 of %d: %s with the score of the last that is needed, %d", (atLeast, value, outcome, score) => {
    const [found] = findingsOf({ kind: "ENSEMBLE", members, atLeast }, observationsOf([value]));
    expect(found?.outcome).toBe(outcome);
    expect(found?.score).toBeCloseTo(score, 9);
  });
  test("have a mean in which no score counts more than 3", () => {
    const [found] = findingsOf({ kind: "ENSEMBLE", combine: "MEAN", members }, observationsOf([100]));
    expect(found?.score).toBeCloseTo((3 + 3 + 2 * 2.5) / 4, 9);
  });
  test("say nothing until enough of them know enough", () => {
    const learning = [{ detector: bound(10) }, { detector: { kind: "ROBUST_Z", window: 10 } }];
    const outcomes = findingsOf({ kind: "ENSEMBLE", members: learning }, observationsOf([50, 50, null]));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["LEARNING", "LEARNING", "NO_DATA"]);
  });
});
