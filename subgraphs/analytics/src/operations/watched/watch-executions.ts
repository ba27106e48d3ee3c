import { z } from "zod";
import { EXECUTION_VALUES, executionValues } from "../../domain/api-executions.ts";
import { lessTold, type WatchedPoint } from "../../domain/watched/watched-series.ts";
import { chooseName, refuseUnusedParts } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import type { Ask, BehaviourToWatch, Read } from "./each-bucket.ts";

/** Groups of executions that are told at most. */
const MAX_GROUPS = 100;

const counts = z.array(z.number());
const latencies = z.array(z.number().nullable());
const executionsShape = z.object({
  ...{ buckets: z.array(z.string()), complete: z.array(z.boolean()), groupCount: z.number(), hasMore: z.boolean() },
  groups: z.array(
    z.object({
      ...{ group: z.string().nullable(), executions: counts, refused: counts, failed: counts, serverErrors: counts },
      ...{ latencyMsP50: latencies, latencyMsP95: latencies, latencyMsP99: latencies },
    }),
  ),
});

type Answered = z.infer<typeof executionsShape>;
type Name = (typeof EXECUTION_VALUES)[number];

/** What a group holds in each bucket. */
const pointsOf = ({ group: _group, ...series }: Answered["groups"][number], name: Name): readonly WatchedPoint[] =>
  executionValues(series, name).map((value, place) => ({ value, samples: series.executions[place] ?? 0 }));

/** What is left of everything without the groups that were told, by the start of the bucket. */
const restOf = (all: Answered, told: Answered, name: Name): ReadonlyMap<number, WatchedPoint> => {
  const held = told.groups.map((group) => pointsOf(group, name));
  const [whole] = all.groups.map((group) => pointsOf(group, name));
  return new Map(
    (whole ?? []).map((point, place) => {
      const inBucket = held.flatMap((points) => points.slice(place, place + 1));
      return [Date.parse(all.buckets[place] ?? ""), lessTold(point, inBucket)];
    }),
  );
};

/** Reads how executions went in each bucket, a series for each operation, kind or code; where counts are not told of all, everything is asked for once more, without groups. */
export const watchApiExecutions = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window, maxSeries } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, EXECUTION_VALUES, "serverErrorShare");
  const { granularity, timeZone } = window;
  const range = rangeOfBuckets(window.buckets);
  const first = Math.min(MAX_GROUPS, maxSeries);
  const asked = { ...input, timeZone, granularity, range, first };
  const answer = executionsShape.parse(await ask(asked));
  const by = z.string().catch("NONE").parse(input["by"]).toLowerCase();
  const points = answer.groups.flatMap((one) =>
    pointsOf(one, name).map((point, place) => ({
      group: by === "none" ? [] : [{ name: by, value: one.group }],
      ...{ atMs: Date.parse(answer.buckets[place] ?? ""), complete: answer.complete[place] ?? false, point },
    })),
  );
  const incomplete = answer.buckets.filter((_bucket, place) => answer.complete[place] !== true);
  const counted = ["executions", "refused", "failed", "serverErrors"].includes(name);
  const all = counted && answer.hasMore ? executionsShape.parse(await ask({ ...asked, by: "NONE" })) : null;
  return {
    ...{ points, more: answer.hasMore, empty: counted ? 0 : null, additive: counted },
    ...{ rest: all === null ? new Map() : restOf(all, answer, name) },
    fewest: answer.groupCount,
    incompleteMs: incomplete.map((bucket) => Date.parse(bucket)),
  };
};
