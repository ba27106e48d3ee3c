import type { TextColumn } from "../funnel/unit-columns.ts";
import { isBackward, PATH_MARKS, type PathsQuestion } from "./paths.ts";

/** A unit's events as the store gives them, in order; lists of equal length. */
export interface PathUnitRow {
  /** The two words of the unit's number. */
  readonly unitLow: number;
  readonly unitHigh: number;
  /** True when the unit had more events than are looked at. */
  readonly cut: boolean;
  /** Milliseconds from the start of the range. */
  readonly times: ArrayLike<number>;
  /** Codes of labels. */
  readonly codes: ArrayLike<number>;
  /** Bits of `PATH_MARKS`. */
  readonly marks: ArrayLike<number>;
  /** Values of each field that steps are told apart by. */
  readonly values: readonly TextColumn[];
}

/** A path as it is told: labels from where it is anchored, and what became of it. */
export interface FollowedPath {
  readonly codes: readonly number[];
  /** When each step was, as in the row. */
  readonly times: readonly number[];
  /** Where each step stands in the row. */
  readonly places: readonly number[];
  /** True when the path goes on past what is told: it is longer than told, or comes back to a label where loops are cut. */
  readonly goesOn: boolean;
  /** Whether the goal followed; false when none was asked for. */
  readonly converted: boolean;
}

/** The paths of a unit, and where in the row the beginnings stand that did not reach an end which had to be reached. */
export interface FollowedUnit {
  readonly paths: readonly FollowedPath[];
  readonly unreached: readonly number[];
}

/** A unit's steps in the direction they are followed. */
interface Walk {
  /** Places in the row. */
  readonly steps: readonly number[];
  readonly times: readonly number[];
  readonly codes: readonly number[];
  readonly begins: (place: number) => boolean;
  readonly ends: (place: number) => boolean;
}

interface Reached {
  readonly codes: number[];
  readonly times: number[];
  readonly places: number[];
  goesOn: boolean;
  reachedEnd: boolean;
  /** The first place that is no more of the path. */
  next: number;
}

const has = (mark: number | undefined, bit: number): boolean => ((mark ?? 0) & bit) !== 0;

/** Steps alone, looked at from where paths are anchored: backwards time runs the other way. */
const walkOf = (question: PathsQuestion, row: PathUnitRow): Walk => {
  const steps: number[] = [];
  for (let place = 0; place < row.marks.length; place += 1)
    if (has(row.marks[place], PATH_MARKS.STEP)) steps.push(place);
  const backward = isBackward(question);
  if (backward) steps.reverse();
  const anchor = backward ? PATH_MARKS.END : PATH_MARKS.START;
  const free = question.start === null && question.end === null;
  const toEnd = question.start !== null && question.end !== null;
  return {
    steps,
    times: steps.map((place) => row.times[place] ?? 0),
    codes: steps.map((place) => row.codes[place] ?? 0),
    begins: (step) => free || has(row.marks[steps[step] ?? -1], anchor),
    ends: (step) => toEnd && has(row.marks[steps[step] ?? -1], PATH_MARKS.END),
  };
};

/** Adds a step to what is told, unless it repeats the last one; where it can't be told the path goes on untold. */
const tell = (question: PathsQuestion, { steps, codes, times }: Walk, reached: Reached, step: number): void => {
  const code = codes[step] ?? 0;
  if (reached.goesOn || (question.repeats === "COLLAPSE" && reached.codes.at(-1) === code)) return;
  if (reached.codes.length === question.maxDepth || (question.loops === "CUT" && reached.codes.includes(code))) {
    reached.goesOn = true;
    return;
  }
  reached.codes.push(code);
  reached.times.push(times[step] ?? 0);
  reached.places.push(steps[step] ?? 0);
};

const follow = (question: PathsQuestion, walk: Walk, anchor: number): Reached => {
  const { steps, times, codes } = walk;
  const begun = times[anchor] ?? 0;
  const reached: Reached = {
    ...{ codes: [codes[anchor] ?? 0], times: [begun], places: [steps[anchor] ?? 0] },
    ...{ goesOn: false, reachedEnd: false, next: anchor + 1 },
  };
  const [gap, window] = [question.gapMs ?? Infinity, question.windowMs ?? Infinity];
  while (reached.next < times.length && !reached.reachedEnd) {
    const place = reached.next;
    const time = times[place] ?? 0;
    if (Math.abs(time - (times[place - 1] ?? 0)) > gap || Math.abs(time - begun) > window) break;
    tell(question, walk, reached, place);
    reached.reachedEnd = walk.ends(place);
    reached.next = place + 1;
  }
  return reached;
};

/** Whether the goal lies after a path's earliest event, near enough. */
const isConverted = (question: PathsQuestion, row: PathUnitRow, earliest: number): boolean => {
  if (question.goal === null) return false;
  const latest = earliest + (question.goalWithinMs ?? Infinity);
  for (let place = 0; place < row.marks.length; place += 1) {
    const time = row.times[place] ?? 0;
    if (time > latest) return false;
    if (time > earliest && has(row.marks[place], PATH_MARKS.GOAL)) return true;
  }
  return false;
};

/** Where a unit's paths are looked for from: of a single one followed back, from the first anchor in order of time, which comes last on the walk. */
const firstPlace = (question: PathsQuestion, walk: Walk): number => {
  if (question.occurrence === "ANY" || !isBackward(question)) return 0;
  const anchor = walk.steps.findLastIndex((_step, place) => walk.begins(place));
  return anchor < 0 ? walk.steps.length : anchor;
};

/** Finds the paths of one unit, by docs/paths.md. */
export const followUnit = (question: PathsQuestion, row: PathUnitRow): FollowedUnit => {
  const walk = walkOf(question, row);
  const mustReach = question.start !== null && question.end !== null;
  const paths: FollowedPath[] = [];
  const unreached: number[] = [];
  for (let place = firstPlace(question, walk); place < walk.times.length;) {
    if (!walk.begins(place)) {
      place += 1;
      continue;
    }
    const reached = follow(question, walk, place);
    const told = !mustReach || reached.reachedEnd;
    if (told) {
      const { codes, times, places, goesOn } = reached;
      paths.push({ codes, times, places, goesOn, converted: isConverted(question, row, Math.min(...times)) });
    } else unreached.push(walk.steps[place] ?? 0);
    if (question.occurrence === "FIRST") break;
    place = told ? reached.next : place + 1;
  }
  return { paths, unreached };
};
