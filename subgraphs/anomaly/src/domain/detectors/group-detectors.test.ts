import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { inverse, Matrix } from "ml-matrix";
import { groupDetectorOf } from "../../../testing/detector-definitions.ts";
import { againstPeers, givenAllOthers, leftByComponents, makersOf } from "../../../testing/reference-groups.ts";
import { anyValue, MONDAY_MS, observationsOf } from "../../../testing/series-arbitraries.ts";
import { inverted } from "./covariance.ts";
import { residualLimit } from "./pca-residual.ts";
import { checkDetectorDefinition } from "./detector-definition.ts";
import type { Finding, Observation } from "./detector.ts";
import { createRuleDetectors } from "./rule-detectors.ts";

type Buckets = ReadonlyMap<string, Observation>;
type Rows = readonly (readonly (number | null)[])[];

/** Buckets of as many series as the rows have values, called a, b, c, ...; a row is a bucket. */
const bucketsOf = (rows: Rows): readonly Buckets[] => {
  const series = (rows[0] ?? []).map((_, column) => observationsOf(rows.map((row) => row[column] ?? null)));
  return rows.map(
    (_, place) =>
      new Map(
        series.flatMap((one, column) => {
          const observation = one[place];
          return observation === undefined ? [] : [[String.fromCodePoint(97 + column), observation] as const];
        }),
      ),
  );
};
const findingsIn = (input: object, rows: Rows): readonly ReadonlyMap<string, Finding>[] => {
  const detector = groupDetectorOf(input);
  return bucketsOf(rows).map(detector.judge);
};
const rowsOf = <T extends number | null>(value: fc.Arbitrary<T>, columns: number, maxLength: number) =>
  fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength });
const some = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const GROUPS = [
  { kind: "PEERS", minimumPeers: 3, levelOver: 12 },
  { kind: "PEERS", minimumPeers: 3, compare: "VALUES", sides: "BELOW", calendar: "AS_USUAL" },
  { kind: "MULTIVARIATE", over: 30, learns: 20, rarity: 2 },
  { kind: "MULTIVARIATE", method: "PCA_RESIDUAL", over: 30, learns: 20, rarity: 2 },
];

