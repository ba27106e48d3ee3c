import { refuse } from "@tessera/platform/errors/refusal";

/**
 * Lists what is made of its own kind as parts that name each other by number, the outermost first, so that a document of one depth reads any of them.
 * `toPart` says what a part is and asks for the numbers of those within it.
 */
export const numbered = <Whole, Part>(
  root: Whole,
  toPart: (whole: Whole, numberOf: (inner: Whole) => number) => Part,
): readonly Part[] => {
  const known = [root];
  const parts: Part[] = [];
  for (let index = 0; index < known.length; index += 1) {
    const whole = known[index];
    if (whole !== undefined) parts.push(toPart(whole, (inner) => known.push(inner) - 1));
  }
  return parts;
};

/** Bounds of a list of parts that stands at `where`, and how one part names others. */
interface Numbered<Part> {
  readonly where: string;
  readonly most: number;
  readonly insideOf: (part: Part) => readonly number[];
}

/**
 * Puts numbered parts into one another again; `toWhole` makes a part of those within it. Refuses with BAD_INPUT, at the part: none or too many parts, and
 * numbers that are not of a later part or are named by two; what no part names is refused too, so that nothing is silently dropped.
 */
export const joined = <Part, Whole>(
  parts: readonly Part[],
  toWhole: (part: Part, place: string, wholeOf: (number: number) => Whole) => Whole,
  { where, most, insideOf }: Numbered<Part>,
): Whole => {
  const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
  const [first] = parts;
  if (first === undefined || parts.length > most) throw bad(where, `Give 1 to ${most} parts.`);
  const named = new Set([0]);
  for (const [index, part] of parts.entries())
    for (const number of insideOf(part)) {
      if (!Number.isInteger(number) || number <= index || number >= parts.length)
        throw bad(
          `${where}.${index}`,
          `A part names later ones, by their numbers from ${index + 1} to ${parts.length - 1}.`,
        );
      if (named.has(number)) throw bad(`${where}.${index}`, `Part ${number} is named twice: write it twice.`);
      named.add(number);
    }
  const lost = parts.findIndex((_part, index) => !named.has(index));
  if (lost >= 0) throw bad(`${where}.${lost}`, `Part ${lost} is named by no other: the first part is the whole.`);
  const whole = (part: Part, index: number): Whole =>
    toWhole(part, `${where}.${index}`, (number) => {
      const inner = parts[number];
      if (inner === undefined) throw new Error(`Part ${number} was there before.`);
      return whole(inner, number);
    });
  return whole(first, 0);
};
