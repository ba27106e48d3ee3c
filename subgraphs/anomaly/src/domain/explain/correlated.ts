import { benjaminiHochberg } from "@tessera/platform/statistics/multiple-tests";
import type { Window } from "../evaluation.ts";
import type { KeptBucket } from "../rules/series.ts";
import { matchShapes, type Deviations, type ShapeMatch } from "./shape.ts";

/** An episode with what it is compared by. */
export interface EpisodeSeen<Of> {
  readonly of: Of;
  /** The bucket it began with. */
  readonly onset: Window;
  /** From its first bucket to the end of the last that showed it. */
  readonly span: Window;
  readonly labels: Readonly<Record<string, string>>;
  /** Judged buckets around it, oldest first. */
  readonly course: readonly KeptBucket[];
}

/** Another episode, with how much speaks for it having to do with this one. */
export interface CorrelatedEpisode<Of> {
  readonly of: Of;
  /** 0 to 1: the parts, weighed. */
  readonly score: number;
  /** From this onset to the other's, milliseconds; negative: the other came first. */
  readonly onsetDistanceMs: number;
  /** Share of the time of both episodes that is common to them. */
  readonly overlap: number;
  readonly sharedLabels: readonly string[];
  /** How alike the two series deviate; null where their buckets are not as wide, or too few. Its chance is corrected for all episodes that were looked at. */
  readonly shape: ShapeMatch | null;
}

/** What each part counts in a score: when it began most, since causes show in their order. */
export const WEIGHTS = { onset: 0.4, shape: 0.3, overlap: 0.2, labels: 0.1 } as const;
/** A likeness of shapes counts from this chance on. */
export const SIGNIFICANT_SHAPE = 0.05;
/** Buckets after which the closeness of two onsets has fallen to 1/e. */
const ONSET_BUCKETS = 3;

const widthOf = ({ fromMs, toMs }: Window): number => toMs - fromMs;

const overlapOf = (one: Window, other: Window): number => {
  const common = Math.min(one.toMs, other.toMs) - Math.max(one.fromMs, other.fromMs);
  const all = Math.max(one.toMs, other.toMs) - Math.min(one.fromMs, other.fromMs);
  return common <= 0 || all <= 0 ? 0 : common / all;
};

const pairsOf = (labels: Readonly<Record<string, string>>): ReadonlySet<string> =>
  new Set(Object.entries(labels).map(([name, value]) => JSON.stringify([name, value])));

/** How far the buckets of a course lie from what was expected, by their place on a grid; from the middle of all where nothing was expected. */
const deviationsOf = (course: readonly KeptBucket[], width: number): Deviations => {
  const known = course.flatMap(({ atMs, value, expected }) => (value === null ? [] : [{ atMs, value, expected }]));
  const foreseen = known.every(({ expected }) => expected !== null);
  const sorted = known.map(({ value }) => value).toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return new Map(
    known.map(({ atMs, value, expected }) => [
      Math.round(atMs / width),
      value - (foreseen ? (expected ?? middle) : middle),
    ]),
  );
};

const shapeOf = <Of>(subject: EpisodeSeen<Of>, other: EpisodeSeen<Of>): ShapeMatch | null => {
  const [width, otherWidth] = [widthOf(subject.onset), widthOf(other.onset)];
  // A day of 23 or 25 hours is a bucket like one of 24.
  if (Math.abs(width - otherWidth) > width / 10) return null;
  return matchShapes(deviationsOf(subject.course, width), deviationsOf(other.course, width));
};

/**
 * Ranks other episodes by how much speaks for their having to do with one: how near to each other they began (e to the minus distance over 3 of the wider buckets), how alike their series deviate, at a shift
 * of up to 6 buckets (|r|, where its chance is at most 0.05 after Šidák over the shifts and Benjamini and Hochberg over the episodes), how much of their time is common, and how many of
 * their labels (Jaccard). The weights are {@link WEIGHTS}. A rank is no proof: episodes with one cause and no other link rank high as well, and are meant to.
 */
export const rankCorrelated = <Of>(
  subject: EpisodeSeen<Of>,
  others: readonly EpisodeSeen<Of>[],
): readonly CorrelatedEpisode<Of>[] => {
  const shapes = others.map((other) => shapeOf(subject, other));
  const tested = shapes.flatMap((shape, place) => (shape === null ? [] : [{ place, chance: shape.chance }]));
  const corrected = benjaminiHochberg(tested.map(({ chance }) => chance));
  const chanceAt = new Map(tested.map(({ place }, index) => [place, corrected[index] ?? 1]));
  const own = pairsOf(subject.labels);
  return others
    .map((other, place): CorrelatedEpisode<Of> => {
      const found = shapes[place] ?? null;
      const shape = found === null ? null : { ...found, chance: chanceAt.get(place) ?? 1 };
      const onsetDistanceMs = other.onset.fromMs - subject.onset.fromMs;
      const scale = ONSET_BUCKETS * Math.max(widthOf(subject.onset), widthOf(other.onset), 1);
      const overlap = overlapOf(subject.span, other.span);
      const theirs = pairsOf(other.labels);
      const shared = [...own].filter((pair) => theirs.has(pair));
      const all = own.size + theirs.size - shared.length;
      const alike = shape !== null && shape.chance <= SIGNIFICANT_SHAPE ? Math.abs(shape.correlation) : 0;
      const score =
        WEIGHTS.onset * Math.exp(-Math.abs(onsetDistanceMs) / scale) +
        WEIGHTS.shape * alike +
        WEIGHTS.overlap * overlap +
        WEIGHTS.labels * (all === 0 ? 0 : shared.length / all);
      const names = Object.keys(other.labels).filter((name) =>
        shared.includes(JSON.stringify([name, other.labels[name]])),
      );
      return { of: other.of, score, onsetDistanceMs, overlap, sharedLabels: names.toSorted(), shape };
    })
    .toSorted(
      (one, other) => other.score - one.score || Math.abs(one.onsetDistanceMs) - Math.abs(other.onsetDistanceMs),
    );
};
