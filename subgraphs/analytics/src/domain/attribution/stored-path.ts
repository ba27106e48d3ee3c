import { refuse } from "@tessera/platform/errors/refusal";
import type { TimedShares } from "./paths.ts";

/** Distinct paths of one answer, as many as of one reading of the store: the models' work grows with them. */
const MAX_PATHS = 50_000;

/** A distinct path as the store tells it; its steps are labels themselves. */
export interface StoredPath {
  readonly steps: readonly string[];
  readonly conversions: number;
  readonly value: number;
  readonly valueSquares: number;
  readonly losses: number;
  /** Persons that had too many events to look at; on the empty path only. */
  readonly excluded: number;
  /** Sum over the conversions of how many their person had, where a part of the persons was looked at; 0 where all were. */
  readonly squares: number;
  readonly toConvertMs: number;
  /** Journeys of which only the latest touchpoints are told. */
  readonly cutJourneys: number;
  readonly timed: readonly TimedShares[];
}

const tooManyPaths = (most: number): Error =>
  refuse(
    "RESULT_TOO_LARGE",
    `There are more than ${most.toLocaleString("en-US")} distinct paths: shorten \`maxPathLength\`, the lookback or the range, or take fewer channels.`,
    { field: "input.maxPathLength" },
  );

const added = (one: readonly number[], other: readonly number[]): readonly number[] =>
  one.length === 0 ? other : one.map((number, place) => number + (other[place] ?? 0));

const together = (one: StoredPath, other: StoredPath): StoredPath => ({
  steps: one.steps,
  conversions: one.conversions + other.conversions,
  value: one.value + other.value,
  valueSquares: one.valueSquares + other.valueSquares,
  losses: one.losses + other.losses,
  excluded: one.excluded + other.excluded,
  squares: one.squares + other.squares,
  toConvertMs: one.toConvertMs + other.toConvertMs,
  cutJourneys: one.cutJourneys + other.cutJourneys,
  timed: one.timed.map(({ conversions, value }, model) => ({
    conversions: added(conversions, other.timed[model]?.conversions ?? []),
    value: added(value, other.timed[model]?.value ?? []),
  })),
});

/** Paths of units that are read in parts, of which each unit is in one. */
export interface PathSum {
  readonly add: (paths: readonly StoredPath[]) => void;
  readonly paths: () => readonly StoredPath[];
}

/** Puts paths of the same steps together; refuses with RESULT_TOO_LARGE once there are more than so many distinct ones. */
export const createPathSum = (most: number = MAX_PATHS): PathSum => {
  const known = new Map<string, StoredPath>();
  return {
    add: (paths) => {
      for (const path of paths) {
        const key = JSON.stringify(path.steps);
        const before = known.get(key);
        known.set(key, before === undefined ? path : together(before, path));
        if (known.size > most) throw tooManyPaths(most);
      }
    },
    paths: () => [...known.values()],
  };
};
