import { requiredSteps, type Funnel } from "./funnel.ts";
import { createMarkReader, type Flags, type FunnelMarks } from "./funnel-marks.ts";
import type { Found, ReadEvents } from "./search.ts";

/** What is known of one required step: its index among all steps, its bits, its window, and which exclusions lie between it and the one before. */
interface Leg {
  readonly step: number;
  readonly bits: readonly number[];
  readonly atLeast: number;
  readonly withinMs: number;
  readonly excluded: readonly number[];
}

/**
 * The ways to the events that can end one step. Of all ways to an event only the one by the latest earlier event of the step before is kept. Its entry is
 * the latest too, since by the same rule a later end never has an earlier entry; so it passes every window and exclusion that any other way passes.
 */
interface Ways {
  /** Place of the entry of the way that ends at a place; -1 where none does. */
  entry: Int32Array;
  /** Place of the last excluded event before a place, -1 for none. */
  barrier: Int32Array;
  /** Latest place that ends the step so far, -1 for none. */
  last: number;
  /** Earliest place that ends the step, -1 for none. */
  first: number;
  /** Place of the last excluded event so far. */
  excludedAt: number;
  /** For a step of which several matchers must happen: the latest place of the step before, as it stood before each matcher's last event. */
  readonly stood: number[];
}

const legsOf = (funnel: Funnel, marks: FunnelMarks): readonly Leg[] => {
  const required = requiredSteps(funnel);
  return required.map((step, place) => {
    const before = required[place - 1] ?? step;
    return {
      step,
      bits: marks.steps[step] ?? [],
      atLeast: funnel.steps[step]?.atLeast ?? 1,
      withinMs: funnel.steps[step]?.withinMs ?? Number.POSITIVE_INFINITY,
      excluded: funnel.exclusions.flatMap(({ from, to }, index) =>
        place > 0 && from <= before && step <= to ? [marks.exclusions[index] ?? -1] : [],
      ),
    };
  });
};

const freshWays = ({ bits }: Leg): Ways => ({
  entry: new Int32Array(64),
  barrier: new Int32Array(64),
  last: -1,
  first: -1,
  excludedAt: -1,
  stood: bits.map(() => -1),
});

const clear = (ways: Ways, length: number): void => {
  if (ways.entry.length < length) {
    ways.entry = new Int32Array(length * 2);
    ways.barrier = new Int32Array(length * 2);
  }
  // A loop: units have some ten events, for which a call takes longer. Barriers are read where a way ends alone, and written there.
  const { entry } = ways;
  for (let place = 0; place < length; place += 1) entry[place] = -1;
  ways.last = ways.first = ways.excludedAt = -1;
  ways.stood.fill(-1);
};

const nthLatest = (places: readonly number[], n: number): number => places.toSorted((a, b) => b - a)[n - 1] ?? -1;

/** The latest place from which an event can go on to a step of which several must happen: the last end of the step before, after which enough of the step's matchers have happened. */
const comesFrom = (leg: Leg, ways: Ways, previous: Ways, flags: Flags): number => {
  leg.bits.forEach((bit, index) => {
    if (flags[bit] === true) ways.stood[index] = previous.last;
  });
  return nthLatest(ways.stood, leg.atLeast);
};

/** What an event is about: places of the steps it matches, the deepest first, and of those before which it is excluded. */
interface Bearing {
  readonly matched: readonly number[];
  readonly excluded: readonly number[];
}

/** Reads what events are about, so that what follows looks at nothing an event is not about. */
const bearingsOf = (legs: readonly Leg[], bits: number): ((mark: number) => Bearing) => {
  const placesOf = (flags: Flags, bitsOf: (leg: Leg) => readonly number[]): readonly number[] =>
    legs.flatMap((leg, place) => (bitsOf(leg).some((bit) => flags[bit] === true) ? [place] : []));
  return createMarkReader(bits, (flags) => ({
    matched: placesOf(flags, ({ bits: own }) => own).toReversed(),
    excluded: placesOf(flags, ({ excluded }) => excluded),
  }));
};

const NO_FLAGS: Flags = [];

const arrive = (ways: Ways, place: number, entry: number): void => {
  ways.entry[place] = entry;
  ways.barrier[place] = ways.excludedAt;
  ways.last = place;
  if (ways.first < 0) ways.first = place;
};

