import { z } from "zod";
import type { Observation, Weighed } from "./detector.ts";
import { MAX_WEIGHED, spreadOf } from "./finding.ts";
import { readKept } from "./packed.ts";

/** Series that are judged together at most; of more, those that came first. Judging takes the third power of their number. */
export const MAX_TOGETHER = 30;

const keptSchema = z.object({
  /** Which of the series it was that came, and in how many buckets it was measured. */
  place: z.number().int().min(0),
  seen: z.number().int().min(0),
  mean: z.number(),
  /** Covariances with all series, itself among them, by their names. */
  with: z.array(z.tuple([z.string(), z.number()])).max(MAX_TOGETHER),
});

/** A series of a bucket in which it was measured. */
export interface Member {
  readonly place: number;
  readonly name: string;
  readonly observation: Observation;
  readonly value: number;
}

/** What was learnt of series together: means and covariances, the later buckets weighing more. */
export const createMoments = (over: number, saved: ReadonlyMap<string, unknown>) => {
  const kept = [...saved]
    .map(([name, state]) => ({ name, state: readKept(keptSchema, state) }))
    .flatMap(({ name, state }) => (state === null ? [] : [{ name, ...state }]))
    .toSorted((one, other) => one.place - other.place)
    .slice(0, MAX_TOGETHER);
  const names = kept.map(({ name }) => name);
  const means = kept.map(({ mean }) => mean);
  const covariances = new Float64Array(MAX_TOGETHER * MAX_TOGETHER);
  for (const [row, one] of kept.entries())
    for (const [name, covariance] of one.with) {
      const column = names.indexOf(name);
      if (column >= 0) covariances[row * MAX_TOGETHER + column] = covariance;
    }
  /** In how many buckets each was measured: one that came later is known as little as its own tell. */
  const counts = kept.map(({ seen }) => seen);
  const between = (one: number, other: number): number => covariances[one * MAX_TOGETHER + other] ?? 0;
  return {
    seen: (place: number) => counts[place] ?? 0,
    /** How many buckets weigh in what is known of some series together. */
    weight: (members: readonly Member[]) =>
      members.reduce((least, { place }) => Math.min(least, counts[place] ?? 0), over),
    mean: (place: number) => means[place] ?? 0,
    between,
    placeOf: (name: string, value: number): number | null => {
      const place = names.indexOf(name);
      if (place >= 0) return place;
      if (names.length >= MAX_TOGETHER) return null;
      names.push(name);
      means.push(value);
      counts.push(0);
      return names.length - 1;
    },
    /** Pairs of which one is missing keep what was learnt of them. */
    learn: (members: readonly Member[]): void => {
      for (const { place } of members) counts[place] = (counts[place] ?? 0) + 1;
      const known = Int32Array.from(members, ({ place }) => Math.min(over, counts[place] ?? 1));
      const places = Int32Array.from(members, ({ place }) => place);
      const errors = Float64Array.from(members, ({ place, value }) => value - (means[place] ?? 0));
      for (let one = 0; one < places.length; one += 1) {
        const row = (places[one] ?? 0) * MAX_TOGETHER;
        for (let other = 0; other < places.length; other += 1) {
          const pair = row + (places[other] ?? 0);
          const weight = 1 / Math.min(known[one] ?? 1, known[other] ?? 1);
          const product = (errors[one] ?? 0) * (errors[other] ?? 0);
          covariances[pair] = (1 - weight) * ((covariances[pair] ?? 0) + weight * product);
        }
      }
      for (const [at, { place }] of members.entries())
        means[place] = (means[place] ?? 0) + (errors[at] ?? 0) / (known[at] ?? 1);
    },
    save: (): ReadonlyMap<string, unknown> =>
      new Map(
        names.map((name, place) => {
          const covariancesOf = names.map((other, beside) => [other, between(place, beside)]);
          return [name, { place, seen: counts[place] ?? 0, mean: means[place] ?? 0, with: covariancesOf }];
        }),
      ),
  };
};

/** See {@link createMoments}. */
export type Moments = ReturnType<typeof createMoments>;

/** A bucket in units of what each series usually varies by, about its mean, and how the series vary together. */
export const standardised = (members: readonly Member[], moments: Moments) => {
  const size = members.length;
  const spreads = Float64Array.from(members, ({ place }) =>
    spreadOf(Math.sqrt(moments.between(place, place)), moments.mean(place)),
  );
  const places = Int32Array.from(members, ({ place }) => place);
  const correlation = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const scale = (spreads[row] ?? 1) * (spreads[column] ?? 1);
      const related = moments.between(places[row] ?? 0, places[column] ?? 0) / scale;
      correlation[row * size + column] = row === column ? 1 : Math.max(-1, Math.min(1, related));
    }
  const standard = Float64Array.from(
    members,
    ({ place, value }, at) => (value - moments.mean(place)) / (spreads[at] ?? 1),
  );
  return { spreads, correlation, standard };
};

/** What each series of a bucket adds to a sum of one of them, the greatest first, whichever its sign; the one's own part names no series. */
export const partsOf = (members: readonly Member[], own: number, parts: (at: number) => number): readonly Weighed[] => {
  const sizes = new Float64Array(members.length);
  let all = 0;
  for (let at = 0; at < sizes.length; at += 1) {
    sizes[at] = Math.abs(parts(at));
    all += sizes[at] ?? 0;
  }
  const heaviest = Uint32Array.from(sizes.keys()).toSorted((one, other) => (sizes[other] ?? 0) - (sizes[one] ?? 0));
  return Array.from(heaviest.subarray(0, MAX_WEIGHED)).flatMap((at): readonly Weighed[] => {
    const member = members[at];
    if (member === undefined) return [];
    const weighed = { atMs: member.observation.atMs, share: all > 0 ? (sizes[at] ?? 0) / all : 1 / sizes.length };
    return [at === own ? weighed : { ...weighed, series: member.name }];
  });
};
