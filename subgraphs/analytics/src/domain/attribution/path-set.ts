import type { PathGroup, PathSet, TimedShares } from "./paths.ts";

/** A path whose steps are labels, with what came of its journeys. */
export interface LabelledPath extends Omit<PathGroup, "steps"> {
  readonly steps: readonly string[];
}

/** Labels told apart in one answer; the models' work grows with them. */
export const MAX_LABELS = 100;
/** Label of all that are not told apart. */
export const OTHER_LABELS = "(other)";

const commonestFirst = (paths: readonly LabelledPath[]): readonly string[] => {
  const touches = new Map<string, number>();
  for (const { steps, conversions, losses } of paths)
    for (const step of steps) touches.set(step, (touches.get(step) ?? 0) + conversions + losses);
  return [...touches]
    .toSorted(([one, ofOne], [other, ofOther]) => ofOther - ofOne || (one < other ? -1 : 1))
    .map(([label]) => label);
};

const added = (one: readonly number[], other: readonly number[]): readonly number[] =>
  one.map((number, place) => number + (other[place] ?? 0));

const addedShares = (one: readonly TimedShares[], other: readonly TimedShares[]): readonly TimedShares[] =>
  one.map((shares, place) => ({
    conversions: added(shares.conversions, other[place]?.conversions ?? []),
    value: added(shares.value, other[place]?.value ?? []),
  }));

const merged = (one: PathGroup, other: PathGroup): PathGroup => ({
  steps: one.steps,
  conversions: one.conversions + other.conversions,
  value: one.value + other.value,
  valueSquares: one.valueSquares + other.valueSquares,
  losses: one.losses + other.losses,
  toConvertMs: one.toConvertMs + other.toConvertMs,
  timed: addedShares(one.timed, other.timed),
});

/** Gives labels their places, commonest first; those beyond {@link MAX_LABELS} become one, and paths that thereby are the same are put together. */
export const toPathSet = (paths: readonly LabelledPath[]): PathSet => {
  const all = commonestFirst(paths);
  const labels = all.length <= MAX_LABELS ? all : [...all.slice(0, MAX_LABELS - 1), OTHER_LABELS];
  const places = new Map(labels.map((label, place) => [label, place]));
  const groups = new Map<string, PathGroup>();
  for (const path of paths) {
    const steps = path.steps.map((step) => places.get(step) ?? labels.length - 1);
    const group = { ...path, steps };
    const key = steps.join();
    const known = groups.get(key);
    groups.set(key, known === undefined ? group : merged(known, group));
  }
  return { labels, groups: [...groups.values()] };
};
