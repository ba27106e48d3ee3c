import { FUNNEL_LIMITS } from "../funnel/funnel.ts";
import type { TextColumn } from "../funnel/unit-columns.ts";
import type { FollowedUnit, PathUnitRow } from "./follow.ts";
import { growing } from "./growing-list.ts";
import type { PathsApart } from "./told-apart.ts";

/** Values of one field at steps of paths. */
export interface ValuesOfField {
  /** Values by their numbers; the empty text for none. */
  readonly texts: readonly string[];
  /** Number of each step's value, in the order in which steps are kept; -1 for values that found no place. */
  readonly steps: Int32Array;
  /** The same of beginnings that did not reach their end. */
  readonly unreached: Int32Array;
}

/** Values of steps by the fields they are told apart by, in their order. */
export type StepValues = readonly ValuesOfField[];

/** Stands for a value that was not looked up yet, and for one that finds no place any more. */
const [UNKNOWN, NO_PLACE] = [-2, -1];

/** Numbers for texts; those that are asked for have one from the start. */
const createTexts = (asked: readonly string[]) => {
  const numbers = new Map(asked.map((text, number) => [text, number]));
  let list: readonly string[] = [];
  let known = new Int32Array();
  const add = (text: string): number => {
    if (numbers.size >= FUNNEL_LIMITS.distinctGroups) return NO_PLACE;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  return {
    numbers,
    of: ({ codes, texts }: TextColumn, place: number): number => {
      // A slice has a list of its own: each of its texts is looked up once.
      if (texts !== list) [list, known] = [texts, new Int32Array(texts.length).fill(UNKNOWN)];
      const code = codes[place] ?? 0;
      const number = known[code] ?? UNKNOWN;
      if (number !== UNKNOWN) return number;
      const text = texts[code] ?? "";
      const found = numbers.get(text) ?? add(text);
      known[code] = found;
      return found;
    },
  };
};

/** Keeps the values of the steps of paths, unit by unit. */
export const createStepValues = ({ fields, held }: PathsApart) => {
  const each = fields.map((_field, at) => ({
    texts: createTexts([...new Set(held[at] ?? [])]),
    steps: growing(Int32Array),
    unreached: growing(Int32Array),
  }));
  return {
    add: ({ values }: PathUnitRow, followed: FollowedUnit): void =>
      each.forEach(({ texts, steps, unreached }, at) => {
        const column = values[at];
        if (column === undefined) throw new Error("Events that are told apart by a field came without it.");
        for (const { places } of followed.paths) for (const place of places) steps.add(texts.of(column, place));
        for (const place of followed.unreached) unreached.add(texts.of(column, place));
      }),
    result: (): StepValues =>
      each.map(({ texts, steps, unreached }) => ({
        texts: [...texts.numbers.keys()],
        steps: steps.list,
        unreached: unreached.list,
      })),
  };
};
