import type { Column } from "./columns.ts";
import { shownMeasures } from "./measures.ts";
import type { AnalyticQuery } from "./query.ts";

/** The standard errors of sampled measures, a column for each with one number per row. */
export const errorColumns = (
  { measures }: AnalyticQuery,
  rows: readonly (readonly (number | null)[])[],
): readonly Column[] =>
  shownMeasures(measures).map(([{ name }, index]) => ({
    name,
    role: "MEASURE",
    kind: "NUMBER",
    numbers: rows.map((errors) => errors[index] ?? null),
  }));
