import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { ChangeMeasure } from "../../domain/change/change-measure.ts";
import { heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import type { Breakdown, Element, Quantity, SliceMeasure, Values } from "../../domain/change/slice-measure.ts";
import type { ChangeStep } from "../../domain/change/step-effects.ts";
import { cellsOf, type Column } from "../../domain/columns.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap } from "../query-olap.ts";
import type { TakeApart } from "./search-slices.ts";

/** What measuring slices needs. */
export type TakeApartDeps = BudgetDeps & { readonly nowMs: NowMs };

/** What is taken apart: the events of a question, in a span of time beside others. */
export interface ChangeAsked {
  readonly caller: Caller;
  /** The question's own filter, and all else but range, groups and measures. */
  readonly question: Pick<OlapInput, "filter" | "timeZone" | "approximate" | "meanings">;
  readonly measure: ChangeMeasure;
  readonly span: TimeRange;
  readonly signal: AbortSignal | undefined;
}

/** Values of a dimension that are looked at, by how much they count during the change and before it. */
export const MAX_VALUES = 100;
/** Values that are read of a dimension: those that count in one span may count little in another. */
const MAX_READ = 1_000;
/** Questions of one explanation that are with the store at a time: a share of what one tenant may have there. */
const AT_ONCE = 4;
/** The column of a question that has no groups. */
const EMPTY: Column = { kind: "TEXT", name: "", role: "DIMENSION", texts: [] };
const NOTHING: Quantity = { value: 0, base: null, units: 0 };

/** One span's answer: the whole, and each value of the dimension. */
interface Read extends Values {
  readonly whole: Quantity;
}

const asNumber = (cell: string | number | boolean | null | undefined): number | null =>
  cell === null || cell === undefined || typeof cell === "boolean" ? null : Number(cell);

const rowReader = (columns: readonly Column[], measure: ChangeMeasure) => {
  const cells = new Map(
    columns.filter(({ role }) => role === "MEASURE").map((column) => [column.name, cellsOf(column)]),
  );
  return (row: number): Quantity => measure.quantityOf((name) => asNumber(cells.get(name)?.[row]));
};

const reader = (deps: TakeApartDeps, asked: ChangeAsked, provenances: Provenance[]) => {
  const { caller, question, measure, signal } = asked;
  return async (range: TimeRange, conditions: readonly SliceCondition[], dimension: string | null): Promise<Read> => {
    const input: OlapInput = {
      ...question,
      range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
      filter: heldTo(question.filter, conditions),
      measures: measure.measures,
      dimensions: dimension === null ? [] : [dimension],
      limit: MAX_READ,
    };
    const { columns, rowCount, totals, provenance } = await queryOlap(deps)(caller, input, signal);
    provenances.push(provenance);
    const at = rowReader(columns, measure);
    const names = cellsOf(columns.find(({ role }) => role === "DIMENSION") ?? EMPTY);
    const values = Array.from({ length: dimension === null ? 0 : rowCount }, (_, row) => {
      const name = names[row] ?? null;
      return [name === null ? null : String(name), at(row)] as const;
    });
    return { whole: rowReader(totals, measure)(0), values: new Map(values), cut: false };
  };
};

/** The values of a dimension as they are in the span of a change, then in those it is compared with: those that are known of all of them, the ones that count most. `base` is the whole's. */
export const breakdownOf = (dimension: string, spans: readonly Values[], base: number | null): Breakdown => {
  const [, ...compared] = spans;
  const all = new Set(spans.flatMap(({ values }) => [...values.keys()]));
  const known = [...all].filter((value) => spans.every(({ values, cut }) => !cut || values.has(value)));
  const of = (span: Values | undefined, value: string | null): Quantity =>
    span?.values.get(value) ?? { ...NOTHING, base: base === null ? null : 0 };
  const elements = known.map((value): Element => ({
    value,
    actual: of(spans[0], value),
    before: compared.map((span) => of(span, value)),
  }));
  const weight = ({ actual: now, before: then }: Element): number =>
    now.units + then.reduce((sum, { units }) => sum + units, 0) / Math.max(1, then.length);
  return {
    dimension,
    elements: elements.toSorted((one, other) => weight(other) - weight(one)).slice(0, MAX_VALUES),
  };
};

/** The whole of a change beside what it is compared with. */
export const wholeOf = ([actual, ...before]: readonly { readonly whole: Quantity }[]): SliceMeasure => ({
  actual: actual?.whole ?? NOTHING,
  before: before.map(({ whole }) => whole),
});

/** Reads a number whose change is explained. */
export interface ReadChange {
  /** What its quantities' numbers are multiplied by to be the number that was asked for. */
  readonly scale: number;
  /** The whole in each of some spans. */
  readonly whole: (spans: readonly TimeRange[]) => Promise<readonly Quantity[]>;
  /** Takes it apart, beside some spans. */
  readonly apart: (before: readonly TimeRange[]) => TakeApart;
  /** Which steps lost or won, beside some spans; none where it has none. */
  readonly steps: (before: readonly TimeRange[]) => Promise<readonly ChangeStep[]>;
}

/** Reads a question with rows of numbers: each dimension is read once for each span. */
export const readGrouped = (deps: TakeApartDeps, asked: ChangeAsked, provenances: Provenance[]): ReadChange => {
  const read = reader(deps, asked, provenances);
  return {
    scale: asked.measure.scale,
    whole: (spans) => eachOf(spans, AT_ONCE, async (span) => (await read(span, [], null)).whole),
    steps: () => Promise.resolve([]),
    apart: (before) => async (conditions, dimensions) => {
      const spans = [asked.span, ...before];
      const parts = dimensions.flatMap((dimension) => spans.map((span) => ({ dimension, span })));
      const reads = await eachOf(parts, AT_ONCE, ({ dimension, span }) => read(span, conditions, dimension));
      const breakdowns = dimensions.map((dimension, at) =>
        breakdownOf(dimension, reads.slice(at * spans.length, (at + 1) * spans.length), reads[0]?.whole.base ?? null),
      );
      return { whole: wholeOf(reads.slice(0, spans.length)), breakdowns };
    },
  };
};
