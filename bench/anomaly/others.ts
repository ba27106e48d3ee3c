// Every detector that judges one series and needs no bound of its own, with its defaults, over the given part of the Numenta Anomaly Benchmark (standard profile): the best score of any one threshold, that of the
// threshold that ships, and that of the first value of each run of anomalies alone, which is what an alert tells: `node --import tsx bench/anomaly/others.ts [kind ...]`.
import { loadavg } from "node:os";
import { createDetector } from "../../subgraphs/anomaly/src/domain/detectors/create-detector.ts";
import {
  checkDetectorDefinition,
  isOfGroup,
} from "../../subgraphs/anomaly/src/domain/detectors/detector-definition.ts";
import { createFitSeasons } from "../../subgraphs/anomaly/src/threads/fit-seasons.ts";
import { hourOfWeek } from "./detect.ts";
import { bestScore, NAB, NAB_PROFILES, nabIsThere, nabScores, readNab, scoreAt, type NabSeries } from "./nab.ts";

if (!nabIsThere()) {
  console.log(`Skipped: the benchmark's series are not at ${NAB}.`);
  process.exit(0);
}

const KINDS: Readonly<Record<string, object>> = {
  AUTOMATIC: { kind: "AUTOMATIC" },
  ROBUST_Z: { kind: "ROBUST_Z" },
  EWMA: { kind: "EWMA" },
  SEASONAL_BAND: { kind: "SEASONAL_BAND" },
  "SEASONAL_BAND of a day": { kind: "SEASONAL_BAND", seasons: "DAY" },
  "SEASONAL_BAND of a day, MSTL": { kind: "SEASONAL_BAND", seasons: "DAY", method: "MSTL" },
  CHANGEPOINT: { kind: "CHANGEPOINT" },
  ISOLATION_FOREST: { kind: "ISOLATION_FOREST" },
  HALF_SPACE_TREES: { kind: "HALF_SPACE_TREES" },
  "CHANGE, half of a day ago": { kind: "CHANGE", since: "DAY_AGO", unit: "PERCENT", by: 50 },
  "ENSEMBLE of ROBUST_Z, EWMA, SEASONAL_BAND": {
    kind: "ENSEMBLE",
    members: ["ROBUST_Z", "EWMA", "SEASONAL_BAND"].map((kind) => ({ detector: { kind } })),
  },
};

const fit = createFitSeasons();

type Definition = Parameters<typeof createDetector>[0];

const definitionOf = (input: object): Definition => {
  const checked = checkDetectorDefinition(input);
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  if (isOfGroup(checked.value)) throw new Error("A series of the benchmark has no others beside it.");
  return checked.value;
};

const atMsOf = (time: string): number => Date.parse(`${time.replace(" ", "T")}Z`);

/** The width of most buckets of a series. */
const widthOf = (times: readonly string[]): number => {
  const widths = times.slice(1).map((time, place) => atMsOf(time) - atMsOf(times[place] ?? ""));
  return widths.toSorted((one, other) => one - other)[Math.floor(widths.length / 2)] ?? 0;
};

/** How anomalous each value is by a detector: 1 is the threshold that ships. */
const scoresBy = (definition: Definition, { times, values }: NabSeries): readonly number[] => {
  const detector = createDetector(definition, undefined, { fit, slot: 0 });
  const widthMs = widthOf(times);
  return values.map((value, place) => {
    const time = times[place] ?? "";
    const atMs = atMsOf(time);
    const observation = { value, samples: null, hourOfWeek: hourOfWeek(time), calendar: null };
    return detector.judge({ ...observation, atMs, untilMs: atMs + widthMs }).score;
  });
};

/** The first value of each run of values at the threshold or beyond. */
const firstOnly = (scores: readonly number[]): readonly number[] =>
  scores.map((score, place) => (score >= 1 && (scores[place - 1] ?? 0) < 1 ? 1 : 0));

const series = readNab();
const asked = process.argv.slice(2);
console.log(`${series.length} series; load ${(loadavg()[0] ?? 0).toFixed(1)}, node ${process.version}.\n`);
console.log("| detector | best threshold | at | as shipped (1) | as shipped, the first of each run |");
console.log("| --- | --- | --- | --- | --- |");
for (const [name, input] of Object.entries(KINDS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const definition = definitionOf(input);
  const scores = series.map((one) => scoresBy(definition, one));
  const told = nabScores(series, scores, NAB_PROFILES.standard);
  const first = nabScores(series, scores.map(firstOnly), NAB_PROFILES.standard);
  const best = bestScore(told);
  console.log(
    `| ${name} | ${best.score.toFixed(1)} | ${best.threshold.toFixed(2)} | ${scoreAt(told, 1).toFixed(1)} | ${scoreAt(first, 1).toFixed(1)} |`,
  );
}
