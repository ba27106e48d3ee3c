import { columnsOf } from "../arithmetic.ts";
import type { ExactSpan, Measure } from "../measures.ts";
import type { OlapQuery } from "../query.ts";

/** Between which powers of two the numbers lie that the measure at a place adds up. */
export interface SummedSpan extends ExactSpan {
  readonly index: number;
}

/** The places of measures, and of those that they are computed with. */
const withParts = (indexes: readonly number[], all: readonly Measure[]): readonly number[] =>
  indexes.flatMap((index) => {
    const formula = all[index]?.formula;
    return formula?.kind === "FORMULA" ? [index, ...withParts(columnsOf(formula.of), all)] : [index];
  });

/** The places of the measures that decide which rows a page holds: what rows are ordered by, and what they are tested by. */
const decidingPlaces = ({ query, orderBy, having }: Pick<OlapQuery, "query" | "orderBy" | "having">) => {
  const ordered = orderBy.flatMap(({ place }) => (place.kind === "MEASURE" ? [place.index] : []));
  return new Set(withParts([...ordered, ...having.map(({ index }) => index)], query.measures));
};

const addsProperties = ({ formula }: Measure): boolean =>
  (formula.kind === "SUM" || formula.kind === "AVG") && formula.of.kind === "PROPERTY";

/** The places of sums and means of floating-point numbers that decide which rows a page holds: added up in another order they would come out otherwise. */
export const summedPlaces = (asked: Pick<OlapQuery, "query" | "orderBy" | "having">): readonly number[] => {
  const deciding = decidingPlaces(asked);
  return asked.query.measures.flatMap((measure, index) =>
    deciding.has(index) && addsProperties(measure) ? [index] : [],
  );
};

const steady = (measure: Measure, span: ExactSpan | undefined): Measure => {
  const { formula } = measure;
  if (formula.kind === "QUANTILE") return { ...measure, formula: { ...formula, exact: true } };
  if ((formula.kind === "SUM" || formula.kind === "AVG") && span !== undefined)
    return { ...measure, formula: { ...formula, exactly: { lowest: span.lowest, highest: span.highest } } };
  return measure;
};

/**
 * The same question with measures that come out the same whenever the same events are read, wherever they decide which rows a page holds: sums of
 * floating-point numbers are added up exactly, quantiles are taken of the numbers themselves and not of a digest. Others are what they were.
 */
export const steadied = <Asked extends Pick<OlapQuery, "query" | "orderBy" | "having">>(
  asked: Asked,
  spans: readonly SummedSpan[],
): Asked => {
  const deciding = decidingPlaces(asked);
  const measures = asked.query.measures.map((measure, index) =>
    deciding.has(index)
      ? steady(
          measure,
          spans.find((span) => span.index === index),
        )
      : measure,
  );
  return { ...asked, query: { ...asked.query, measures } };
};
