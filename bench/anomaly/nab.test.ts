import { describe, expect, test } from "@jest/globals";
import { DEFAULT_THRESHOLD } from "../../subgraphs/anomaly/src/domain/detectors/ensemble.ts";
import { byEnsemble } from "./detect.ts";
import { bestScore, NAB, NAB_PROFILES, nabIsThere, nabScores, readNab, scoreAt, type NabSeries } from "./nab.ts";

if (!nabIsThere())
  process.stdout.write(`Skipped: the Numenta Anomaly Benchmark is not at ${NAB}; no score was taken.\n`);
const withNab = nabIsThere() ? test : test.skip;

withNab(
  "the default ensemble scores above 70 on the given part of the Numenta Anomaly Benchmark, and within 5 points of it as shipped",
  () => {
    const series = readNab();
    const told = nabScores(
      series,
      series.map((one) => byEnsemble(one)),
      NAB_PROFILES.standard,
    );
    expect(series).toHaveLength(41);
    expect(bestScore(told).score).toBeGreaterThan(70);
    expect(scoreAt(told, DEFAULT_THRESHOLD)).toBeGreaterThan(bestScore(told).score - 5);
  },
  120_000,
);

describe("a score of the benchmark", () => {
  const times = Array.from({ length: 100 }, (_, minute) => `2020-01-01 00:${String(minute).padStart(2, "0")}:00`);
  const series: NabSeries = { file: "one", times, values: times.map(() => 0), windows: [[40, 49]] };
  const alarmsAt = (...places: readonly number[]) => [times.map((_, place) => (places.includes(place) ? 1 : 0))];
  const scoreOf = (...places: readonly number[]): number =>
    scoreAt(nabScores([series], alarmsAt(...places), NAB_PROFILES.standard), 1);

  test.each([
    ["no alarm", [], 0],
    ["an alarm at a window's begin", [40], 100],
    ["the same, while detectors learn, and again in the window", [3, 40, 45], 100],
  ])("is that of the definition for %s", (_case, places, score) => expect(scoreOf(...places)).toBeCloseTo(score, 9));

  test("is lower for a later alarm, and for a false one by its weight", () => {
    expect(scoreOf(48)).toBeLessThan(scoreOf(44));
    expect(scoreOf(40, 20)).toBeCloseTo(100 - (100 * 0.11) / 2, 9);
  });
});
