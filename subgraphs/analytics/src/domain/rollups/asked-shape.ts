import { Refusal } from "@tessera/platform/errors/refusal";
import { basesOf, sentName } from "../fields.ts";
import type { Field } from "../field.ts";
import { asksPeople, fieldsOf, onlyValueOf } from "../filter.ts";
import type { Measure, NumberSource } from "../measures.ts";
import { tellsHand } from "../planner.ts";
import type { AnalyticQuery } from "../query.ts";
import { wholeSteps } from "../time-range.ts";
import { compileRollup } from "./compile-rollup.ts";
import { GRAIN_MS, type RollupGrain, type RollupMeasureInput } from "./rollup.ts";

/** What a question asks, without the values it names: what a rollup must hold to answer it. */
export interface AskedShape {
  /** In alphabetical order. */
  readonly dimensions: readonly string[];
  readonly measures: readonly RollupMeasureInput[];
  /** The longest buckets that can answer it. */
  readonly grain: RollupGrain;
}

const GRAINS = ["DAY", "HOUR", "MINUTE"] as const satisfies readonly RollupGrain[];

const sourceOf = (of: NumberSource, query: AnalyticQuery): Omit<RollupMeasureInput, "function"> => {
  if (of.kind === "PROPERTY") return { of: of.field.name };
  const currency = of.currency ?? onlyValueOf(query.filter, "currency");
  return currency === null ? { of: "revenue" } : { of: "revenue", currency };
};

/** What a rollup holds of a measure; null when it needs nothing but the number of events, undefined when no rollup holds it. */
const heldOf = ({ formula, filter }: Measure, query: AnalyticQuery): RollupMeasureInput | null | undefined => {
  if (filter !== null) return undefined;
  switch (formula.kind) {
    case "COUNT":
    case "FORMULA":
      return null;
    case "UNIQUES":
      if (formula.exact) return undefined;
      return {
        function: "UNIQUES",
        of: formula.of.kind === "FIELD" ? formula.of.field.name : formula.of.kind.toLowerCase(),
      };
    case "QUANTILE":
      return formula.exact ? undefined : { function: "QUANTILES", ...sourceOf(formula.of, query) };
    case "SUM":
    case "AVG":
    case "MIN":
    case "MAX":
      // A rollup that holds one of them holds all.
      return { function: "SUM", ...sourceOf(formula.of, query) };
  }
};

const isClock = (field: Field): boolean => field.kind === "PART" && field.part.kind === "CLOCK";

const tells = (grain: RollupGrain, query: AnalyticQuery, fields: readonly Field[]): boolean => {
  const stepMs = GRAIN_MS[grain];
  const middle = wholeSteps(query.range, stepMs);
  if (middle === null) return false;
  const cut = query.buckets?.startsMs.some((ms) => ms > middle.fromMs && ms < middle.toMs && ms % stepMs !== 0);
  return (
    cut !== true &&
    fields.every(
      (field) => field.kind !== "PART" || field.part.kind !== "CLOCK" || tellsHand(stepMs, field.part, query.range),
    )
  );
};

const inOrder = (measures: readonly RollupMeasureInput[]): readonly RollupMeasureInput[] =>
  [...new Map(measures.map((one) => [JSON.stringify(one), one])).entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, measure]) => measure);

/** Two shapes as one, which answers what either does. */
export const joinedShape = (one: AskedShape, other: AskedShape): AskedShape => ({
  dimensions: [...new Set([...one.dimensions, ...other.dimensions])].toSorted(),
  measures: inOrder([...one.measures, ...other.measures]),
  grain: GRAIN_MS[one.grain] <= GRAIN_MS[other.grain] ? one.grain : other.grain,
});

/** Whether there can be a rollup of a shape. */
export const isRollup = (shape: AskedShape): boolean => {
  try {
    compileRollup({ ...shape, description: "", filter: null });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/** The shape of a question; null when no rollup could answer it. */
export const shapeOf = (query: AnalyticQuery): AskedShape | null => {
  if (asksPeople(query.filter)) return null;
  const fields = [...query.dimensions, ...fieldsOf(query.filter)].flatMap(basesOf);
  const grain = GRAINS.find((one) => tells(one, query, fields));
  if (grain === undefined) return null;
  const measures: RollupMeasureInput[] = [];
  for (const measure of query.measures) {
    const held = heldOf(measure, query);
    if (held === undefined) return null;
    if (held !== null) measures.push(held);
  }
  const names = fields.filter((field) => !isClock(field)).map(sentName);
  const shape = { dimensions: [...new Set(names)].toSorted(), measures: inOrder(measures), grain };
  return isRollup(shape) ? shape : null;
};
