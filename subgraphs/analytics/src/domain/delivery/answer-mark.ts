import { z } from "zod";
import { planOn, type Plan } from "../planner.ts";
import type { AnalyticQuery } from "../query.ts";
import { pinnedMembers } from "./pinned-members.ts";

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
  spans: z.array(z.object({ index: z.number(), lowest: z.number(), highest: z.number() })).default([]),
  members: z.array(pinnedMembers).default([]),
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
