import type { Funnel } from "./funnel.ts";
import type { FunnelMarks } from "./funnel-marks.ts";
import type { UnitRow } from "./unit-columns.ts";
import type { TimeRange } from "../time-range.ts";

/**
 * How an event of which nothing but its moment and its mark is asked about becomes one number of 64 bits: from the highest bit milliseconds from the start of what is read, its place in its batch, its
 * mark. Such numbers are in order as the events are.
 */
export interface EventBits {
  readonly at: number;
  readonly sequence: number;
  readonly mark: number;
}

/** Events of a slice's units as such numbers, two words each, the lower first: each unit's in order, and where each unit's end. */
export interface PackedEvents {
  readonly bits: EventBits;
  readonly ends: Uint32Array;
  readonly words: Uint32Array;
}

const WORD = 32;
/** Bits for places in a batch below which events are not packed: batches have at most some ten thousand events. */
const LEAST_SEQUENCE_BITS = 20;
/** Marks of more bits are no whole numbers of one word with a sign. */
const MOST_MARK_BITS = 31;

/** How the events of a funnel are packed; null where more is asked about than moments and marks, or they take too many bits. */
export const eventBits = (
  {
    breakdown,
    correlation,
    dropOffs,
    attribution,
    entries,
    behind,
  }: Pick<Funnel, "breakdown" | "correlation" | "dropOffs" | "attribution" | "entries" | "behind">,
  { conditions }: FunnelMarks,
  { fromMs, toMs }: TimeRange,
): EventBits | null => {
  const others = [breakdown, correlation, dropOffs, attribution, entries, behind];
  if (others.some((part) => part !== null)) return null;
  const at = Math.max(1, Math.ceil(Math.log2(toMs - fromMs + 1)));
  const mark = conditions.length;
  const sequence = 2 * WORD - at - mark;
  return mark > MOST_MARK_BITS || sequence < LEAST_SEQUENCE_BITS ? null : { at, sequence, mark };
};

const NOTHING_ELSE = {
  ...{ unitLow: 0, unitHigh: 0, values: null, following: null, later: [], candidates: null, fieldValues: [] },
  labels: null,
} as const;

/** Hands over the units of a slice one after another, each with its first events up to the most that are looked at. */
export const eachPackedUnit = (
  { bits, ends, words }: PackedEvents,
  most: number,
  take: (row: UnitRow) => void,
): void => {
  const shift = 2 * WORD - bits.at;
  const [mask, above] = [2 ** bits.mark - 1, 2 ** Math.max(0, WORD - shift)];
  let from = 0;
  for (const end of ends) {
    const count = Math.min(end - from, most);
    // Plain lists: views of typed columns took longer than everything that is asked of a unit.
    const [times, marks]: [number[], number[]] = [[], []];
    for (let place = 0; place < count; place += 1) {
      const at = 2 * (from + place);
      const [low, high] = [words[at] ?? 0, words[at + 1] ?? 0];
      marks.push(low & mask);
      times.push(shift >= WORD ? high >>> (shift - WORD) : high * above + (low >>> shift));
    }
    take({ cut: end - from > count, times, marks, ...NOTHING_ELSE });
    from = end;
  }
};
