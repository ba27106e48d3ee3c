import { z } from "zod";
import { table } from "./read-behaviour.ts";
import { sourceShape } from "./read-columns.ts";
import type { AnswerParts } from "./section.ts";

const counts = z.array(z.number());
const maybes = z.array(z.number().nullable());
const executionsShape = z.object({
  buckets: z.array(z.string()),
  hasMore: z.boolean(),
  groupCount: z.number(),
  groups: z.array(
    z.object({
      ...{ group: z.string().nullable(), executions: counts, refused: counts, failed: counts, serverErrors: counts },
      ...{ serverErrorShare: maybes, latencyMsP95: maybes },
    }),
  ),
});

const COLUMNS = [
  ["of", "TEXT"],
  ["from", "TIME"],
  ["executions", "INTEGER"],
  ["refused", "INTEGER"],
  ["failed", "INTEGER"],
  ["failed by the service", "INTEGER"],
  ["share of it", "SHARE"],
  ["ms within which 95 % are", "NUMBER"],
] as const;

/** Reads an answer of `apiExecutions`: how many executions there were over time, and all their numbers as rows. */
export const readApiExecutions = (answer: unknown): AnswerParts => {
  const { buckets, groups, groupCount, hasMore } = executionsShape.parse(answer);
  return {
    tables: [
      table(
        "",
        COLUMNS,
        groups.flatMap((one) =>
          buckets.map((bucket, at) => [
            ...[one.group, bucket, one.executions[at] ?? 0, one.refused[at] ?? 0, one.failed[at] ?? 0],
            ...[one.serverErrors[at] ?? 0, one.serverErrorShare[at] ?? null, one.latencyMsP95[at] ?? null],
          ]),
        ),
      ),
    ],
    shape: {
      ...{ kind: "SERIES", timed: true, format: null, categories: buckets },
      series: groups.map(({ group, executions }) => ({ name: group ?? "executions", values: executions })),
    },
    notes: hasMore ? [`Of ${groupCount} groups those with most executions are told.`] : [],
    source: sourceShape.parse(answer),
  };
};