/** Looks at one event after another and writes down every way that ends at it, the deepest step first, so that an event serves one step only. */
const createWalk = (
  funnel: Funnel,
  legs: readonly Leg[],
  all: readonly Ways[],
  bearingOf: (mark: number) => Bearing,
): ((events: ReadEvents) => void) => {
  const windowMs = funnel.windowMs ?? Number.POSITIVE_INFINITY;
  const strict = funnel.order === "STRICT";
  const any = funnel.anchor === "ANY";
  const [entries] = all;
  const deepest = all.at(-1);
  const goOn = (step: number, place: number, times: ReadEvents["times"], flags: Flags): void => {
    const leg = legs[step];
    const ways = all[step];
    const previous = all[step - 1];
    if (leg === undefined || ways === undefined || previous === undefined) return;
    const from = leg.atLeast === 1 ? previous.last : comesFrom(leg, ways, previous, flags);
    if (from < 0 || from < ways.excludedAt || (strict && from !== place - 1)) return;
    const time = times[place] ?? 0;
    const entry = previous.entry[from] ?? -1;
    if (time - (times[entry] ?? 0) <= windowMs && time - (times[from] ?? 0) <= leg.withinMs) arrive(ways, place, entry);
  };
  return ({ times, marks, flags }) => {
    // Of the ways that get furthest the one that ends first is the attempt: nothing after its end is asked about.
    for (let place = 0; place < marks.length && (deepest === undefined || deepest.first < 0); place += 1) {
      const { matched, excluded } = bearingOf(marks[place] ?? 0);
      for (const step of matched) {
        if (step > 0) goOn(step, place, times, flags[place] ?? NO_FLAGS);
        else if (entries !== undefined && (any || entries.first < 0)) arrive(entries, place, place);
      }
      for (const step of excluded) {
        const ways = all[step];
        if (ways !== undefined) ways.excludedAt = place;
      }
    }
  };
};

/** Reads the attempt back from its end: the earliest end of the deepest step, the entry that led there, and back from it the earliest events. */
const readBack = (legs: readonly Leg[], all: readonly Ways[], { times }: ReadEvents): readonly number[] | null => {
  const depth = all.findLastIndex(({ first }) => first >= 0);
  const deepest = all[depth];
  if (deepest === undefined) return null;
  const places = legs.map(() => -1);
  places[depth] = deepest.first;
  const entry = deepest.entry[deepest.first] ?? -1;
  for (let step = depth - 1; step >= 0; step -= 1) {
    const [ways, next, leg] = [all[step], all[step + 1], legs[step + 1]];
    const end = places[step + 1] ?? -1;
    if (ways === undefined || next === undefined || leg === undefined) break;
    const earliest = Math.max(entry, next.barrier[end] ?? -1);
    let place = earliest;
    while (ways.entry[place] !== entry || (times[end] ?? 0) - (times[place] ?? 0) > leg.withinMs) place += 1;
    places[step] = place;
  }
  return places;
};

/** Optional steps: the earliest event after the step before, before the next required step, and within the windows. */
const addOptional = (
  funnel: Funnel,
  marks: FunnelMarks,
  required: ReadonlyMap<number, number>,
  { times, flags }: ReadEvents,
): readonly number[] => {
  const entry = required.get(0) ?? -1;
  const windowMs = funnel.windowMs ?? Number.POSITIVE_INFINITY;
  let previous = -1;
  return funnel.steps.map((step, index) => {
    const known = required.get(index);
    if (known !== undefined) {
      previous = known;
      return known;
    }
    if (previous < 0) return -1;
    const next = requiredSteps(funnel).find((other) => other > index) ?? index;
    const [bit = -1] = marks.steps[index] ?? [];
    const end = (required.get(next) ?? -1) < 0 ? flags.length : (required.get(next) ?? 0);
    for (let place = previous + 1; place < end; place += 1) {
      const time = times[place] ?? 0;
      const inTime =
        time - (times[entry] ?? 0) <= windowMs &&
        time - (times[previous] ?? 0) <= (step.withinMs ?? Number.POSITIVE_INFINITY);
      if (!inTime) break;
      if (flags[place]?.[bit] === true) {
        previous = place;
        return place;
      }
    }
    return -1;
  });
};

/** Makes the search for attempts whose steps follow one another: ORDERED and STRICT. Time and memory grow with events times steps. */
export const createOrderedSearch = (funnel: Funnel, marks: FunnelMarks): ((events: ReadEvents) => Found | null) => {
  const legs = legsOf(funnel, marks);
  const all = legs.map(freshWays);
  const walk = createWalk(funnel, legs, all, bearingsOf(legs, marks.conditions.length));
  const hasOptional = funnel.steps.some(({ optional }) => optional);
  return (events) => {
    for (const ways of all) clear(ways, events.times.length);
    walk(events);
    const places = readBack(legs, all, events);
    if (places === null) return null;
    const entry = places[0] ?? -1;
    if (!hasOptional) return { places, entry };
    const byStep = new Map(legs.map(({ step }, index) => [step, places[index] ?? -1]));
    return { places: addOptional(funnel, marks, byStep, events), entry };
  };
};
