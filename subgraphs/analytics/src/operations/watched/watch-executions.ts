import { z } from "zod";
import { EXECUTION_VALUES, executionValues } from "../../domain/api-executions.ts";
import { chooseName, refuseUnusedParts } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import type { Ask, BehaviourToWatch, Read } from "./each-bucket.ts";

/** Groups of executions that are told at most. */
const MAX_GROUPS = 100;

const counts = z.array(z.number());
const latencies = z.array(z.number().nullable());
const executionsShape = z.object({
  ...{ buckets: z.array(z.string()), complete: z.array(z.boolean()), hasMore: z.boolean() },
  groups: z.array(
    z.object({
      ...{ group: z.string().nullable(), executions: counts, refused: counts, failed: counts, serverErrors: counts },
      ...{ latencyMsP50: latencies, latencyMsP95: latencies, latencyMsP99: latencies },
    }),
  ),
});

/** Reads how executions went in each bucket, a series for each operation, kind or code. */
export const watchApiExecutions = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window, maxSeries } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, EXECUTION_VALUES, "serverErrorShare");
  const { granularity, timeZone } = window;
  const range = rangeOfBuckets(window.buckets);
  const first = Math.min(MAX_GROUPS, maxSeries);
  const answer = executionsShape.parse(await ask({ ...input, timeZone, granularity, range, first }));
  const by = z.string().catch("NONE").parse(input["by"]).toLowerCase();
  const points = answer.groups.flatMap(({ group, ...series }) =>
    executionValues(series, name).map((number, place) => ({
      group: by === "none" ? [] : [{ name: by, value: group }],
      ...{ atMs: Date.parse(answer.buckets[place] ?? ""), complete: answer.complete[place] ?? false },
      point: { value: number, samples: series.executions[place] ?? 0 },
    })),
  );
  const incomplete = answer.buckets.filter((_bucket, place) => answer.complete[place] !== true);
  const counted = ["executions", "refused", "failed", "serverErrors"].includes(name);
  return {
    ...{ points, more: answer.hasMore, empty: counted ? 0 : null },
    incompleteMs: incomplete.map((bucket) => Date.parse(bucket)),
  };
};
