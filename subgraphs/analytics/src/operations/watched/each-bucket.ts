import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { QuestionInput } from "../../domain/dashboards/question.ts";
import type { ReadPoint } from "../../domain/watched/read-watched.ts";
import type { VALUE_NAMES, WatchedValueInput } from "../../domain/watched/watched-value.ts";
import type { WatchedBucket, WatchedWindow } from "../../domain/watched/watched-window.ts";

/** Questions of behaviour that can be watched. */
export type BehaviourKind = keyof typeof VALUE_NAMES;

/** A question of behaviour to watch, and what of it. */
export interface BehaviourToWatch {
  readonly caller: Caller;
  readonly kind: BehaviourKind;
  readonly input: QuestionInput;
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
  work: (bucket: WatchedBucket) => Promise<Read>,
): Promise<Read> => {
  const { buckets } = window;
  if (buckets.length > MAX_ASKED_BUCKETS)
    throw refuse(
      "BAD_INPUT",
      `This question is asked for each bucket by itself, for at most ${MAX_ASKED_BUCKETS}: move \`from\` and \`to\` together, or take wider buckets.`,
      { field: "input.from" },
    );
  const all = await eachOf(buckets, AT_ONCE, work);
  return { points: all.flatMap(({ points }) => points), more: all.some(({ more }) => more) };
};
