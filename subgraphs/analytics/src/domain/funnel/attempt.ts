import { requiredSteps, type Funnel } from "./funnel.ts";
import { createMarkReader, funnelMarks, type Flags, type FunnelMarks } from "./funnel-marks.ts";
import { createOrderedSearch } from "./ordered-search.ts";
import { createUnorderedSearch } from "./unordered-search.ts";

/** A unit's events in order; arrays of equal length. Events that no step and no exclusion is about have the mark 0. */
export interface UnitEvents {
  /** Milliseconds from any fixed moment. */
  readonly times: ArrayLike<number>;
  readonly marks: ArrayLike<number>;
}

/** How far a unit got, by docs/funnel-semantics.md. */
export interface Attempt {
  /** Place of each step's event among the unit's events, -1 where the unit did not get. */
  readonly places: readonly number[];
  /** Place of the event that entered: that of the first step, but in UNORDERED the earliest of the attempt. */
  readonly entry: number;
  /** When each step was reached, as in `times`; null where it was not. */
  readonly reachedAt: readonly (number | null)[];
  /** Required steps reached, 1 to all. */
  readonly depth: number;
}

/** Finds the attempt of one unit; null when it never entered. */
export type FindAttempt = (events: UnitEvents) => Attempt | null;

/** Steps in any order are reached when the last of the first so many is. */
const latestSoFar = (times: readonly (number | null)[]): readonly (number | null)[] => {
  let latest = Number.NEGATIVE_INFINITY;
  return times.map((time) => {
    if (time === null) return null;
    latest = Math.max(latest, time);
    return latest;
  });
};

/** Makes the search for attempts of a funnel; it keeps memory between units and is not to be shared by two callers at a time. */
export const createAttemptSearch = (funnel: Funnel, marks: FunnelMarks = funnelMarks(funnel)): FindAttempt => {
  const required = requiredSteps(funnel);
  const flagsOf = createMarkReader(marks.conditions.length, (own) => own);
  const search =
    funnel.order === "UNORDERED" ? createUnorderedSearch(funnel, marks) : createOrderedSearch(funnel, marks);
  const asksFlags =
    funnel.order === "UNORDERED" || funnel.steps.some(({ optional, atLeast }) => optional || atLeast > 1);
  const flags: Flags[] = [];
  return ({ times, marks: given }) => {
    flags.length = given.length;
    if (asksFlags) for (let place = 0; place < given.length; place += 1) flags[place] = flagsOf(given[place] ?? 0);
    const found = search({ times, marks: given, flags });
    if (found === null || (found.places[0] ?? -1) < 0) return null;
    const { places, entry } = found;
    const at = places.map((place) => (place < 0 ? null : (times[place] ?? null)));
    return {
      places,
      entry,
      reachedAt: funnel.order === "UNORDERED" ? latestSoFar(at) : at,
      depth: required.filter((step) => (places[step] ?? -1) >= 0).length,
    };
  };
};
