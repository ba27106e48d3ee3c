import { refuse } from "@tessera/platform/errors/refusal";
import { namesInFormula } from "../arithmetic.ts";
import type { FieldAccess } from "../fields.ts";
import { parseMeasures, type MeasureInput } from "../measures.ts";
import { refusedWithin } from "../refused-within.ts";
import type { Metric } from "./definition.ts";

/** A metric as far as computing it goes. */
export type MetricFormula = Pick<Metric, "name"> & { readonly content: Pick<Metric["content"], "measure" | "formula"> };

/** Metrics on the way from one that is asked for down to a measure: definitions that people can follow are less deep. */
export const MAX_METRIC_DEPTH = 8;

const bad = (field: string, detail: string, path: readonly string[]): Error =>
  refuse("BAD_INPUT", detail, { field, path: path.join(" -> ") });

/** Names of the metrics a metric computes with, each once; none for a measure. */
export const metricsIn = (
  { content: { formula } }: Pick<MetricFormula, "content">,
  where: string,
): readonly string[] => (formula === null ? [] : namesInFormula(formula, where));

const measureOf = ({ name, content }: MetricFormula, shown: boolean): MeasureInput => {
  const own = { name, metric: shown ? "SHOWN" : "BASE" } as const;
  return content.measure === null
    ? { ...own, function: "FORMULA", exact: false, formula: content.formula }
    : { ...content.measure, ...own };
};

/**
 * The measures that metrics are, each after those it computes with, so that formulas find them by name; those that were not asked for are not shown.
 * Refuses with BAD_INPUT at `where`: cycles, with the path, and metrics more than {@link MAX_METRIC_DEPTH} deep.
 */
export const expandMetrics = (
  names: readonly string[],
  known: Pick<ReadonlyMap<string, MetricFormula>, "get">,
  where: string,
): readonly MeasureInput[] => {
  const asked = new Set(names);
  const measures = new Map<string, MeasureInput>();
  const visit = (name: string, way: readonly string[]): void => {
    const path = [...way, name];
    if (way.includes(name)) throw bad(where, `The metric computes with itself: ${path.join(" -> ")}.`, path);
    if (path.length > MAX_METRIC_DEPTH)
      throw bad(where, `Metrics are at most ${MAX_METRIC_DEPTH} deep: ${path.join(" -> ")}.`, path);
    if (measures.has(name)) return;
    const metric = known.get(name);
    if (metric === undefined) throw bad(where, `There is no metric \`${name}\`.`, path);
    for (const other of metricsIn(metric, where)) visit(other, path);
    measures.set(name, measureOf(metric, asked.has(name)));
  };
  for (const name of names) visit(name, []);
  return [...measures.values()];
};

/** Validates a metric with all it computes with, as a question would; refuses with BAD_INPUT, or FORBIDDEN for personal data. */
export const checkMetric = (
  name: string,
  known: Pick<ReadonlyMap<string, MetricFormula>, "get">,
  where: string,
  access: FieldAccess,
  // What a metric is made of stands nowhere in a question: what is wrong with it is told at its name.
  placeOf: (field: string) => string = () => where,
): void => {
  const measures = expandMetrics([name], known, where);
  try {
    parseMeasures(measures, where, access);
  } catch (error) {
    throw refusedWithin(error, placeOf);
  }
};
