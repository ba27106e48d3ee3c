import { z } from "zod";
import { NO_COUNTS, type Counts } from "../objectives/error-budget.ts";
import { MAX_REMEMBERED } from "./recent.ts";

const SECOND_MS = 1_000;
/** Numbers a remembered bucket is: its distance from the one before in seconds, how many, and how many bad. */
const NUMBERS = 3;
/** Characters of base64 that the bytes of a number take at most: eight bytes hold any safe whole number. */
const MAX_CHARACTERS = 11;
/** A byte has seven bits of a number, and one that says whether more follow. */
const BASE = 128;

/** Whole numbers as text: of small ones a byte each (LEB128), since most buckets hold few events and none that is bad. */
const packWhole = (numbers: readonly number[]): string => {
  const bytes: number[] = [];
  for (let left of numbers) {
    for (; left >= BASE; left = Math.floor(left / BASE)) bytes.push((left % BASE) + BASE);
    bytes.push(left);
  }
  return Buffer.from(bytes).toString("base64");
};

const unpackWhole = (packed: string): number[] => {
  const numbers: number[] = [];
  let [value, place] = [0, 1];
  for (const byte of Buffer.from(packed, "base64")) {
    value += (byte % BASE) * place;
    place *= BASE;
    if (byte >= BASE) continue;
    numbers.push(value);
    [value, place] = [0, 1];
  }
  return numbers;
};

/** Reads what is remembered of a series for its windows. */
export const burnMemorySchema = z.object({
  /** Where the first remembered bucket begins, seconds since the epoch. */
  since: z.number().int(),
  packed: z.string().max(NUMBERS * MAX_REMEMBERED * MAX_CHARACTERS),
});

/** The buckets of a series that windows reach back to; those that hold nothing are not kept. */
export interface BurnMemory {
  /** Takes the next bucket, and lets go of what no window reaches any more. */
  readonly put: (bucket: { readonly atMs: number; readonly untilMs: number }, counts: Counts) => void;
  /** What the window of this place holds, up to the end of the last bucket. */
  readonly sumOf: (window: number) => Counts;
  /** The buckets in the window of this place that hold bad ones, the latest first. */
  readonly badIn: (window: number) => readonly { readonly atMs: number; readonly bad: number }[];
  readonly save: () => z.infer<typeof burnMemorySchema>;
}

interface Held extends Counts {
  readonly atMs: number;
}

const heldOf = (saved: z.infer<typeof burnMemorySchema> | null): Held[] => {
  const numbers = unpackWhole(saved?.packed ?? "");
  let seconds = saved?.since ?? 0;
  return Array.from({ length: Math.floor(numbers.length / NUMBERS) }, (_, place) => {
    const [apart = 0, total = 0, bad = 0] = numbers.slice(place * NUMBERS, place * NUMBERS + NUMBERS);
    seconds += apart;
    return { atMs: seconds * SECOND_MS, total, bad };
  });
};

/** Builds a {@link BurnMemory} of windows of these lengths in milliseconds: a bucket is in a window when it begins within it, so that each window slides bucket by bucket and is exact. */
export const createBurnMemory = (
  lengthsMs: readonly number[],
  saved: z.infer<typeof burnMemorySchema> | null,
): BurnMemory => {
  const held = heldOf(saved);
  const sums = lengthsMs.map(() =>
    held.reduce((sum, { total, bad }) => ({ total: sum.total + total, bad: sum.bad + bad }), NO_COUNTS),
  );
  const firsts = lengthsMs.map(() => 0);
  const slide = (window: number, untilMs: number): void => {
    let [{ total, bad }, first] = [sums[window] ?? NO_COUNTS, firsts[window] ?? 0];
    for (let next = held[first]; next !== undefined; next = held[first]) {
      if (next.atMs >= untilMs - (lengthsMs[window] ?? 0)) break;
      [total, bad, first] = [total - next.total, bad - next.bad, first + 1];
    }
    [sums[window], firsts[window]] = [{ total, bad }, first];
  };
  const forget = (): void => {
    const gone = Math.min(...firsts);
    // Not one by one: what is gone is counted out already.
    if (2 * gone < held.length || gone === 0) return;
    held.splice(0, gone);
    for (const window of firsts.keys()) firsts[window] = (firsts[window] ?? 0) - gone;
  };
  return {
    put: ({ atMs, untilMs }, { total, bad }) => {
      if (total > 0) {
        held.push({ atMs, total, bad });
        for (const [window, sum] of sums.entries()) sums[window] = { total: sum.total + total, bad: sum.bad + bad };
      }
      for (const window of lengthsMs.keys()) slide(window, untilMs);
      forget();
    },
    sumOf: (window) => sums[window] ?? NO_COUNTS,
    badIn: (window) =>
      held
        .slice(firsts[window] ?? 0)
        .filter(({ bad }) => bad > 0)
        .toReversed(),
    save: () => {
      const kept = held.slice(Math.min(...firsts));
      const since = Math.floor((kept[0]?.atMs ?? 0) / SECOND_MS);
      let before = since;
      const numbers = kept.flatMap(({ atMs, total, bad }) => {
        const seconds = Math.floor(atMs / SECOND_MS);
        const apart = seconds - before;
        before = seconds;
        return [apart, total, bad];
      });
      return { since, packed: packWhole(numbers) };
    },
  };
};
