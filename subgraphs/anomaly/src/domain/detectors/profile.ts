import { createTail, type TailState } from "./tail.ts";

/** What a profile has learnt, as it is kept. */
export interface ProfileState {
  /** Per part of the period, how many values were seen there and their mean. */
  readonly parts: readonly (readonly [count: number, mean: number])[];
  readonly tail: TailState;
}

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
  let [seen, mean] = [0, 0];
  for (const [part, [count, of]] of (saved?.parts ?? []).entries()) {
    counts[part] = count;
    means[part] = of;
    seen += count;
    mean += count === 0 ? 0 : ((of - mean) * count) / seen;
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
    save: () => ({ parts: [...counts].map((count, part) => [count, means[part] ?? 0]), tail: tail.save() }),
  };
};
