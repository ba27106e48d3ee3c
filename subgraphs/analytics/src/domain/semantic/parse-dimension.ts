import type { FieldAccess } from "../fields.ts";
import { definitionName, describe, type DimensionContent } from "./definition.ts";
import type { DimensionExpression } from "./dimension-expression.ts";
import { parseMetricFormat, type MetricFormatInput } from "./metric-format.ts";
import { writtenName } from "./own-name.ts";
import { parseExpression, plainExpression } from "./parse-expression.ts";

/** A dimension to be, as the graph delivers it. */
export interface DefineDimensionInput {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly format?: MetricFormatInput | null | undefined;
  readonly expression: DimensionExpression;
  readonly expectedVersion?: number | null | undefined;
}

/** Reads a dimension; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseDimension = (
  input: DefineDimensionInput,
  access: FieldAccess,
): { readonly name: string; readonly content: DimensionContent } => {
  const name = definitionName(input.name);
  parseExpression(input.expression, writtenName(name), "input.expression", access);
  const format = input.format === null || input.format === undefined ? null : parseMetricFormat(input.format);
  return { name, content: { ...describe(name, input), format, expression: plainExpression(input.expression) } };
};
