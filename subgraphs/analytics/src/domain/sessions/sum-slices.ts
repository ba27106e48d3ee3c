import { createCountedNumbers, PART_ERROR, type CountedNumbers } from "../funnel/counted-numbers.ts";
import type { Approximation } from "../planner.ts";
import { ESTIMATED_PEOPLE, LEAST_PERSONS, leastOf, personsOf } from "./least-persons.ts";
import type { PageLine, SessionLine } from "./lay-out-metrics.ts";
import type { SessionSums } from "./session-answer.ts";

/** Different durations of a line that are kept as they are: of 400 lines some 100 MB. More are counted by how great they are. */
const EXACT_TIMES = 4_096;

/** Numbers over the sessions of a slice of the units, in a group, a bucket, both or neither. */
export interface SlicedLine extends Omit<SessionLine, "sums"> {
  readonly sums: Omit<SessionSums, "durationsMs">;
  /** How long sessions lasted, in milliseconds, and how many did. */
  readonly lasted: readonly (readonly [ms: number, sessions: number])[];
  /** Hashes of the persons they began with, the {@link LEAST_PERSONS} least; null where those of other slices are others, so that they add up. */
  readonly persons: readonly bigint[] | null;
}

/** Puts the numbers of slices together. */
export interface SessionSum {
  add(line: SlicedLine): void;
  /** Lines there are. */
  readonly size: number;
  /** All of them, quantiles at these levels, and what in them is no longer exact. */
  told(levels: readonly number[]): {
    readonly lines: readonly SessionLine[];
    readonly approximations: readonly Approximation[];
  };
}

/** Durations with how many sessions lasted so. */
interface Times {
  add(ms: number, sessions: number): void;
  /** Whether each is known as it is. */
  readonly exact: boolean;
  /** Quantiles with linear interpolation (R's type 7); 0 of none. */
  quantiles(levels: readonly number[]): readonly number[];
}

/** The durations at some ranks from 0, which ascend. */
const atRanks = (exact: ReadonlyMap<number, number>, ranks: readonly number[]): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  let [seen, next] = [0, 0];
  for (const [ms, sessions] of [...exact].toSorted(([a], [b]) => a - b)) {
    seen += sessions;
    for (; (ranks[next] ?? Number.POSITIVE_INFINITY) < seen; next += 1) found.set(ranks[next] ?? 0, ms);
  }
  return found;
};

const createTimes = (most: number): Times => {
  const exact = new Map<number, number>();
  let counted: CountedNumbers | null = null;
  let length = 0;
  return {
    add: (ms, sessions) => {
      length += sessions;
      if (counted !== null) return counted.add(ms, sessions);
      exact.set(ms, (exact.get(ms) ?? 0) + sessions);
      if (exact.size <= most) return;
      counted = createCountedNumbers();
      for (const [one, count] of exact) counted.add(one, count);
      exact.clear();
    },
    get exact() {
      return counted === null;
    },
    quantiles: (levels) => {
      const places = levels.map((level) => (length - 1) * level);
      const ranks = [...new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]))];
      ranks.sort((a, b) => a - b);
      const known = counted === null ? atRanks(exact, ranks) : counted.at(ranks);
      return places.map((place) => {
        const [low, high] = [known.get(Math.floor(place)) ?? 0, known.get(Math.ceil(place)) ?? 0];
        return low + (high - low) * (place - Math.floor(place));
      });
    },
  };
};

interface Summed extends Omit<SessionLine, "sums"> {
  sums: SlicedLine["sums"];
  readonly times: Times;
  persons: BigUint64Array | null;
}

const both = (a: SlicedLine["sums"], b: SlicedLine["sums"]): SlicedLine["sums"] => ({
  ...{ sessions: a.sessions + b.sessions, squares: a.squares + b.squares, people: a.people + b.people },
  ...{ units: a.units + b.units, events: a.events + b.events, pageViews: a.pageViews + b.pageViews },
  ...{ durationMs: a.durationMs + b.durationMs, activeMs: a.activeMs + b.activeMs, bounced: a.bounced + b.bounced },
  ...{ engaged: a.engaged + b.engaged, converted: a.converted + b.converted, money: a.money + b.money },
});

const COUNTED_TIMES: Approximation = {
  ...{ column: "durationQuantilesSeconds", method: "times counted by how great they are", relativeError: PART_ERROR },
};
/** Makes an empty {@link SessionSum}, whose lines keep at most so many different durations as they are. */
export const createSessionSum = (exactTimes = EXACT_TIMES): SessionSum => {
  const found = new Map<string, Summed>();
  return {
    add: ({ values, bucket, sums, lasted, persons }) => {
      const key = JSON.stringify([values, bucket]);
      const known = found.get(key);
      const line: Summed = known ?? {
        ...{ values, bucket, sums, times: createTimes(exactTimes) },
        persons: persons === null ? null : BigUint64Array.of(),
      };
      if (known === undefined) found.set(key, line);
      else line.sums = both(line.sums, sums);
      for (const [ms, sessions] of lasted) line.times.add(ms, sessions);
      if (line.persons !== null && persons !== null) line.persons = leastOf(line.persons, persons);
    },
    get size() {
      return found.size;
    },
    told: (levels) => {
      const lines = [...found.values()];
      return {
        lines: lines.map(({ values, bucket, sums, times, persons }) => ({
          ...{ values, bucket },
          sums: {
            ...{ ...sums, durationsMs: times.quantiles(levels) },
            ...(persons === null ? {} : { people: personsOf(persons) }),
          },
        })),
        approximations: [
          ...(lines.some(({ times }) => !times.exact) ? [COUNTED_TIMES] : []),
          ...(lines.some(({ persons }) => persons?.length === LEAST_PERSONS) ? [ESTIMATED_PEOPLE] : []),
        ],
      };
    },
  };
};

const inBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** A session with what decides its place in a list, and whose it is. */
export interface PlacedSession {
  readonly id: string;
  readonly unit: string;
  readonly startMs: number;
}

/** The order of lists of sessions, as the store has it: from the latest start to the earliest, those of one start by id. */
export const newestFirst = (one: PlacedSession, other: PlacedSession): number =>
  other.startMs - one.startMs || inBytes(other.id, one.id);

/** Puts what pages are to the sessions of slices together. */
export interface PageSum {
  add(line: PageLine): void;
  /** Pages there are. */
  readonly size: number;
  /** Those of most sessions. */
  top(pages: number): readonly PageLine[];
}

/** Makes an empty {@link PageSum}. */
export const createPageSum = (): PageSum => {
  const found = new Map<string, PageLine>();
  return {
    add: (line) => {
      const known = found.get(line.page);
      found.set(
        line.page,
        known === undefined
          ? line
          : {
              ...{ ...line, sessions: known.sessions + line.sessions, pageViews: known.pageViews + line.pageViews },
              ...{ entries: known.entries + line.entries, exits: known.exits + line.exits },
              bounced: known.bounced + line.bounced,
            },
      );
    },
    get size() {
      return found.size;
    },
    top: (pages) =>
      [...found.values()]
        .toSorted((a, b) => b.sessions - a.sessions || inBytes(a.page, b.page))
        .slice(0, pages)
        .map((line) => ({ ...line, pages: found.size })),
  };
};
