import { z } from "zod";
import { columnsOf } from "../arithmetic.ts";
import { asksPeople } from "../filter.ts";
import type { Measure } from "../measures.ts";
import { planOn, type Plan } from "../planner.ts";
import type { AnalyticQuery, OlapQuery } from "../query.ts";

/** Batches of a tenant of which a snapshot tells the ids, so that a statement can carry them: what was received before the oldest of them all counts. */
export const MAX_SNAPSHOT_BATCHES = 1_000;

const cells = z.array(z.union([z.string(), z.number(), z.null()]));
const snapshot = z.object({ settledMs: z.number(), batches: z.array(z.string()) });
const mark = z.object({
  place: z.number(),
  toldAtMs: z.number(),
  peopleVersion: z.number(),
  snapshot,
  totals: cells,
  last: z.object({ bucketMs: z.number().nullable(), dimensions: cells, measures: cells }),
});

/** Which events an answer is of: those received before a moment, milliseconds since the epoch, and those of some batches. */
export type Snapshot = z.infer<typeof snapshot>;

/** Where a page ended that was computed anew: what the next one goes on with. */
export type AnswerMark = z.infer<typeof mark>;

/** The row a page ended with. */
export type LastRow = AnswerMark["last"];

/** Parses the mark that is kept with an answer; null where the rows themselves are kept. */
export const parseAnswerMark = (stored: unknown): AnswerMark | null => mark.nullable().default(null).parse(stored);

/** Whether a measure may come out otherwise when the same events are read again: sums of floating-point numbers and digests depend on the order of reading. */
const varies = (measure: Measure | undefined, all: readonly Measure[]): boolean => {
  if (measure === undefined) return false;
  const { formula } = measure;
  switch (formula.kind) {
    case "SUM":
    case "AVG":
      return formula.of.kind === "PROPERTY";
    case "QUANTILE":
      return !formula.exact;
    case "FORMULA":
      return columnsOf(formula.of).some((index) => varies(all[index], all));
    case "COUNT":
    case "UNIQUES":
    case "MIN":
    case "MAX":
      return false;
  }
};

/** Why the pages of an answer can't be computed anew, each behind the row before; null when they can. */
export const whyNotAnew = ({ query, orderBy }: Pick<OlapQuery, "query" | "orderBy">): string | null => {
  const { measures, filter } = query;
  if (asksPeople(filter) || measures.some((measure) => asksPeople(measure.filter)))
    return "a cohort may change between them: filter without `inCohort`.";
  for (const { place } of orderBy) {
    const measure = place.kind === "MEASURE" ? measures[place.index] : undefined;
    if (varies(measure, measures))
      return `\`${measure?.name ?? ""}\`, which it is ordered by, may differ in its last digits: order by dimensions, \`time\`, or a measure that is exact (COUNT, UNIQUES, MIN, MAX, exact QUANTILES, revenue).`;
  }
  return null;
};

/** Whether who an event's person is makes a difference to a question. */
export const countsPersons = ({ measures }: Pick<AnalyticQuery, "measures">): boolean =>
  measures.some(({ formula }) => formula.kind === "UNIQUES" && formula.of.kind === "PERSONS");

/** The plan by which pages are computed anew: single events, which alone know when they were received. */
export const planAnew = (query: AnalyticQuery, { rollup, rejected }: Plan): Plan =>
  planOn(
    null,
    rollup === null
      ? rejected
      : [
          ...rejected,
          {
            table: rollup,
            reason: "It does not hold when events were received, which pages that are computed anew go by.",
          },
        ],
    query,
  );
