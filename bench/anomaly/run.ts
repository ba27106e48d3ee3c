// The default ensemble over the given part of the Numenta Anomaly Benchmark beside a Gaussian of all values, in the same run: scores by the three profiles at the
// best threshold and at the one that ships, and microseconds a value: `node --import tsx bench/anomaly/run.ts [folder]`. With a folder, writes results
// there as the benchmark's own scorer reads them.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_THRESHOLD } from "../../subgraphs/anomaly/src/domain/detectors/ensemble.ts";
import { byEnsemble, byGaussian } from "./detect.ts";
import { bestScore, NAB, NAB_PROFILES, nabIsThere, nabScores, readNab, scoreAt, type NabSeries } from "./nab.ts";

if (!nabIsThere()) {
  console.log(`Skipped: the benchmark's series are not at ${NAB}.`);
  process.exit(0);
}
const series = readNab();
const values = series.reduce((sum, one) => sum + one.values.length, 0);

const measured = (detect: (one: NabSeries) => readonly number[]) => {
  const before = process.cpuUsage();
  const scores = series.map((one) => detect(one));
  const { user } = process.cpuUsage(before);
  return { scores, microsPerValue: user / values };
};
const gaussian = measured(byGaussian);
const ensemble = measured((one) => byEnsemble(one));

console.log(
  `${series.length} series, ${values.toLocaleString("en-US")} values; ${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}, node ${process.version}.\n`,
);
console.log("| detector | profile | best score | at threshold | score as shipped | µs of processor time a value |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [name, { scores, microsPerValue }, shipped] of [
  ["Gaussian of all values", gaussian, null],
  ["default ensemble", ensemble, DEFAULT_THRESHOLD],
] as const)
  for (const [profile, weights] of Object.entries(NAB_PROFILES)) {
    const told = nabScores(series, scores, weights);
    const best = bestScore(told);
    console.log(
      `| ${name} | ${profile} | ${best.score.toFixed(1)} | ${best.threshold.toFixed(2)} | ${shipped === null ? "-" : scoreAt(told, shipped).toFixed(1)} | ${microsPerValue.toFixed(1)} |`,
    );
  }

const [folder] = process.argv.slice(2);
for (const [at, one] of folder === undefined ? [] : series.entries()) {
  const path = join(folder ?? "", one.file);
  mkdirSync(dirname(path), { recursive: true });
  const rows = one.values.map((value, place) => `${one.times[place]},${value},${ensemble.scores[at]?.[place]}`);
  writeFileSync(path, `timestamp,value,anomaly_score\n${rows.join("\n")}\n`);
}
