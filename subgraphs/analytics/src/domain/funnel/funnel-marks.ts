import type { EventMatcher } from "../event-matcher.ts";
import type { Funnel } from "./funnel.ts";

/** How events are marked: bit b of an event's mark says that it passes one of the matchers of condition b. Equal conditions share a bit. */
export interface FunnelMarks {
  readonly conditions: readonly (readonly EventMatcher[])[];
  /** Bits of each step: one, or one per matcher of a step of which several must happen. */
  readonly steps: readonly (readonly number[])[];
  /** Bit of each exclusion. */
  readonly exclusions: readonly number[];
}

/** Lays out the marks of a funnel; the first step has bit 0. */
export const funnelMarks = ({ steps, exclusions }: Pick<Funnel, "steps" | "exclusions">): FunnelMarks => {
  const conditions: (readonly EventMatcher[])[] = [];
  const bits = new Map<string, number>();
  const bitOf = (condition: readonly EventMatcher[]): number => {
    const key = JSON.stringify(condition);
    const known = bits.get(key);
    if (known !== undefined) return known;
    bits.set(key, conditions.length);
    return conditions.push(condition) - 1;
  };
  const stepBits = steps.map(({ anyOf, atLeast }) =>
    atLeast === 1 ? [bitOf(anyOf)] : anyOf.map((matcher) => bitOf([matcher])),
  );
  return { steps: stepBits, exclusions: exclusions.map(({ matcher }) => bitOf([matcher])), conditions };
};

/** Which bits a mark has set: flags by bit. */
export type Flags = readonly boolean[];

/** Marks below this are kept in a list, where they are found faster than in a map: all those of funnels of 8 conditions. */
const LISTED_MARKS = 256;

/** Reads something of marks, numbers up to 2^53, by the flags they stand for; of each distinct mark once. */
export const createMarkReader = <T>(bits: number, read: (flags: Flags) => T): ((mark: number) => T) => {
  const flagsOf = (mark: number): Flags =>
    Array.from({ length: bits }, (_, bit) => Math.floor(mark / 2 ** bit) % 2 === 1);
  const listed = Array.from({ length: Math.min(LISTED_MARKS, 2 ** bits) }, (_, mark) => read(flagsOf(mark)));
  const known = new Map<number, T>();
  return (mark) => {
    const found = listed[mark] ?? known.get(mark);
    if (found !== undefined) return found;
    const made = read(flagsOf(mark));
    known.set(mark, made);
    return made;
  };
};
