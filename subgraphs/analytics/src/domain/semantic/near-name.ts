/** Letters of a name, without what is written now this way and now that: case, underscores, hyphens and spaces. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[_ -]/g, "");

/** Letters that a mistake may touch, by how long the name is: of short names every other one is near. */
const slipsIn = (letters: number): number => {
  if (letters < 4) return 0;
  if (letters < 8) return 1;
  return letters < 14 ? 2 : 3;
};

/** The most that two names can differ in and still be near. */
export const MOST_SLIPS = 3;

/** Slips between two texts: letters put in, left out, taken for another, or two beside each other swapped (optimal string alignment). */
export const slipsBetween = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)];
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, letter] of left.entries()) {
    const now = [row + 1];
    for (const [column, other] of right.entries()) {
      const steps = [
        (last[column + 1] ?? 0) + 1,
        (now[column] ?? 0) + 1,
        (last[column] ?? 0) + (letter === other ? 0 : 1),
      ];
      if (row > 0 && column > 0 && letter === right[column - 1] && left[row - 1] === other)
        steps.push((before[column - 1] ?? 0) + 1);
      now.push(Math.min(...steps));
    }
    [before, last] = [last, now];
  }
  return last[right.length] ?? 0;
};

const withoutNumbers = (name: string): string => name.replaceAll(/\d+/g, "#");

/** Whether a name is so near to another that it is taken for a slip; names that differ in their numbers alone are names of different things. */
export const isSlip = (asked: string, known: string): boolean => {
  const [one, other] = [plainName(asked), plainName(known)];
  if (one === other) return true;
  if (withoutNumbers(one) === withoutNumbers(other)) return false;
  if (Math.abs(one.length - other.length) > MOST_SLIPS) return false;
  return slipsBetween(one, other) <= slipsIn(Math.min(Array.from(one).length, Array.from(other).length));
};

/** A known name, and how many events had it. */
export interface NameInUse {
  readonly name: string;
  readonly events: number;
}

/** The names that an asked one may be a slip of: the nearest first, of equally near ones what most events had. */
export const slipsOf = (asked: string, known: readonly NameInUse[], most: number): readonly string[] =>
  known
    .filter(({ name }) => isSlip(asked, name))
    .map((one) => ({ ...one, slips: slipsBetween(plainName(asked), plainName(one.name)) }))
    .toSorted((a, b) => a.slips - b.slips || b.events - a.events || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
