import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "./access-in.ts";
import type { FieldAccess } from "./fields.ts";
import type { FilterInput } from "./filter-input.ts";
import { parseFilter } from "./filter.ts";
import type { Condition } from "./field.ts";
import { numbersOf, type Measure } from "./measures.ts";
import { refuseDrawn } from "./asked-sample.ts";
import { parseOlap, parseOthers, type AnalyticQuery, type OlapInput, type OlapQuery } from "./query.ts";
import type { TimeRange } from "./time-range.ts";

/** A cell of an `olap` answer, as the graph delivers it. */
export interface CellInput {
  readonly dimensions?: readonly (string | null | undefined)[];
  readonly time?: string | null | undefined;
  readonly measure?: string | null | undefined;
  readonly others?: boolean;
}

/** Which events a cell was computed from. */
export interface CellEvents {
  readonly range: TimeRange;
  readonly filter: Condition | null;
  /** The question whose rows' groups are left out; null where the cell is one of them. */
  readonly beside: OlapQuery | null;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** What holds of the events of a group, by the value of one of its dimensions. */
const ofValue = (query: AnalyticQuery, value: string | null, index: number, access: FieldAccess): Condition | null => {
  const name = query.dimensions[index]?.name ?? "";
  const where = `cell.dimensions.${index}`;
  const field = query.dimensions[index];
  if (field?.kind === "COLUMN" && field.type === "LIST")
    throw bad(where, `\`${name}\` holds lists, which no filter tells apart: ask for events with a filter of your own.`);
  const test: FilterInput = value === null ? { field: name, exists: false } : { field: name, eq: value };
  return parseFilter(test, where, access);
};

/** What a measure computes over beside the question's filter: its own filter, and the number it needs. */
const ofMeasure = ({ filter, formula }: Measure, access: FieldAccess): readonly (Condition | null)[] => {
  const numbers = numbersOf(formula);
  if (numbers === null) return [filter];
  const field = numbers.kind === "REVENUE" ? "revenue" : numbers.field.name;
  const currency = numbers.kind === "REVENUE" ? numbers.currency : null;
  return [
    filter,
    parseFilter({ field, exists: true }, "cell.measure", access),
    currency === null ? null : parseFilter({ field: "currency", eq: currency }, "cell.measure", access),
  ];
};

const bucketOf = ({ range, buckets }: AnalyticQuery, time: string | null): TimeRange => {
  if (buckets === null || time === null) {
    if (time !== null) throw bad("cell.time", "The answer has no buckets: leave `time` out.");
    return range;
  }
  const place = buckets.startsMs.indexOf(Date.parse(time));
  if (place < 0)
    throw bad("cell.time", "`time` is the start of a bucket of the answer, as its column `time` shows it.");
  const [start, end] = [buckets.startsMs[place] ?? range.fromMs, buckets.startsMs[place + 1] ?? buckets.endMs];
  return { fromMs: Math.max(start, range.fromMs), toMs: Math.min(end, range.toMs) };
};

/** Reads which events a cell of a question's answer was computed from; refuses with BAD_INPUT or FORBIDDEN. */
export const parseCell = (input: OlapInput, cell: CellInput, caller: FieldAccess): CellEvents => {
  const access = accessIn(caller, input);
  const asked = parseOlap(input, access);
  const { query } = asked;
  const { dimensions = [], time = null, measure = null, others = false } = cell;
  if (others) {
    parseOthers({ ...input, others }, asked);
    refuseDrawn(input, "The events of what the limit left out are told of exact rows");
    if (dimensions.length > 0)
      throw bad("cell.dimensions", "What the limit left out is no group: leave `dimensions` out.");
  } else if (dimensions.length !== query.dimensions.length)
    throw bad(
      "cell.dimensions",
      `\`dimensions\` holds a value for each of the question's: ${query.dimensions.length}.`,
    );
  const found = measure === null ? null : query.measures.find(({ name }) => name === measure);
  if (found === undefined) throw bad("cell.measure", "The answer has no such measure.");
  const parts = [
    query.filter,
    ...dimensions.map((value, index) => ofValue(query, value ?? null, index, access)),
    ...(found === null ? [] : ofMeasure(found, access)),
  ].filter((part) => part !== null);
  return {
    ...{ range: bucketOf(query, time), filter: parts.length === 0 ? null : { kind: "AND", parts } },
    beside: others ? asked : null,
  };
};
