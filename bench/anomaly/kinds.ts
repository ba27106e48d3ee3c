// Microseconds of processor time a value, and bytes kept of a series, for every kind of detector with its defaults, over a month of five minutes with a day and noise (MSTL: a year of hours):
// `node --import tsx bench/anomaly/kinds.ts [kind]`.
import { loadavg } from "node:os";
import { createDetector, createGroupDetector } from "../../subgraphs/anomaly/src/domain/detectors/create-detector.ts";
import {
  checkDetectorDefinition,
  fitsOf,
  isOfGroup,
  type DetectorDefinition,
} from "../../subgraphs/anomaly/src/domain/detectors/detector-definition.ts";
import type { Observation } from "../../subgraphs/anomaly/src/domain/detectors/detector.ts";
import { createFitSeasons } from "../../subgraphs/anomaly/src/threads/fit-seasons.ts";

const fit = createFitSeasons();
const [FIVE_MINUTES_MS, HOUR_MS] = [300_000, 3_600_000];
/** A month of five minutes: long enough that windows are full for most of it. */
const VALUES = 8_640;
/** Series of a group that is judged together. */
const GROUP = 20;

const KINDS: Readonly<Record<string, object>> = {
  STATIC: { kind: "STATIC", side: "OUTSIDE", low: 0, high: 200 },
  CHANGE: { kind: "CHANGE", since: "WEEK_AGO", unit: "PERCENT", by: 50 },
  ROBUST_Z: { kind: "ROBUST_Z" },
  EWMA: { kind: "EWMA" },
  AUTOMATIC: { kind: "AUTOMATIC" },
  SEASONAL_BAND: { kind: "SEASONAL_BAND" },
  "SEASONAL_BAND by MSTL": { kind: "SEASONAL_BAND", method: "MSTL" },
  MISSING_DATA: { kind: "MISSING_DATA" },
  FORECAST: { kind: "FORECAST", high: 1_000, horizonHours: 12 },
  CHANGEPOINT: { kind: "CHANGEPOINT" },
  ISOLATION_FOREST: { kind: "ISOLATION_FOREST" },
  HALF_SPACE_TREES: { kind: "HALF_SPACE_TREES" },
  ENSEMBLE: {
    kind: "ENSEMBLE",
    members: ["ROBUST_Z", "EWMA", "SEASONAL_BAND"].map((kind) => ({ detector: { kind } })),
  },
  PEERS: { kind: "PEERS" },
  MULTIVARIATE: { kind: "MULTIVARIATE" },
  PCA_RESIDUAL: { kind: "MULTIVARIATE", method: "PCA_RESIDUAL" },
};
const definitionOf = (input: object): DetectorDefinition => {
  const checked = checkDetectorDefinition(input);
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
};

const plain = (seed: number, bucketMs: number): readonly Observation[] => {
  let state = seed;
  return Array.from({ length: VALUES }, (_, place): Observation => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    const atMs = Date.UTC(2026, 2, 2) + place * bucketMs;
    const value = 100 + 50 * Math.sin((2 * Math.PI * place * bucketMs) / (24 * HOUR_MS)) + (20 * state) / 2 ** 32;
    return {
      atMs,
      untilMs: atMs + bucketMs,
      value,
      samples: null,
      hourOfWeek: Math.floor((place * bucketMs) / HOUR_MS) % 168,
      calendar: null,
    };
  });
};

const bucketAt = (series: readonly (readonly Observation[])[], place: number): ReadonlyMap<string, Observation> => {
  const bucket = new Map<string, Observation>();
  for (const [at, one] of series.entries()) {
    const observation = one[place];
    if (observation !== undefined) bucket.set(`s${at}`, observation);
  }
  return bucket;
};

const bytesOf = (kept: unknown): number => JSON.stringify(kept).length;

/** Judges a month of five minutes and says what it cost. */
const measure = (definition: DetectorDefinition): { readonly micros: number; readonly bytes: number } => {
  const series = Array.from({ length: isOfGroup(definition) ? GROUP : 3 }, (_, seed) =>
    plain(seed + 1, fitsOf(definition) > 0 ? HOUR_MS : FIVE_MINUTES_MS),
  );
  const before = process.cpuUsage();
  const spent = (): number => process.cpuUsage(before).user / (VALUES * series.length);
  if (isOfGroup(definition)) {
    const detector = createGroupDetector(definition, new Map());
    for (let place = 0; place < VALUES; place += 1) detector.judge(bucketAt(series, place));
    const micros = spent();
    return { micros, bytes: bytesOf([...detector.save()]) / GROUP };
  }
  const detectors = series.map((observations) => {
    const detector = createDetector(definition, undefined, { fit, slot: 0 });
    observations.forEach(detector.judge);
    return detector;
  });
  const micros = spent();
  return { micros, bytes: bytesOf(detectors[0]?.save()) };
};

const [only] = process.argv.slice(2);
console.log(
  `node ${process.version}, load ${(loadavg()[0] ?? 0).toFixed(1)}; ${VALUES.toLocaleString("en-US")} values a series.\n`,
);
console.log("| detector | µs of processor time a value | bytes kept of a series |");
console.log("| --- | --- | --- |");
for (const [kind, input] of Object.entries(KINDS)) {
  if (only !== undefined && only !== kind) continue;
  const definition = definitionOf(input);
  measure(definition);
  const { micros, bytes } = measure(definition);
  console.log(`| ${kind} | ${micros.toFixed(1)} | ${Math.round(bytes).toLocaleString("en-US")} |`);
}