describe.each(GROUPS)("%j", (definition) => {
  test("tells finite numbers of every series, of whatever it is given, and goes on as if it had never been kept", () => {
    fc.assert(
      fc.property(rowsOf(anyValue, 5, 50), fc.nat(50), (rows, at) => {
        const [whole, before] = [groupDetectorOf(definition), groupDetectorOf(definition)];
        const buckets = bucketsOf(rows);
        buckets.slice(0, at).forEach(before.judge);
        const kept = [...before.save()].map(([name, state]): [string, unknown] => [
          name,
          JSON.parse(JSON.stringify(state)),
        ]);
        const after = groupDetectorOf(definition, new Map(kept));
        for (const [place, bucket] of buckets.entries()) {
          const found = whole.judge(bucket);
          if (place >= at) expect(after.judge(bucket)).toEqual(found);
          expect([...found.keys()]).toEqual([...bucket.keys()]);
          for (const { outcome, score, expected, low, high, because } of found.values()) {
            for (const number of [score, expected, low, high])
              expect(number === null || Number.isFinite(number)).toBe(true);
            expect(outcome === "ANOMALOUS" ? score >= 1 : score >= 0 && score <= 1).toBe(true);
            expect(because).not.toMatch(/NaN|Infinity|undefined|null/);
          }
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test("says the same in whatever order the series come", () => {
    fc.assert(
      fc.property(rowsOf(some, 5, 40), (rows) => {
        const [one, other] = [groupDetectorOf(definition), groupDetectorOf(definition)];
        for (const bucket of bucketsOf(rows)) {
          const found = other.judge(new Map([...bucket].toReversed()));
          for (const [name, finding] of one.judge(bucket)) expect(found.get(name)).toEqual(finding);
        }
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});

test("The detectors of a rule's series tell what was found of all together, and what they keep goes on with each series", () => {
  const rows = Array.from({ length: 60 }, (_, place) => [
    place % 5,
    (place * 3) % 7,
    (place * 5) % 11,
    place === 59 ? 99 : 4,
    5,
  ]);
  const buckets = bucketsOf(rows);
  const definition = checkDetectorDefinition({ kind: "PEERS", compare: "VALUES", minimumPeers: 3 });
  if (!definition.valid) throw new Error("refused");
  const names = [...(buckets[0]?.keys() ?? [])];
  const observations = (name: string) => buckets.flatMap((bucket) => bucket.get(name) ?? []);
  const judge = (from: number, to: number, saved: ReadonlyMap<string, unknown>) => {
    const series = names.map((name) => ({
      ...{ fingerprint: name, saved: saved.get(name), slot: 0, observations: observations(name).slice(from, to) },
    }));
    const detectors = createRuleDetectors(definition.value, series);
    const told = series.map((one) => one.observations.map((bucket) => detectors.get(one.fingerprint)?.judge(bucket)));
    return { told, saved: new Map(names.map((name) => [name, detectors.get(name)?.save()])) };
  };
  const expected = findingsIn({ kind: "PEERS", compare: "VALUES", minimumPeers: 3 }, rows);
  const first = judge(0, 30, new Map());
  const then = judge(30, 60, first.saved);
  names.forEach((name, at) => {
    expect([...(first.told[at] ?? []), ...(then.told[at] ?? [])]).toEqual(expected.map((bucket) => bucket.get(name)));
  });
  expect(then.told[3]?.at(-1)?.outcome).toBe("ANOMALOUS");
});

/** By how much told shares differ from those of parts, which are what each series adds; of parts of nothing by nothing. */
const sharesOff = (found: Finding | undefined, own: number, parts: readonly number[]): readonly number[] => {
  const told = new Map(found?.weighed.map(({ series, share }) => [series, share]));
  const all = parts.reduce((sum, part) => sum + Math.abs(part), 0);
  if (all < 1e-6) return [];
  return parts.map((part, from) => {
    const share = told.get(from === own ? undefined : String.fromCodePoint(97 + from));
    return Math.abs((share ?? Number.NaN) - Math.abs(part) / all);
  });
};

describe("peers", () => {
  test("that weigh are those by whose least change the judgement changes, and the bucket itself by half", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 5, maxLength: 9 }), (whole) => {
        // No sum of some of these roots, nor of whole multiples of them, is a whole number: no two values are the same, nor two distances.
        const row = whole.map((one, place) => one + Math.sqrt([2, 3, 5, 7, 11, 13, 17, 19, 23][place] ?? 0));
        const [found] = findingsIn({ kind: "PEERS", compare: "VALUES", minimumPeers: 3 }, [row]);
        row.forEach((_, place) => {
          const weighed = found?.get(String.fromCodePoint(97 + place))?.weighed ?? [];
          expect(weighed[0]).toEqual({ atMs: MONDAY_MS, share: 0.5 });
          expect(weighed.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
          const others = weighed.slice(1).map(({ series = "" }) => (series.codePointAt(0) ?? 0) - 97);
          expect(others.toSorted((one, other) => one - other)).toEqual(makersOf(row, place));
        });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test("are judged by the median and the deviation of all others", () => {
    fc.assert(
      fc.property(rowsOf(some, 6, 1), ([row = []]) => {
        const [found] = findingsIn({ kind: "PEERS", compare: "VALUES", minimumPeers: 3, threshold: 2 }, [row]);
        row.forEach((_, place) => {
          const z = againstPeers(row, place, 3);
          const finding = found?.get(String.fromCodePoint(97 + place));
          if (z === null) return expect(["LEARNING", "NO_DATA"]).toContain(finding?.outcome);
          return expect(finding?.score).toBeCloseTo(Math.min(1_000, z / 2), 6);
        });
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("of different sizes are compared in their own levels: a tenth less of one is told although it is the greatest", () => {
    const sizes = [1_000, 10, 20, 40, 5, 300, 70];
    const rows = Array.from({ length: 40 }, (_, place) =>
      sizes.map(
        (size, column) => size * (1 + ((place * 7 + column * 3) % 5) / 500) * (place === 39 && column === 0 ? 0.9 : 1),
      ),
    );
    const last = findingsIn({ kind: "PEERS" }, rows).at(-1);
    expect(last?.get("a")).toMatchObject({ outcome: "ANOMALOUS", side: "BELOW" });
    expect([...(last ?? [])].filter(([, { outcome }]) => outcome === "ANOMALOUS")).toHaveLength(1);
  });
});

describe("the inverse of a correlation matrix", () => {
  test("is that of ml-matrix, and there is none of one that is not positive definite", () => {
    const sizes = fc.integer({ min: 1, max: 8 }).chain((size) => {
      const row = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size });
      return fc.array(row, { minLength: size, maxLength: size });
    });
    fc.assert(
      fc.property(sizes, (rows) => {
        const root = new Matrix(rows);
        const matrix = root.mmul(root.transpose()).add(Matrix.eye(rows.length).mul(0.1));
        const found = inverted(Float64Array.from(matrix.to1DArray()), rows.length);
        const expected = inverse(matrix).to1DArray();
        expect([...(found ?? [])].filter((one, at) => !(Math.abs(one - (expected[at] ?? 0)) < 1e-8))).toEqual([]);
        expect(found).toHaveLength(expected.length);
        expect(inverted(Float64Array.from(matrix.mul(-1).to1DArray()), rows.length)).toBeNull();
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

describe("series together", () => {
  test("are judged each given all others, as the definition says", () => {
    fc.assert(
      fc.property(rowsOf(fc.integer({ min: 0, max: 30 }), 3, 45), (rows) => {
        const found = findingsIn({ kind: "MULTIVARIATE", over: 30, learns: 20, rarity: 2 }, rows).at(-1);
        if (rows.length <= 20) return expect(found?.get("a")?.outcome).toBe("LEARNING");
        return givenAllOthers(rows, 30).forEach(({ expected, parts }, place) => {
          const told = found?.get(String.fromCodePoint(97 + place));
          expect(Math.abs((told?.expected ?? Number.NaN) - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)));
          expect(sharesOff(told, place, parts).filter((one) => !(one < 1e-5))).toEqual([]);
        });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test("show what none of them shows alone: one goes up where the other always did too", () => {
    const wave = (place: number): number => 50 + 30 * Math.sin(place / 4);
    const noise = (place: number, of: number): number => ((place * 7_919 * of) % 13) / 13;
    const rows = Array.from({ length: 300 }, (_, place) => [
      wave(place) + noise(place, 1),
      2 * wave(place) + noise(place, 3),
      place === 299 ? 60 - (wave(place) - 50) : wave(place) + noise(place, 5),
    ]);
    const found = findingsIn({ kind: "MULTIVARIATE" }, rows);
    expect(found.at(-1)?.get("c")?.outcome).toBe("ANOMALOUS");
    const [low, high] = [found.at(-1)?.get("c")?.low ?? 0, found.at(-1)?.get("c")?.high ?? 0];
    expect(Math.abs((low + high) / 2 - wave(299))).toBeLessThan(3);
    const before = found.slice(150, 299).flatMap((one) => [...one.values()].map(({ outcome }) => outcome));
    expect(before.filter((outcome) => outcome === "ANOMALOUS").length).toBeLessThan(5);
  });
});

describe("what principal components leave", () => {
  const pca = { kind: "MULTIVARIATE", method: "PCA_RESIDUAL" };

  test("is judged as the definition says: each series by its part of Q, the one with the greatest by all of it", () => {
    fc.assert(
      fc.property(rowsOf(fc.integer({ min: 0, max: 30 }), 4, 45), fc.constantFrom(0.5, 0.7, 0.9), (rows, explains) => {
        const found = findingsIn({ ...pca, over: 30, learns: 20, rarity: 2, explains }, rows).at(-1);
        if (rows.length <= 20) return expect(found?.get("a")?.outcome).toBe("LEARNING");
        const { residuals, parts, spread, left, clear } = leftByComponents(rows, 30, explains);
        fc.pre(clear);
        const squares = residuals.map((one) => one * one);
        const whole = squares.reduce((sum, one) => sum + one, 0);
        const limit = residualLimit(left, 0.01);
        return residuals.forEach((residual, place) => {
          const finding = found?.get(String.fromCodePoint(97 + place));
          const value = rows.at(-1)?.[place] ?? 0;
          const expected = value - residual * (spread[place] ?? 0);
          expect(Math.abs((finding?.expected ?? Number.NaN) - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
          expect(sharesOff(finding, place, parts[place] ?? []).filter((one) => !(one < 1e-3))).toEqual([]);
          const score = Math.min(1_000, Math.sqrt((squares[place] ?? 0) / limit));
          const most = Math.min(1_000, Math.sqrt(whole / limit));
          const far = [score, most].map((one) => Math.abs((finding?.score ?? Number.NaN) - one) / (1 + one));
          expect(Math.min(...far)).toBeLessThan(1e-4);
        });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test.each([
    [[1], 0.05],
    [[0.8, 0.3, 0.1], 0.01],
    [[0.5, 0.5, 0.5, 0.5], 0.001],
    [[0.9, 0.01, 0.01], 0.01],
  ])("of variances %j is beyond its limit with a chance of %d, as drawn at random", (variances, chance) => {
    // A generator of Park and Miller with Box and Muller's transform: the same numbers in each run.
    let state = 20_261_121;
    const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const limit = residualLimit(variances, chance);
    const draws = 60_000;
    let beyond = 0;
    for (let draw = 0; draw < draws; draw += 1)
      if (variances.reduce((sum, variance) => sum + variance * normal() ** 2, 0) > limit) beyond += 1;
    expect(beyond / draws / chance).toBeGreaterThan(0.7);
    expect(beyond / draws / chance).toBeLessThan(1.3);
  });

  test("shows one series that leaves the others, and is quiet where they all move as they do", () => {
    const wave = (place: number): number => 50 + 30 * Math.sin(place / 4);
    const noise = (place: number, of: number): number => ((place * 7_919 * of) % 13) / 13;
    const rows = Array.from({ length: 300 }, (_, place) =>
      [1, 2, 3, 5, 7].map((of) =>
        place === 299 && of === 3 ? 3 * (100 - wave(place)) : of * wave(place) + noise(place, of),
      ),
    );
    const found = findingsIn(pca, rows);
    expect(found.at(-1)?.get("c")).toMatchObject({ outcome: "ANOMALOUS" });
    const before = found.slice(150, 299).flatMap((one) => [...one.values()].map(({ outcome }) => outcome));
    expect(before.filter((outcome) => outcome === "ANOMALOUS").length).toBeLessThan(8);
  });
});
