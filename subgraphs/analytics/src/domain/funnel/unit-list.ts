/** A unit by the two words of its number, the event it is listed by, and how many of its events of that moment come before. */
export interface Listed {
  readonly low: number;
  readonly high: number;
  /** Milliseconds from the origin of what is counted. */
  readonly at: number;
  readonly tie: number;
}

/** Which are listed: those after a place, in order of units or from the newest event on. */
export interface ListPage {
  readonly order: "UNIT" | "NEWEST";
  readonly after: { readonly unit: string; readonly timeMs: number; readonly tie?: number } | null;
  readonly most: number;
}

const WORD = 32n;

/** A unit's number in decimals. */
export const unitText = ({ low, high }: Pick<Listed, "low" | "high">): string =>
  String((BigInt(high) << WORD) + BigInt(low));

const wordsOf = (unit: string): Pick<Listed, "low" | "high"> => {
  const number = BigInt(unit);
  return { low: Number(number & 0xff_ff_ff_ffn), high: Number(number >> WORD) };
};

const byUnit = (a: Listed, b: Listed): number => a.high - b.high || a.low - b.low;
const newestFirst = (a: Listed, b: Listed): number => b.at - a.at || byUnit(b, a) || b.tie - a.tie;

/** How many times more than are listed are kept before they are put in order: sorting seldom costs less than sorting each. */
const SLACK = 4;

/** Keeps the first in an order after a place, whatever order they come in. */
export const createUnitList = <One extends Listed>({ order, after, most }: ListPage, originMs: number) => {
  const compare = order === "UNIT" ? byUnit : newestFirst;
  const place = after === null ? null : { ...wordsOf(after.unit), at: after.timeMs - originMs, tie: after.tie ?? 0 };
  let kept: One[] = [];
  const prune = (): void => {
    kept = kept.toSorted(compare).slice(0, most);
  };
  return {
    add: (one: One): void => {
      if (place !== null && compare(one, place) <= 0) return;
      if (kept.push(one) > SLACK * (most + 1)) prune();
    },
    list: (): readonly One[] => {
      prune();
      return kept;
    },
  };
};
