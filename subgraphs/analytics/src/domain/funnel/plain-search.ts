import { createMarkReader, type FunnelMarks } from "./funnel-marks.ts";
import { FUNNEL_LIMITS, type Funnel } from "./funnel.ts";
import type { PackedEvents } from "./packed-events.ts";

/** Told of one unit that entered: the attempt by rule 12, its steps' moments one behind the other from the entry on; the list holds them until the next unit. */
export interface TakePlain {
  (depth: number, times: Float64Array, cut: boolean): void;
}

/**
 * Whether the attempts of a funnel are found by {@link eachPlainAttempt}: steps in order, each required and of one condition, and nothing that looks at
 * events between them or at the time since the step before.
 */
export const isPlain = ({ order, steps, exclusions }: Funnel): boolean =>
  order === "ORDERED" &&
  exclusions.length === 0 &&
  steps.every(
    ({ optional, atLeast, withinMs }, place) => !optional && atLeast === 1 && (place === 0 || withinMs === null),
  );

const WORD = 32;

/**
 * Finds the attempt of each unit of a slice, as the search of docs/funnel-semantics.md does, in memory that does not grow with events. Of the ways to a step
 * the one from the latest entry is kept, and of that entry the earliest event of each step before: `own` says, step by step, from which entry, and `chain`
 * when each step of that way was. The first way to a step is written down as it is found, since of those that get furthest the one that ends first counts,
 * and after it the steps before may be reached again from later entries.
 */
export const createPlainSearch = (
  funnel: Funnel,
  marks: FunnelMarks,
): ((events: PackedEvents, take: TakePlain) => void) => {
  const steps = funnel.steps.length;
  const [any, windowMs] = [funnel.anchor === "ANY", funnel.windowMs ?? Number.POSITIVE_INFINITY];
  // The deepest first, so that an event serves one step only.
  const stepsOf = createMarkReader(marks.conditions.length, (flags) =>
    marks.steps.flatMap(([bit = -1], step) => (flags[bit] === true ? [step] : [])).toReversed(),
  );
  /** The entry of the way that ends at each step, by its number from 1; 0 for none. */
  const own = new Int32Array(steps);
  const chain = new Float64Array(steps * steps);
  const found = new Float64Array(steps);
  let [depth, entries] = [0, 0];
  const write = (step: number): void => {
    depth = step + 1;
    for (let place = 0; place <= step; place += 1) found[place] = chain[step * steps + place] ?? 0;
  };
  const arrive = (step: number, time: number): void => {
    if (step === 0) {
      if (!any && entries > 0) return;
      entries += 1;
      own[0] = entries;
      chain[0] = time;
    } else {
      const entry = own[step - 1] ?? 0;
      const before = (step - 1) * steps;
      if (entry === 0 || time - (chain[before] ?? 0) > windowMs || own[step] === entry) return;
      own[step] = entry;
      const at = step * steps;
      for (let place = 0; place < step; place += 1) chain[at + place] = chain[before + place] ?? 0;
      chain[at + step] = time;
    }
    if (step >= depth) write(step);
  };
  return ({ bits, ends, words }, take) => {
    const shift = 2 * WORD - bits.at;
    const [mask, above] = [2 ** bits.mark - 1, 2 ** Math.max(0, WORD - shift)];
    let from = 0;
    for (const end of ends) {
      const to = Math.min(end, from + FUNNEL_LIMITS.unitEvents);
      own.fill(0);
      depth = entries = 0;
      for (let at = from; at < to && depth < steps; at += 1) {
        const [low, high] = [words[2 * at] ?? 0, words[2 * at + 1] ?? 0];
        const time = shift >= WORD ? high >>> (shift - WORD) : high * above + (low >>> shift);
        const matched = stepsOf(low & mask);
        for (let place = 0; place < matched.length; place += 1) arrive(matched[place] ?? 0, time);
      }
      if (depth > 0) take(depth, found, to < end);
      from = end;
    }
  };
};
