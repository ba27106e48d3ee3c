import { PART_ERROR } from "../funnel/counted-numbers.ts";
import { createNumberList, type NumberList } from "../funnel/number-list.ts";
import type { Approximation } from "../planner.ts";
import type { PageLine, SessionLine } from "./lay-out-metrics.ts";
import type { SessionSums } from "./session-answer.ts";

/** Persons of a line that are told apart where they are not units: those of the least hashes, by which more of them are estimated. */
export const LEAST_PERSONS = 4_096;
/** Durations of a line that are kept one by one: of 400 lines 105 MB. */
const EXACT_TIMES = 32_768;

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

interface Summed extends Omit<SessionLine, "sums"> {
  sums: SlicedLine["sums"];
  readonly times: NumberList;
  persons: BigUint64Array | null;
}

const both = (a: SlicedLine["sums"], b: SlicedLine["sums"]): SlicedLine["sums"] => ({
  ...{ sessions: a.sessions + b.sessions, squares: a.squares + b.squares, people: a.people + b.people },
  ...{ units: a.units + b.units, events: a.events + b.events, pageViews: a.pageViews + b.pageViews },
  ...{ durationMs: a.durationMs + b.durationMs, activeMs: a.activeMs + b.activeMs, bounced: a.bounced + b.bounced },
  ...{ engaged: a.engaged + b.engaged, converted: a.converted + b.converted, money: a.money + b.money },
});

/** The least of both, each once, in order. */
const leastOf = (one: BigUint64Array, other: readonly bigint[]): BigUint64Array =>
  BigUint64Array.from(new Set([...one, ...other]))
    .toSorted()
    .slice(0, LEAST_PERSONS);

const HASHES = 2 ** 64;

/** How many persons there are, by the least hashes of theirs: exactly while there are fewer than are kept, else by how close the last of them stand (Bar-Yossef and others, 2002). */
const personsOf = (least: BigUint64Array): number => {
  const last = least.at(LEAST_PERSONS - 1);
  return last === undefined ? least.length : Math.round(((LEAST_PERSONS - 1) * HASHES) / Number(last));
};

const COUNTED_TIMES: Approximation = {
  ...{ column: "durationQuantilesSeconds", method: "times counted by how great they are", relativeError: PART_ERROR },
};
const ESTIMATED_PEOPLE: Approximation = {
  ...{ column: "people", method: `the ${LEAST_PERSONS} persons of the least hashes` },
  relativeError: 1 / Math.sqrt(LEAST_PERSONS - 2),
};

/** Makes an empty {@link SessionSum}, whose lines keep at most so many durations one by one. */
export const createSessionSum = (exactTimes = EXACT_TIMES): SessionSum => {
  const found = new Map<string, Summed>();
  return {
    add: ({ values, bucket, sums, lasted, persons }) => {
      const key = JSON.stringify([values, bucket]);
      const known = found.get(key);
      const line: Summed = known ?? {
        ...{ values, bucket, sums, times: createNumberList(exactTimes) },
        persons: persons === null ? null : BigUint64Array.of(),
      };
      if (known === undefined) found.set(key, line);
      else line.sums = both(line.sums, sums);
      for (const [ms, sessions] of lasted) for (let one = 0; one < sessions; one += 1) line.times.add(ms);
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
            ...{ ...sums, durationsMs: times.told(levels).quantiles.map((time) => time ?? 0) },
            ...(persons === null ? {} : { people: personsOf(persons) }),
          },
        })),
        approximations: [
          ...(lines.some(({ times }) => times.counted !== null) ? [COUNTED_TIMES] : []),
          ...(lines.some(({ persons }) => persons?.length === LEAST_PERSONS) ? [ESTIMATED_PEOPLE] : []),
        ],
      };
    },
  };
};

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
        .toSorted((a, b) => b.sessions - a.sessions || Buffer.compare(Buffer.from(a.page), Buffer.from(b.page)))
        .slice(0, pages)
        .map((line) => ({ ...line, pages: found.size })),
  };
};
