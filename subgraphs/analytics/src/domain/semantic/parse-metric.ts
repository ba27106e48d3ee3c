import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { parseArithmetic, namesInFormula } from "../arithmetic.ts";
import type { FieldAccess } from "../fields.ts";
import { plainFilter } from "../filter-input.ts";
import { parseMeasures } from "../measures.ts";
import { definitionName, describe, type MetricContent } from "./definition.ts";
import { parseMetricFormat, type MetricFormatInput } from "./metric-format.ts";

/** A metric to be, as the graph delivers it. */
export interface DefineMetricInput {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly format?: MetricFormatInput | null | undefined;
  readonly measure?: MetricContent["measure"] | undefined;
  readonly formula?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

const given = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const checkMeasure = (measure: NonNullable<MetricContent["measure"]>, access: FieldAccess): void => {
  const where = "input.measure";
  if (measure.function === "FORMULA") throw bad(`${where}.function`, "A formula is given as `formula` of the metric.");
  if (measure.function === "QUANTILES" && measure.levels?.length !== 1)
    throw bad(`${where}.levels`, "A metric is one number: QUANTILES takes one level.");
  try {
    parseMeasures([{ ...measure, name: "metric", metric: "SHOWN" }], where, access);
  } catch (error) {
    throw withoutPlace(error, `${where}.0`, where);
  }
};

/** The same refusal, told of a part of the input by another name. */
const withoutPlace = (error: unknown, from: string, to: string): unknown => {
  if (!(error instanceof Refusal)) return error;
  const { field } = error.extras;
  if (field === undefined || !field.startsWith(from)) return error;
  return refuse(error.code, error.message, { ...error.extras, field: `${to}${field.slice(from.length)}` });
};

/** The measure as it is kept: nothing in it that says nothing. */
const plainMeasure = (measure: MetricContent["measure"]): MetricContent["measure"] => {
  if (measure === null) return null;
  const { function: kind, of, currency, levels, exact, filter } = measure;
  return {
    function: kind,
    ...(given(of) ? { of } : {}),
    ...(given(currency) ? { currency } : {}),
    ...(given(levels) ? { levels } : {}),
    ...(exact === undefined ? {} : { exact }),
    ...(given(filter) ? { filter: plainFilter(filter, "input.measure.filter") } : {}),
  };
};

/** Reads a metric as far as it stands alone; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseMetric = (
  input: DefineMetricInput,
  access: FieldAccess,
): { readonly name: string; readonly content: MetricContent } => {
  const name = definitionName(input.name);
  const [measure, formula] = [input.measure ?? null, input.formula ?? null];
  if ((measure === null) === (formula === null))
    throw bad("input", "A metric is either a `measure` or a `formula` over other metrics.");
  if (measure !== null) checkMeasure(measure, access);
  if (formula !== null) {
    const names = namesInFormula(formula, "input.formula");
    const columns = names.map((one) => ({ name: one, parts: 1 }));
    parseArithmetic(formula, columns, "input.formula");
  }
  const format = parseMetricFormat(input.format);
  return { name, content: { ...describe(name, input), format, measure: plainMeasure(measure), formula } };
};
