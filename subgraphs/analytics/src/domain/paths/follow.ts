import type { TextColumn } from "../funnel/unit-columns.ts";
import { isBackward, PATH_MARKS, type PathsQuestion } from "./paths.ts";

/** A unit's events as the store gives them, in order: those from one place to before another of lists, which hold other units' as well. */
export interface PathUnitRow {
  readonly from: number;
  readonly to: number;
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
  /** Where each step stands in the lists. */
  readonly places: readonly number[];
  /** True when the path goes on past what is told: it is longer than told, or comes back to a label where loops are cut. */
  readonly goesOn: boolean;
  /** Whether the goal followed; false when none was asked for. */
  readonly converted: boolean;
}

/** The paths of a unit, and where in the lists the beginnings stand that did not reach an end which had to be reached. */
export interface FollowedUnit {
  readonly paths: readonly FollowedPath[];
  readonly unreached: readonly number[];
}

/** A unit's steps in the direction they are followed. */
interface Walk {
  readonly question: PathsQuestion;
  readonly row: PathUnitRow;
  /** Places in the lists. */
  readonly steps: readonly number[];
  /** The bit of where a path begins; null: anywhere. */
  readonly anchor: number | null;
  /** Whether a path ends at the first end it comes to. */
  readonly toEnd: boolean;
}

interface Reached {
  readonly codes: number[];
  readonly times: number[];
  readonly places: number[];
  goesOn: boolean;
  reachedEnd: boolean;
  /** The first step that is no more of the path. */
  next: number;
}

const has = (mark: number | undefined, bit: number): boolean => ((mark ?? 0) & bit) !== 0;

const timeAt = ({ row, steps }: Walk, step: number): number => row.times[steps[step] ?? -1] ?? 0;
const codeAt = ({ row, steps }: Walk, step: number): number => row.codes[steps[step] ?? -1] ?? 0;
const begins = ({ row, steps, anchor }: Walk, step: number): boolean =>
  anchor === null || has(row.marks[steps[step] ?? -1], anchor);
const ends = ({ row, steps, toEnd }: Walk, step: number): boolean =>
  toEnd && has(row.marks[steps[step] ?? -1], PATH_MARKS.END);

/** Steps alone, looked at from where paths are anchored: backwards time runs the other way. */
const walkOf = (question: PathsQuestion, row: PathUnitRow): Walk => {
  const steps: number[] = [];
  for (let place = row.from; place < row.to; place += 1) if (has(row.marks[place], PATH_MARKS.STEP)) steps.push(place);
  const backward = isBackward(question);
  if (backward) steps.reverse();
  const { start, end } = question;
  const anchor = start === null && end === null ? null : backward ? PATH_MARKS.END : PATH_MARKS.START;
  return { question, row, steps, anchor, toEnd: start !== null && end !== null };
};

/** Adds a step to what is told, unless it repeats the last one; where it can't be told the path goes on untold. */
const tell = (walk: Walk, reached: Reached, step: number): void => {
  const { repeats, maxDepth, loops } = walk.question;
  const code = codeAt(walk, step);
  if (reached.goesOn || (repeats === "COLLAPSE" && reached.codes.at(-1) === code)) return;
  if (reached.codes.length === maxDepth || (loops === "CUT" && reached.codes.includes(code))) {
    reached.goesOn = true;
    return;
  }
  reached.codes.push(code);
  reached.times.push(timeAt(walk, step));
  reached.places.push(walk.steps[step] ?? 0);
};

const follow = (walk: Walk, anchor: number): Reached => {
  const { question, steps } = walk;
  const begun = timeAt(walk, anchor);
  // In one piece: a path is made for nearly every unit, and putting an object together of parts costs more than following it.
  const reached: Reached = {
    codes: [codeAt(walk, anchor)],
    times: [begun],
    places: [steps[anchor] ?? 0],
    goesOn: false,
    reachedEnd: false,
    next: anchor + 1,
  };
  const [gap, window] = [question.gapMs ?? Infinity, question.windowMs ?? Infinity];
  let before = begun;
  while (reached.next < steps.length && !reached.reachedEnd) {
    const step = reached.next;
    const time = timeAt(walk, step);
    if (Math.abs(time - before) > gap || Math.abs(time - begun) > window) break;
    tell(walk, reached, step);
    reached.reachedEnd = ends(walk, step);
    reached.next = step + 1;
    before = time;
  }
  return reached;
};

/** Whether the goal lies after a path's earliest event, near enough. */
const isConverted = (question: PathsQuestion, row: PathUnitRow, times: readonly number[]): boolean => {
  if (question.goal === null) return false;
  const earliest = Math.min(...times);
  const latest = earliest + (question.goalWithinMs ?? Infinity);
  for (let place = row.from; place < row.to; place += 1) {
    const time = row.times[place] ?? 0;
    if (time > latest) return false;
    if (time > earliest && has(row.marks[place], PATH_MARKS.GOAL)) return true;
  }
  return false;
};

/** Where a unit's paths are looked for from: of a single one followed back, from the first anchor in order of time, which comes last on the walk. */
const firstStep = (question: PathsQuestion, walk: Walk): number => {
  if (question.occurrence === "ANY" || !isBackward(question)) return 0;
  const anchor = walk.steps.findLastIndex((_place, step) => begins(walk, step));
  return anchor < 0 ? walk.steps.length : anchor;
};

/** Finds the paths of one unit, by docs/paths.md. */
export const followUnit = (question: PathsQuestion, row: PathUnitRow): FollowedUnit => {
  const walk = walkOf(question, row);
  const mustReach = question.start !== null && question.end !== null;
  const paths: FollowedPath[] = [];
  const unreached: number[] = [];
  for (let step = firstStep(question, walk); step < walk.steps.length;) {
    if (!begins(walk, step)) {
      step += 1;
      continue;
    }
    const { codes, times, places, goesOn, reachedEnd, next } = follow(walk, step);
    const told = !mustReach || reachedEnd;
    if (told) paths.push({ codes, times, places, goesOn, converted: isConverted(question, row, times) });
    else unreached.push(walk.steps[step] ?? 0);
    if (question.occurrence === "FIRST") break;
    step = told ? next : step + 1;
  }
  return { paths, unreached };
};
