import { z } from "zod";
import { createTail, tailSchema } from "./tail.ts";

/** Parts a period may have: the hours of a week. */
const MAX_PARTS = 168;

/** Reads what a profile has learnt. */
export const profileSchema = z.object({
  seen: z.number().int().min(0),
  /** Mean of everything that was seen. */
  mean: z.number(),
  /** Per part of the period, how many values were seen there and their mean. */
  parts: z.array(z.tuple([z.number().int().min(0), z.number()])).max(MAX_PARTS),
  tail: tailSchema,
});

/** What a profile has learnt, as it is kept. */
export type ProfileState = z.infer<typeof profileSchema>;

/** What a profile says of a value. */
export interface ProfileFinding {
  readonly surprise: number;
  /** The mean of the values seen at this part of the period, of all values while none was; null before the first. */
  readonly expected: number | null;
  /** How far a value may lie from what is expected before it surprises as much as was asked; null while that is not known. */
  readonly within: number | null;
}

/** Means of a series by parts of a period, such as the hours of a day, and how far values usually lie from them. */
export interface Profile {
  /** Judges a value by what was seen before it, then learns it. `part` is the part of the period it lies in, 0 to parts - 1. */
  readonly judge: (value: number, part: number, asSurprising: number) => ProfileFinding;
  readonly save: () => ProfileState;
}

/** A seasonal profile with a part for each step of the period; parts are counted from 0. */
export const createProfile = (parts: number, saved: ProfileState | null = null): Profile => {
  const counts = new Float64Array(parts);
  const means = new Float64Array(parts);
  let [seen, mean] = [saved?.seen ?? 0, saved?.mean ?? 0];
  for (const [part, [count, of]] of (saved?.parts ?? []).entries()) {
    counts[part] = count;
    means[part] = of;
  }
  const tail = createTail(saved?.tail ?? null);
  const learn = (value: number, part: number): void => {
    const count = (counts[part] ?? 0) + 1;
    counts[part] = count;
    means[part] = (means[part] ?? 0) + (value - (means[part] ?? 0)) / count;
    seen += 1;
    mean += (value - mean) / seen;
  };
  return {
    judge: (value, part, asSurprising) => {
      const expected = (counts[part] ?? 0) > 0 ? (means[part] ?? 0) : mean;
      const distance = seen === 0 ? 0 : Math.abs(value - expected);
      const finding = {
        surprise: tail.surprise(distance),
        expected: seen === 0 ? null : expected,
        within: tail.distanceAt(asSurprising),
      };
      tail.learn(distance);
      learn(value, part);
      return finding;
    },
    save: () => ({
      ...{ seen, mean, tail: tail.save() },
      parts: [...counts].map((count, part): [number, number] => [count, means[part] ?? 0]),
    }),
  };
};
