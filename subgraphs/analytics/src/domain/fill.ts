import { refuse } from "@tessera/platform/errors/refusal";
import { evaluateArithmetic } from "./arithmetic.ts";
import type { Buckets } from "./calendar.ts";
import { emptyCells, type Cell } from "./columns.ts";
import { formatDecimal, parseDecimal } from "./decimal.ts";
import type { Measure } from "./measures.ts";
import type { Group } from "./olap-answer.ts";
import type { AnalyticQuery, Fill, OlapInput, OlapQuery } from "./query.ts";

/** Rows that are looked at when empty buckets are filled, the dimensions' values times the buckets: they are held at once to be put in order. */
export const MAX_FILLED_ROWS = 50_000;

/** A group of an answer, and whether it was made for a bucket without events. */
export interface FilledGroup extends Group {
  readonly filled: boolean;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Validates how empty buckets are filled; null when they are left out. Refuses with BAD_INPUT. */
export const parseFill = ({ fill = "NONE" }: Pick<OlapInput, "fill">, { query, having }: OlapQuery) => {
  if (fill === "NONE") return null;
  if (query.buckets === null)
    throw bad("input.fill", "Buckets are filled, and the question has none: take a `granularity`.");
  if (having.length > 0)
    throw bad(
      "input.fill",
      "`having` leaves out buckets with events, which `fill` would tell as empty ones: take one of both.",
    );
  return fill;
};

const tooMany = (): Error =>
  refuse(
    "RESULT_TOO_LARGE",
    `The dimensions' values times the buckets are more than ${MAX_FILLED_ROWS.toLocaleString("en-US")} rows: take wider buckets, a shorter range or a narrower filter, or do without \`fill\`.`,
    { field: "input.fill", limit: MAX_FILLED_ROWS },
  );

/** Refuses with RESULT_TOO_LARGE what has more rows with its empty buckets than are looked at. */
export const refuseTooManyRows = ({ buckets }: AnalyticQuery, groups: readonly Group[], hasMore: boolean): void => {
  const lines = new Set(groups.map(({ dimensions }) => JSON.stringify(dimensions))).size;
  if (hasMore || lines * (buckets?.startsMs.length ?? 0) > MAX_FILLED_ROWS) throw tooMany();
};

/** The nearest known values of a measure beside a bucket: places of buckets, and what they hold. */
interface Known {
  readonly place: number;
  readonly cell: Cell;
}

/** A value between two known ones, in equal steps from bucket to bucket, as the measure's type writes it: whole numbers are rounded. */
const between = ({ type }: Measure, before: Known, after: Known, place: number): Cell => {
  const [steps, all] = [place - before.place, after.place - before.place];
  if (type === "DECIMAL") {
    const [low, high] = [parseDecimal(String(before.cell)), parseDecimal(String(after.cell))];
    const scaled = (high - low) * BigInt(steps) * 2n + BigInt(all);
    const down = scaled / BigInt(2 * all) - (scaled < 0n && scaled % BigInt(2 * all) !== 0n ? 1n : 0n);
    return formatDecimal(low + down);
  }
  const [low, high] = [Number(before.cell), Number(after.cell)];
  const value = low + ((high - low) * steps) / all;
  return type === "INTEGER" ? Math.round(value) : value;
};

/** What a measure that is no formula holds in each bucket of a line, by what it holds in those with events. */
const filledMeasure = (
  measure: Measure,
  known: readonly (Cell | undefined)[],
  fill: "PREVIOUS" | "LINEAR",
): readonly Cell[] => {
  const after: (Known | null)[] = Array.from({ length: known.length }, () => null);
  let next: Known | null = null;
  for (let place = known.length - 1; place >= 0; place -= 1) {
    const cell = known[place] ?? null;
    if (cell !== null) next = { place, cell };
    after[place] = next;
  }
  let before: Known | null = null;
  return known.map((cell, place) => {
    if (cell !== undefined && cell !== null) before = { place, cell };
    if (cell !== undefined || before === null) return cell ?? null;
    if (fill === "PREVIOUS") return before.cell;
    const following = after[place] ?? null;
    return following === null ? null : between(measure, before, following, place);
  });
};

const asNumber = (cell: Cell): number | null => (cell === null ? null : Number(cell));

/** The measures of every bucket of a line; formulas compute with what the measures before them hold there. */
const filledLine = (
  measures: readonly Measure[],
  known: readonly (readonly Cell[] | undefined)[],
  fill: Exclude<Fill, "NONE">,
): readonly (readonly Cell[])[] => {
  if (fill === "EMPTY") {
    const empty = emptyCells(measures);
    return known.map((cells) => cells ?? empty);
  }
  const columns = measures.map((measure, index) =>
    filledMeasure(
      measure,
      known.map((cells) => (cells === undefined ? undefined : (cells[index] ?? null))),
      fill,
    ),
  );
  return known.map((cells, place) => {
    if (cells !== undefined) return cells;
    const made: Cell[] = [];
    for (const [index, { formula }] of measures.entries())
      made.push(
        formula.kind === "FORMULA"
          ? evaluateArithmetic(formula.of, made.map(asNumber))
          : (columns[index]?.[place] ?? null),
      );
    return made;
  });
};

/** Adds a row for every bucket in which a line (a combination of dimensions) has no events; without dimensions there is always one line. */
export const fillGroups = (
  { measures, dimensions }: AnalyticQuery,
  { startsMs }: Buckets,
  groups: readonly Group[],
  fill: Exclude<Fill, "NONE">,
): readonly FilledGroup[] => {
  const lines = new Map<string, { dimensions: readonly Cell[]; buckets: Map<number, readonly Cell[]> }>();
  if (dimensions.length === 0) lines.set("[]", { dimensions: [], buckets: new Map() });
  for (const { bucketMs, dimensions: line, measures: cells } of groups) {
    const key = JSON.stringify(line);
    const found = lines.get(key) ?? { dimensions: line, buckets: new Map<number, readonly Cell[]>() };
    found.buckets.set(bucketMs ?? 0, cells);
    lines.set(key, found);
  }
  return [...lines.values()].flatMap(({ dimensions: line, buckets }) => {
    const known = startsMs.map((start) => buckets.get(start));
    return filledLine(measures, known, fill).map((cells, place) => ({
      bucketMs: startsMs[place] ?? 0,
      dimensions: line,
      measures: cells,
      filled: known[place] === undefined,
    }));
  });
};
