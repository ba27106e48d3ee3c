import { refuse } from "@tessera/platform/errors/refusal";
import type { AbsoluteRange } from "../asked-range.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { FilterInput } from "../filter-input.ts";
import { TIME_COLUMN } from "../query.ts";
import type { AskedOlap } from "./asked-question.ts";
import { granularityOf, TIME_HIERARCHY, type Hierarchy } from "./hierarchy.ts";

/** Which way an answer is moved along a hierarchy. */
export type Direction = "FINER" | "COARSER";

/** A level and the one beside it; null beyond the coarsest, where there is one group of everything. */
export interface Step {
  readonly from: string;
  readonly to: string | null;
}

/** A cell that is drilled into: its range, and its values of the question's dimensions, null where they are missing. */
export interface DrilledCell {
  readonly range: AbsoluteRange;
  readonly values: readonly (string | null)[];
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The level of a question that is moved: the granularity of its buckets for `time`, else one of its dimensions. Refuses with BAD_INPUT what it does not group by. */
export const levelOf = (by: string, { dimensions = [], granularity = "NONE" }: AskedOlap, where: string): string => {
  if (by === TIME_HIERARCHY) {
    if (granularity === "NONE") throw bad(where, "The question has no buckets: take a `granularity`.");
    return granularity;
  }
  if (!dimensions.includes(by))
    throw bad(where, `The question does not group by \`${by}\`.${didYouMean(by, [...dimensions, TIME_HIERARCHY])}`);
  return by;
};

/** The level beside one; refuses with BAD_INPUT to go beyond the finest. */
export const stepFrom = (from: string, { name, levels }: Hierarchy, direction: Direction, where: string): Step => {
  const to = levels[levels.indexOf(from) + (direction === "FINER" ? 1 : -1)] ?? null;
  if (to === null && direction === "FINER")
    throw bad(where, `\`${from}\` is the finest level of \`${name}\`: ${levels.join(" > ")}.`);
  return { from, to };
};

/** Column names after a step: the level gives way to the one beside it, unless that stands there already. */
const renamed = (names: readonly string[], { from, to }: Step): readonly string[] =>
  to === null || names.includes(to)
    ? names.filter((name) => name !== from)
    : names.map((name) => (name === from ? to : name));

const moved = (asked: AskedOlap, step: Step): AskedOlap => {
  if (granularityOf(step.from) !== null)
    return { ...asked, granularity: (step.to === null ? null : granularityOf(step.to)) ?? "NONE" };
  return { ...asked, dimensions: renamed(asked.dimensions ?? [], step) };
};

/** What rows are split by into columns, without what makes rows now. */
const pivotBeside = ({ pivot = null }: AskedOlap, dimensions: readonly string[]): AskedOlap["pivot"] => {
  const by = pivot?.by ?? [];
  const left = by.filter((name) => !dimensions.includes(name));
  return pivot === null || (by.length > 0 && left.length === 0) ? null : { ...pivot, by: left };
};

/** The parts of a question that name columns, after some have changed: what names a column that is gone goes too. */
const withColumns = (asked: AskedOlap, before: AskedOlap, step: Step): AskedOlap => {
  const { orderBy = [], subtotals = [], dimensions = [], granularity = "NONE" } = asked;
  const columns = [...(granularity === "NONE" ? [] : [TIME_COLUMN]), ...dimensions];
  const gone = [...(before.dimensions ?? []), TIME_COLUMN].filter((name) => !columns.includes(name));
  const seen = new Set<string>();
  const ordered = orderBy.flatMap((one) => {
    const column = renamed([one.column], step)[0];
    if (column === undefined || gone.includes(column) || seen.has(column)) return [];
    seen.add(column);
    return [{ ...one, column }];
  });
  const coarser = subtotals
    .map((names) => renamed(names, step).filter((name) => columns.includes(name)))
    .filter((names) => names.length > 0 && names.length < columns.length);
  return {
    ...asked,
    orderBy: ordered,
    subtotals: coarser,
    others: (asked.others ?? false) && granularity === "NONE" && dimensions.length > 0,
    fill: granularity === "NONE" ? "NONE" : (asked.fill ?? "NONE"),
    pivot: pivotBeside(asked, dimensions),
  };
};

const within = (asked: AskedOlap, { range, values }: DrilledCell): AskedOlap => {
  const tests = (asked.dimensions ?? []).map((field, index): FilterInput => {
    const value = values[index] ?? null;
    return value === null ? { field, exists: false } : { field, eq: value };
  });
  const { filter = null } = asked;
  const all = [...(filter === null ? [] : [filter]), ...tests];
  const [first] = all;
  return { ...asked, range, ...(first === undefined ? {} : { filter: all.length === 1 ? first : { and: all } }) };
};

/** The question one level finer or coarser, of the events of a cell alone if one is given. Everything else of it stays as far as its columns do. */
export const steppedQuestion = (asked: AskedOlap, step: Step, cell: DrilledCell | null): AskedOlap =>
  withColumns(moved(cell === null ? asked : within(asked, cell), step), asked, step);
