import { refuse } from "@tessera/platform/errors/refusal";
import { tellsByPerson } from "../../domain/watched/never-falls.ts";
import { readDriftBucket, readQualityBucket } from "../../domain/watched/read-quality-bucket.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import { eachBucket, type Ask, type BehaviourToWatch, type Read } from "./each-bucket.ts";

/** Numbers of expectations that never fall as more events come: shares and quantiles may. */
const RISING: readonly string[] = ["tested", "passed", "failed", "delaySecondsMax"];

/** Reads of each bucket how far its events are what is expected: a series for each expectation. */
export const watchEventQuality = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window, where } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.EVENT_QUALITY, "share");
  // What was found of kept expectations stands in versions now, by which each bucket finds the same.
  const { found: _found, ...named } = input;
  const read = await eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...named, timeZone: window.timeZone, range: rangeOfBuckets([bucket]) });
    return { points: readQualityBucket(answer, name, bucket.fromMs), more: false };
  });
  if (name.startsWith("delay") && read.points.length === 0)
    throw refuse("BAD_INPUT", "None of the expectations measures how late events come: add one that is `timely`.", {
      field: `${where}.expect`,
    });
  return { ...read, rising: RISING.includes(name) && !tellsByPerson(input) };
};

/** Reads of each bucket how unlike its values are to those of the reference. */
export const watchDrift = (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.DRIFT, "psi");
  return eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...input, timeZone: window.timeZone, range: rangeOfBuckets([bucket]) });
    return { points: readDriftBucket(answer, name, bucket.fromMs), more: false };
  });
};
