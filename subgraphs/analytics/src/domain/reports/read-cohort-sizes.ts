import { z } from "zod";
import { table } from "./read-behaviour.ts";
import { sourceShape } from "./read-columns.ts";
import type { AnswerParts } from "./section.ts";

const sizesShape = z.object({
  computations: z.array(
    z.object({
      ...{ asOfMs: z.number().transform((ms) => new Date(ms).toISOString()), version: z.number() },
      ...{ size: z.number(), entered: z.number(), left: z.number() },
    }),
  ),
});

const COLUMNS = [
  ["as of", "TIME"],
  ["people", "INTEGER"],
  ["entered", "INTEGER"],
  ["left", "INTEGER"],
  ["version", "INTEGER"],
] as const;

/** Reads an answer of `cohortSizes`: the size over time, and each computation as a row. */
export const readCohortSizes = (answer: unknown): AnswerParts => {
  const { computations } = sizesShape.parse(answer);
  return {
    tables: [
      table(
        "",
        COLUMNS,
        computations.map(({ asOfMs, size, entered, left, version }) => [asOfMs, size, entered, left, version]),
      ),
    ],
    shape: {
      ...{ kind: "SERIES", timed: true, format: null, categories: computations.map(({ asOfMs }) => asOfMs) },
      series: [{ name: "people", values: computations.map(({ size }) => size) }],
    },
    notes: [],
    source: sourceShape.parse(answer),
  };
};
