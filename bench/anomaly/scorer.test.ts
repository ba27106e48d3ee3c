import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { byEnsemble, byGaussian } from "./detect.ts";
import { bestScore, NAB, NAB_PROFILES, nabIsThere, nabScores, readNab } from "./nab.ts";

const SCORER = join(NAB, "score_nab.py");
const missing = ((): string | null => {
  if (!nabIsThere() || !existsSync(SCORER)) return `the Numenta Anomaly Benchmark with its scorer is not at ${NAB}`;
  return spawnSync("python3", ["--version"]).status === 0 ? null : "there is no python3";
})();
if (missing !== null) process.stdout.write(`Skipped: ${missing}; no score was compared.\n`);
const withScorer = missing === null ? test : test.skip;

const folder = mkdtempSync(join(tmpdir(), "nab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const answer = z.record(z.string(), z.object({ normalized: z.number(), threshold: z.number() }));

/** Scores between 0 and 1 in a few steps, so that many are the same. */
const inSteps = (scores: readonly number[], most: number, steps: number): readonly number[] =>
  scores.map((score) => Math.round((Math.min(most, score) / most) * steps) / steps);

withScorer.each([
  ["the default ensemble", (one: Parameters<typeof byEnsemble>[0]) => byEnsemble(one)],
  [
    "a Gaussian in steps, many of which are the same",
    (one: Parameters<typeof byGaussian>[0]) => inSteps(byGaussian(one), 10, 50),
  ],
  [
    "a detector that finds all values the same",
    ({ values }: Parameters<typeof byGaussian>[0]) => values.map(() => 0.5),
  ],
] as const)(
  "The score of %s is that of the benchmark's scorer, by each profile, and so is its best threshold",
  (name, detect) => {
    const series = readNab();
    const scores = series.map(detect);
    const results = join(folder, name.replaceAll(" ", "-"));
    for (const [at, one] of series.entries()) {
      const path = join(results, one.file);
      mkdirSync(dirname(path), { recursive: true });
      const rows = one.values.map((value, place) => `${one.times[place]},${value},${scores[at]?.[place]}`);
      writeFileSync(path, `timestamp,value,anomaly_score\n${rows.join("\n")}\n`);
    }
    const theirs = answer.parse(JSON.parse(execFileSync("python3", [SCORER, results], { encoding: "utf8" })));
    expect(Object.keys(theirs).toSorted()).toEqual(Object.keys(NAB_PROFILES).toSorted());
    for (const [profile, weights] of Object.entries(NAB_PROFILES)) {
      const ours = bestScore(nabScores(series, scores, weights));
      expect(ours.score).toBeCloseTo(theirs[profile]?.normalized ?? Number.NaN, 9);
      const threshold = theirs[profile]?.threshold ?? Number.NaN;
      expect(Number.isFinite(ours.threshold) ? ours.threshold : 1.1).toBeCloseTo(threshold, 9);
    }
  },
  120_000,
);
