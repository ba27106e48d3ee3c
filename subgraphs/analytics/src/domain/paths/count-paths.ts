import type { EventMatcher } from "../event-matcher.ts";
import type { Field } from "../field.ts";
import { layOutFlows, scaledPaths, type LabelNames } from "./lay-out-flows.ts";
import { layOutTopPaths } from "./lay-out-top-paths.ts";
import { eachPathUnit, type PathColumns } from "./path-columns.ts";
import { createPathTally, type KeptPaths } from "./path-tally.ts";
import type { PathsAnswer } from "./paths-answer.ts";
import { pathsApart } from "./paths-apart.ts";
import type { PathsToldApart } from "./told-apart.ts";
import { pathsBehind } from "./paths-behind.ts";
import type { PathsBehind } from "./path-cell.ts";
import { isBackward, PATH_LIMITS, type PathAnchor, type PathsQuestion } from "./paths.ts";

/** What is to be counted of paths: plain data throughout. */
export interface PathTask {
  readonly question: PathsQuestion;
  /** Names of labels by the codes they travel as. */
  readonly names: LabelNames;
}

/** An answer to `paths` but for where it comes from. */
export interface PathParts extends Omit<PathsAnswer, "provenance"> {
  /** Units of the sample that have a path, not scaled. */
  readonly unitsInSample: number;
  /** What is listed of a number; null where nothing is. */
  readonly behind: PathsBehind | null;
  /** A number by the values of its steps; null where it is not told apart. */
  readonly apart: PathsToldApart | null;
}

const named = ({ name }: Field): Field => ({ kind: "PROPERTY", name, path: "" });
const ANY: EventMatcher = { names: [], filter: null };
const ANY_STEP: PathAnchor = { matcher: null, label: null };

/** What is to be counted of a question whose events the store labels and marks, so that nothing of what they must pass is left. */
export const pathTask = (question: PathsQuestion, names: LabelNames): PathTask => ({
  names,
  question: {
    ...question,
    ...{ unit: { kind: "PERSON" }, steps: [], excluded: [], labels: [], rules: [] },
    start: question.start === null ? null : ANY_STEP,
    end: question.end === null ? null : ANY_STEP,
    goal: question.goal === null ? null : ANY,
    apart: question.apart === null ? null : { ...question.apart, fields: question.apart.fields.map(named) },
  },
});

const totalsOf = (question: PathsQuestion, kept: KeptPaths) => {
  const paths = kept.starts.length - 1;
  const converted = kept.converted.reduce((sum, one) => sum + one, 0);
  return {
    paths: scaledPaths(question, paths),
    units: scaledPaths(question, kept.units),
    unreached: scaledPaths(question, kept.unreached),
    converted: question.goal === null ? null : scaledPaths(question, converted),
    conversion: question.goal === null || paths === 0 ? null : converted / paths,
    cutUnits: kept.cutUnits,
  };
};

/** Counts the paths of units slice by slice. */
export interface PathCount {
  readonly add: (columns: PathColumns) => void;
  readonly parts: () => PathParts;
}

/** Makes the count of a question to `paths`, by docs/paths.md. */
export const createPathCount = ({ question, names }: PathTask): PathCount => {
  const tally = createPathTally(question);
  return {
    add: (columns) => eachPathUnit(columns, PATH_LIMITS.unitEvents, tally.add),
    parts: () => {
      const kept = tally.result();
      return {
        ...layOutFlows(question, kept, names),
        ...layOutTopPaths(question, kept, names, isBackward(question)),
        ...totalsOf(question, kept),
        unitsInSample: kept.units,
        behind: pathsBehind(question, kept, names),
        apart: pathsApart(question, kept, names),
      };
    },
  };
};
