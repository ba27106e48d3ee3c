import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { QuestionInput } from "../../domain/dashboards/question.ts";
import type { ReadPoint } from "../../domain/watched/read-watched.ts";
import type { WatchedPoint } from "../../domain/watched/watched-series.ts";
import type { VALUE_NAMES, WatchedValueInput } from "../../domain/watched/watched-value.ts";
import type { WatchedBucket, WatchedWindow } from "../../domain/watched/watched-window.ts";

/** Questions of behaviour that can be watched. */
export type BehaviourKind = keyof typeof VALUE_NAMES;

/** A question of behaviour to watch, and what of it. */
export interface BehaviourToWatch {
  readonly caller: Caller;
  readonly kind: BehaviourKind;
  readonly input: QuestionInput;
  /** Whether it is that of a saved query. */
  readonly saved: boolean;
  /** Where the question stands in what was sent. */
  readonly where: string;
  readonly value: WatchedValueInput;
  readonly window: WatchedWindow;
  readonly maxSeries: number;
  readonly signal: AbortSignal | undefined;
}

/** What was read, before it is put together. */
export interface Read {
  readonly points: readonly ReadPoint[];
  readonly more: boolean;
  /** Whether what a bucket holds never falls as more events come; it may where this is left out. */
  readonly rising?: boolean;
  /** What a bucket holds in which a series has nothing; by the number's name where this is left out. */
  readonly empty?: number | null;
  /** Starts of buckets that had not all they will have, beside those of points that say so. */
  readonly incompleteMs?: readonly number[];
  /** Starts of buckets of which not all groups were told: what an untold one holds there is unknown. */
  readonly moreMs?: readonly number[];
  /** Whether the numbers of several groups together are their sum; they are not where this is left out. */
  readonly additive?: boolean;
  /** What the groups hold together that were not told, by the start of the bucket. */
  readonly rest?: ReadonlyMap<number, WatchedPoint>;
  /** Groups there are at least; those that were told where this is left out. */
  readonly fewest?: number;
}

/** What was read of one bucket. */
export interface BucketRead extends Pick<Read, "points" | "more" | "fewest"> {
  /** What the groups hold together that were not told; null where there are none. */
  readonly rest?: WatchedPoint | null;
}

/** Asks a question about a range, and keeps where the answer comes from. */
export type Ask = (input: QuestionInput) => Promise<object>;

/** Buckets for each of which a question is asked by itself: a hundred funnels are what a cold start may cost. */
export const MAX_ASKED_BUCKETS = 100;
/** Questions of one call that are with the store at a time: a share of what one tenant may have there. */
const AT_ONCE = 4;

/** Asks for each bucket by itself, a few at a time: what a bucket holds does not depend on which others are asked for. */
export const eachBucket = async (
  { window }: BehaviourToWatch,
  work: (bucket: WatchedBucket) => Promise<BucketRead>,
): Promise<Read> => {
  const { buckets } = window;
  if (buckets.length > MAX_ASKED_BUCKETS)
    throw refuse(
      "BAD_INPUT",
      `This question is asked for each bucket by itself, for at most ${MAX_ASKED_BUCKETS}: move \`from\` and \`to\` together, or take wider buckets.`,
      { field: "input.from" },
    );
  const all = await eachOf(buckets, AT_ONCE, work);
  const read = buckets.map(({ fromMs }, place) => ({ fromMs, ...(all[place] ?? { points: [], more: false }) }));
  return {
    points: all.flatMap(({ points }) => points),
    more: all.some(({ more }) => more),
    moreMs: read.filter(({ more }) => more).map(({ fromMs }) => fromMs),
    rest: new Map(read.flatMap(({ fromMs, rest = null }) => (rest === null ? [] : [[fromMs, rest]]))),
    fewest: Math.max(0, ...all.map(({ fewest = 0 }) => fewest)),
  };
};
