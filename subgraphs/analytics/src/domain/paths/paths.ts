import { DAY_MS } from "../duration.ts";
import type { AnalysisUnit } from "../analysis-unit.ts";
import type { AskedSample } from "../asked-sample.ts";
import type { EventMatcher } from "../event-matcher.ts";
import type { Field } from "../field.ts";
import type { TimeRange } from "../time-range.ts";
import type { PathBehind } from "./path-cell.ts";
import type { PathsApart } from "./told-apart.ts";

/** Which occurrences of an anchor begin a path, as in the SDL. */
export type PathOccurrence = "FIRST" | "ANY";
/** Whether steps of one label in a row are one, as in the SDL. */
export type PathRepeats = "COLLAPSE" | "KEEP";
/** Whether a path may come back to a label, as in the SDL. */
export type PathLoops = "KEEP" | "CUT";

/** A rule that gives several values one label: the pattern in RE2, and the label in parts, numbers being places of captures. */
export interface LabelRule {
  readonly pattern: string;
  readonly template: readonly (string | number)[];
}

/** Which events an end of the paths is: those a matcher passes, or those of a label; null of both for any step. */
export interface PathAnchor {
  readonly matcher: EventMatcher | null;
  readonly label: string | null;
}

/** What the store needs to know to mark and label events. */
export interface PathEvents {
  readonly range: TimeRange;
  readonly unit: AnalysisUnit;
  /** Any of which makes a step. */
  readonly steps: readonly EventMatcher[];
  /** None of which makes a step. */
  readonly excluded: readonly EventMatcher[];
  readonly labels: readonly Field[];
  readonly rules: readonly LabelRule[];
  readonly start: PathAnchor | null;
  readonly end: PathAnchor | null;
  readonly goal: EventMatcher | null;
  readonly occurrence: PathOccurrence;
  readonly repeats: PathRepeats;
  readonly maxDepth: number;
  /** The number that is told apart by fields of the steps it counts; null for none. */
  readonly apart: PathsApart | null;
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
  /** Part of the persons that is looked at; 1 for all, and until it is known. */
  readonly sample: number;
}

/** A validated question to `paths`; the meaning of each part is in docs/paths.md. */
export interface PathsQuestion extends PathEvents {
  readonly timeZone: string;
  readonly loops: PathLoops;
  /** Longest time between an event of a path and the next, in milliseconds; null for any. */
  readonly gapMs: number | null;
  /** Longest time from the first event of a path to each other, in milliseconds; null for any. */
  readonly windowMs: number | null;
  /** Longest time from a path's earliest event to the goal, in milliseconds; null for any. */
  readonly goalWithinMs: number | null;
  /** Nodes shown of each depth at most, "others" not counted. */
  readonly maxNodes: number;
  /** Paths a link must have to be shown. */
  readonly minLink: number;
  /** Whole paths shown at most; 0 for none. */
  readonly topPaths: number;
  /** The number whose paths are listed; null for none. */
  readonly behind: PathBehind | null;
}

/** Bounds of a question to `paths`: what a person reads off a picture is far below, and each rule costs a pass over the labels. */
export const PATH_LIMITS = {
  depth: 20,
  nodes: 50,
  matchers: 20,
  exclusions: 20,
  labelFields: 3,
  rules: 50,
  ruleCharacters: 20_000,
  topPaths: 200,
  minLink: 1_000_000,
  /** Characters of a label; what comes after is cut, so that a picture's words stay words. */
  labelCharacters: 256,
  /** Captures a label may name: `$1` to `$9`. */
  captures: 9,
  /** Steps of all paths together that are told: each is held in 12 bytes until all are known. */
  toldSteps: 20_000_000,
  /** Events of one unit: a person does not do as many, a robot may; what it did first is looked at. */
  unitEvents: 50_000,
  /** Labels known by name, those of most events: they travel once and are held while an answer is made. */
  namedLabels: 20_000,
  /** Labels that the store looks up by the value they are: as many as names of events there usually are. */
  valueLabels: 200,
  /** Labels that travel as a number of a few digits; the names of the rest are as long as a hash. */
  shortLabels: 1_000,
  /** Distinct whole paths, when the most frequent are asked for: each is held until the end. */
  distinctPaths: 500_000,
  durationMs: 3_660 * DAY_MS,
} as const;

/** Label of events that carry nothing of what labels them. */
export const NO_LABEL = "(none)";
/** What stands between the values of several fields in a label. */
export const LABEL_SEPARATOR = " · ";

/** Bits of an event's mark. */
export const PATH_MARKS = { STEP: 1, START: 2, END: 4, GOAL: 8 } as const;

/** Whether a unit has one path, whose events the store can tell: from one anchor on, as far as it is told. */
export const hasOnePath = ({ occurrence, start, end, goal }: PathEvents): boolean =>
  occurrence === "FIRST" && (start === null || end === null) && goal === null;

/** Which way paths are followed from where they are anchored: back from an end alone, else onward. */
export const isBackward = ({ start, end }: Pick<PathEvents, "start" | "end">): boolean =>
  start === null && end !== null;
