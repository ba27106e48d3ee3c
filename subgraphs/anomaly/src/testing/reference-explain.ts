import type { ChangeMoment } from "../domain/explain/changes-near.ts";
import type { EpisodeSeen } from "../domain/explain/correlated.ts";

const TWO_WEEKS_MS = 14 * 86_400_000;
const DAY_MS = 86_400_000;

/** Benjamini and Hochberg's adjusted chances, by their definition: the least of m p_j / j over all that are no smaller. */
export const referenceAdjusted = (ps: readonly number[]): readonly number[] =>
  ps.map((p) => {
    const sorted = ps.toSorted((a, b) => a - b);
    return Math.min(1, ...sorted.flatMap((other, index) => (other >= p ? [(other * ps.length) / (index + 1)] : [])));
  });

/** Changes near an onset with their chances, by counting each stream anew for each change. */
export const referenceChanges = (
  onset: { readonly fromMs: number; readonly toMs: number },
  moments: readonly ChangeMoment<string>[],
): ReadonlyMap<string, number> => {
  const near = moments.filter(({ atMs }) => atMs < onset.toMs && atMs >= onset.fromMs - DAY_MS);
  const chances = near.map(({ atMs, stream }) => {
    let events = 0;
    for (const other of moments)
      if (other.stream === stream && other.atMs < onset.toMs && other.atMs >= onset.toMs - TWO_WEEKS_MS) events += 1;
    return 1 - Math.exp(-(events * (onset.toMs - atMs)) / TWO_WEEKS_MS);
  });
  const streams = [...new Set(near.map(({ stream }) => stream))];
  const leastOf = (stream: string): number => Math.min(...chances.filter((_chance, at) => near[at]?.stream === stream));
  const adjusted = referenceAdjusted(streams.map(leastOf));
  const chanceOf = (stream: string, chance: number): number =>
    chance === leastOf(stream) ? (adjusted[streams.indexOf(stream)] ?? 1) : Math.min(1, chance * streams.length);
  return new Map(near.map(({ of, edge, stream }, at) => [`${of} ${edge}`, chanceOf(stream, chances[at] ?? 1)]));
};

/** Pearson's correlation by its definition: covariance over the product of standard deviations; 0 where either does not vary. */
export const referenceCorrelation = (xs: readonly number[], ys: readonly number[]): number => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = mean(xs.map((x, at) => (x - mean(xs)) * ((ys[at] ?? 0) - mean(ys))));
  const deviation = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  const product = deviation(xs) * deviation(ys);
  return product === 0 ? 0 : covariance / product;
};

/** The parts of a score that need no series: what the beginnings, the common time and the labels of two episodes count. */
export const referenceScore = (one: EpisodeSeen<string>, other: EpisodeSeen<string>): number => {
  const apart = Math.abs(one.onset.fromMs - other.onset.fromMs);
  const widest = Math.max(one.onset.toMs - one.onset.fromMs, other.onset.toMs - other.onset.fromMs);
  let [common, all] = [0, 0];
  const [from, to] = [Math.min(one.span.fromMs, other.span.fromMs), Math.max(one.span.toMs, other.span.toMs)];
  for (let ms = from; ms < to; ms += 1) {
    const inside = (span: { fromMs: number; toMs: number }): boolean => ms >= span.fromMs && ms < span.toMs;
    all += 1;
    if (inside(one.span) && inside(other.span)) common += 1;
  }
  const names = [...new Set([...Object.keys(one.labels), ...Object.keys(other.labels)])];
  const shared = names.filter((name) => one.labels[name] !== undefined && one.labels[name] === other.labels[name]);
  const pairs = names.flatMap((name) => [...new Set([one.labels[name], other.labels[name]])].filter(Boolean));
  return (
    0.4 * Math.exp(-apart / (3 * widest)) +
    0.2 * (all === 0 ? 0 : common / all) +
    0.1 * (pairs.length === 0 ? 0 : shared.length / pairs.length)
  );
};
