import { dataPolicyShape } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import type { JobInput } from "./job-query.ts";
import type { FilterInput } from "./filter-input.ts";
import type { Meaning } from "./semantic/dimension-expression.ts";

const GRANULARITIES = ["NONE", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"] as const;
const FUNCTIONS = ["COUNT", "UNIQUES", "SUM", "AVG", "MIN", "MAX", "QUANTILES", "FORMULA"] as const;

const filter: z.ZodType<FilterInput> = z.lazy(() =>
  z.object({
    and: z.array(filter).nullish(),
    or: z.array(filter).nullish(),
    not: filter.nullish(),
    field: z.string().nullish(),
    eq: z.string().nullish(),
    in: z.array(z.string()).nullish(),
    contains: z.string().nullish(),
    startsWith: z.string().nullish(),
    matches: z.string().nullish(),
    gt: z.number().nullish(),
    gte: z.number().nullish(),
    lt: z.number().nullish(),
    lte: z.number().nullish(),
    exists: z.boolean().nullish(),
    inCohort: z.object({ cohort: z.string(), asOf: z.string().nullish() }).nullish(),
  }),
);

const measure = z.object({
  name: z.string().nullish(),
  function: z.enum(FUNCTIONS),
  of: z.string().nullish(),
  currency: z.string().nullish(),
  levels: z.array(z.number()).nullish(),
  exact: z.boolean(),
  filter: filter.nullish(),
  formula: z.string().nullish(),
  metric: z.enum(["SHOWN", "BASE"]).exactOptional(),
});

// boundary: expressions are kept after they were validated, and validated again before anything is made of them.
const expression = z.record(z.string(), z.unknown()).transform((value) => value as Meaning["expression"]);
const meanings = z.object({
  found: z.array(z.object({ written: z.string(), version: z.number().nullable(), expression })),
  unknown: z.array(z.object({ written: z.string(), why: z.string() })),
});

const jobInput = z.object({
  olap: z.object({
    range: z.object({ from: z.string(), to: z.string() }),
    measures: z.array(measure),
    dimensions: z.array(z.string()),
    filter: filter.nullish(),
    granularity: z.enum(GRANULARITIES),
    timeZone: z.string(),
    orderBy: z.array(z.object({ column: z.string(), direction: z.enum(["ASC", "DESC"]) })),
    limit: z.number(),
    // Jobs of before there were these tests have none.
    having: z
      .array(
        z.object({
          column: z.string(),
          gt: z.number().nullish(),
          gte: z.number().nullish(),
          lt: z.number().nullish(),
          lte: z.number().nullish(),
        }),
      )
      .default([]),
    meanings: meanings.exactOptional(),
  }),
  maxRows: z.number(),
  // Jobs of before there were policies have none.
  dataPolicy: dataPolicyShape.nullable().default(null),
});

/** Parses the question kept with a job. */
export const parseJobInput = (stored: unknown): JobInput => jobInput.parse(stored);
