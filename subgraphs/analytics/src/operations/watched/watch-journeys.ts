import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import { PATH_LIMITS } from "../../domain/paths/paths.ts";
import { chooseModel, readAttributionBucket } from "../../domain/watched/read-attribution-bucket.ts";
import { edgeOf, readPathsBucket, requireGoal } from "../../domain/watched/read-paths-bucket.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import { eachBucket, type Ask, type BehaviourToWatch, type Read } from "./each-bucket.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const attributionAsked = z.object({
  models: z.array(z.object({ kind: z.string() })),
  dimensions: z.array(z.string()).default(["channel"]),
});

/** Reads to whom a model gives the conversions of each bucket: a series for each channel, or value of another dimension. */
export const watchAttribution = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, where, value } = watched;
  const name = chooseName(value, VALUE_NAMES.ATTRIBUTION, "credit");
  refuseUnusedParts(value, name === "conversions" ? null : "model");
  const { models, dimensions } = attributionAsked.parse(input);
  if (dimensions.length > 1)
    throw bad(`${where}.dimensions`, "Series are of one dimension: watch each in a question of its own.");
  const place = chooseModel(
    value.model,
    models.map(({ kind }) => kind),
  );
  const rest = { ...input, bootstrap: null, topPaths: 0 };
  const read = await eachBucket(watched, async (bucket) =>
    readAttributionBucket(await ask({ ...rest, range: rangeOfBuckets([bucket]) }), name, {
      ...{ place, atMs: bucket.fromMs },
    }),
  );
  return { ...read, additive: name === "credit" || name === "value" };
};

/** Reads the paths that lie in each bucket. */
export const watchPaths = (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, where, value, window } = watched;
  const name = chooseName(value, VALUE_NAMES.PATHS, "paths");
  const edge = edgeOf(name, value);
  refuseUnusedParts(value, edge.from === null ? null : "from", edge.to === null ? null : "to");
  requireGoal(input["goal"], name, `${where}.goal`);
  const shown = { maxNodes: PATH_LIMITS.nodes, minLink: 1, topPaths: 0 };
  return eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...input, ...shown, timeZone: window.timeZone, range: rangeOfBuckets([bucket]) });
    return { points: readPathsBucket(answer, name, edge, bucket.fromMs), more: false };
  });
};
