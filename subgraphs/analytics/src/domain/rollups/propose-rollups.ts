import { GRAIN_MS, MAX_ROWS_PER_BUCKET } from "./rollup.ts";
import { DAY_MS } from "../duration.ts";
import { isRollup, joinedShape, type AskedShape } from "./asked-shape.ts";

/** Questions of one shape that were asked: how often, what they read in all, and days of events they were about in all. */
export interface AskedShapes {
  readonly shape: AskedShape;
  readonly questions: number;
  readonly rowsRead: number;
  readonly daysAsked: number;
}

/** A rollup that could be, with the rows a day of events would have in it. */
export interface SizedShape {
  readonly shape: AskedShape;
  readonly rowsPerDay: number;
}

/** A rollup that would have saved rows. */
export interface Proposal extends SizedShape {
  readonly questions: number;
  readonly rowsRead: number;
  readonly rowsSaved: number;
}

/** Shapes whose joins are looked at: those that read the most. */
const MAX_JOINED = 10;
/** Rollups that are measured at a time: each is a column of one statement. */
export const MAX_CANDIDATES = 48;

const keyOf = (shape: AskedShape): string => JSON.stringify(shape);
const includes = (all: readonly unknown[], some: readonly unknown[]): boolean => {
  const known = new Set(all.map((one) => JSON.stringify(one)));
  return some.every((one) => known.has(JSON.stringify(one)));
};

/** Whether a rollup of one shape answers questions of another: the order of the lattice. */
export const answers = (rollup: AskedShape, asked: AskedShape): boolean =>
  includes(rollup.dimensions, asked.dimensions) &&
  includes(rollup.measures, asked.measures) &&
  GRAIN_MS[asked.grain] % GRAIN_MS[rollup.grain] === 0;

/** Rollups worth measuring: what was asked, and joins of two that were asked most; those that read the most first. */
export const candidatesOf = (asked: readonly AskedShapes[]): readonly AskedShape[] => {
  const most = asked.toSorted((one, other) => other.rowsRead - one.rowsRead);
  const top = most.slice(0, MAX_JOINED).map(({ shape }) => shape);
  const joins = top.flatMap((one, place) => top.slice(place + 1).map((other) => joinedShape(one, other)));
  const all = new Map([...most.map(({ shape }) => shape), ...joins].map((shape) => [keyOf(shape), shape]));
  return [...all.values()].filter(isRollup).slice(0, MAX_CANDIDATES);
};

interface Cost {
  readonly asked: AskedShapes;
  rows: number;
}

const benefitOf = (
  costs: readonly Cost[],
  { shape, rowsPerDay }: SizedShape,
): { rows: number; of: readonly Cost[] } => {
  const of = costs.filter(({ asked, rows }) => rowsPerDay * asked.daysAsked < rows && answers(shape, asked.shape));
  return { rows: of.reduce((sum, { asked, rows }) => sum + rows - rowsPerDay * asked.daysAsked, 0), of };
};

const tooMany = ({ shape, rowsPerDay }: SizedShape): boolean =>
  rowsPerDay / (DAY_MS / GRAIN_MS[shape.grain]) > MAX_ROWS_PER_BUCKET;

/**
 * Chooses rollups one by one, each time the one that saves the most rows beside those chosen before: the greedy algorithm of Harinarayan, Rajaraman and Ullman ("Implementing data cubes
 * efficiently", 1996), with its linear cost model and the questions weighed by how often they were asked. It saves at least 63 % of what the best choice of as many would.
 */
export const proposeRollups = (
  asked: readonly AskedShapes[],
  candidates: readonly SizedShape[],
  first: number,
): readonly Proposal[] => {
  const costs: readonly Cost[] = asked.map((one) => ({ asked: one, rows: one.rowsRead }));
  const left = new Set(candidates.filter((one) => !tooMany(one)));
  const proposals: Proposal[] = [];
  while (proposals.length < first) {
    const [best] = [...left]
      .map((candidate) => ({ candidate, benefit: benefitOf(costs, candidate) }))
      .toSorted((one, other) => other.benefit.rows - one.benefit.rows);
    if (best === undefined || best.benefit.rows <= 0) break;
    const { candidate, benefit } = best;
    proposals.push({
      ...candidate,
      questions: benefit.of.reduce((sum, one) => sum + one.asked.questions, 0),
      rowsRead: benefit.of.reduce((sum, { rows }) => sum + rows, 0),
      rowsSaved: benefit.rows,
    });
    for (const cost of benefit.of) cost.rows = candidate.rowsPerDay * cost.asked.daysAsked;
    left.delete(candidate);
  }
  return proposals;
};
