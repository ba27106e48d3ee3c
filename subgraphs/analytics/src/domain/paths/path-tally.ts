import { refuse } from "@tessera/platform/errors/refusal";
import type { Listed } from "../funnel/unit-list.ts";
import { followUnit, type FollowedUnit, type PathUnitRow } from "./follow.ts";
import { growing } from "./growing-list.ts";
import { PATH_LIMITS, type PathsQuestion } from "./paths.ts";
import { createStepValues, type StepValues } from "./step-values.ts";

/** Where steps are found again, of which something is listed. */
export interface KeptPlaces {
  /** The two words of each path's unit. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** Milliseconds of each step from the start of the range, and how many of the unit's events of that moment come before it. */
  readonly at: Float64Array;
  readonly tie: Int32Array;
  /** Beginnings that did not reach their end. */
  readonly unreached: readonly Listed[];
}

/** A step of a path that was kept, by their places; in one piece, since there are millions. */
export const listedStep = ({ low, high, at, tie }: KeptPlaces, path: number, step: number): Listed => ({
  low: low[path] ?? 0,
  high: high[path] ?? 0,
  at: at[step] ?? 0,
  tie: tie[step] ?? 0,
});

/** Paths as they are kept until all are known: steps of one after those of another, 12 bytes each. */
export interface KeptPaths {
  /** Codes of labels by the number they are kept as. */
  readonly codes: readonly number[];
  /** Numbers of labels, step by step. */
  readonly steps: Int32Array;
  /** Milliseconds since the step before; 0 for the first of a path. */
  readonly waits: Float64Array;
  /** Where each path begins in `steps`, and where the last one ends. */
  readonly starts: Int32Array;
  readonly goesOn: Uint8Array;
  readonly converted: Uint8Array;
  readonly units: number;
  readonly unreached: number;
  readonly cutUnits: number;
  /** Null where nothing is listed or told apart. */
  readonly places: KeptPlaces | null;
  /** Values by which steps are told apart; null where they are not. */
  readonly values: StepValues | null;
}

/** Numbers for codes, in the order they are met. */
const createNumbering = () => {
  const known = new Map<number, number>();
  const codes: number[] = [];
  return {
    codes,
    of: (code: number): number => {
      const number = known.get(code);
      if (number !== undefined) return number;
      known.set(code, codes.length);
      return codes.push(code) - 1;
    },
  };
};

const tooManySteps = (most: number): Error =>
  refuse(
    "RESULT_TOO_LARGE",
    `The paths have more than ${most.toLocaleString("en-US")} steps together: take a smaller \`maxDepth\`, a \`start\`, fewer \`steps\` or a shorter range.`,
    { field: "input.maxDepth", limit: most },
  );

/** How many of a unit's events of the same moment come before one. */
const tieOf = ({ times, from }: PathUnitRow, place: number): number => {
  let first = place;
  while (first > from && times[first - 1] === times[place]) first -= 1;
  return place - first;
};

/** Keeps where the steps of paths are found again. */
const createPlaces = () => {
  const low = growing(Uint32Array);
  const high = growing(Uint32Array);
  const at = growing(Float64Array);
  const tie = growing(Int32Array);
  const unreached: Listed[] = [];
  return {
    unreached,
    add: (row: PathUnitRow, followed: FollowedUnit): void => {
      const unit = { low: row.unitLow, high: row.unitHigh };
      for (const place of followed.unreached)
        unreached.push({ ...unit, at: row.times[place] ?? 0, tie: tieOf(row, place) });
      for (const { places } of followed.paths) {
        low.add(unit.low);
        high.add(unit.high);
        for (const place of places) {
          at.add(row.times[place] ?? 0);
          tie.add(tieOf(row, place));
        }
      }
    },
    result: (): KeptPlaces => ({
      ...{ low: low.list, high: high.list },
      ...{ at: at.list, tie: tie.list, unreached },
    }),
  };
};

/** Follows units one by one and keeps their paths. */
export const createPathTally = (
  question: PathsQuestion,
  most: number = PATH_LIMITS.toldSteps,
): { readonly add: (row: PathUnitRow) => void; readonly result: () => KeptPaths } => {
  const numbering = createNumbering();
  const steps = growing(Int32Array);
  const waits = growing(Float64Array);
  const starts = growing(Int32Array);
  const goesOn = growing(Uint8Array);
  const converted = growing(Uint8Array);
  const { behind, apart } = question;
  const places = behind === null && apart === null ? null : createPlaces();
  const values = apart === null ? null : createStepValues(apart);
  const bound = Math.floor(most / (1 + (apart?.fields.length ?? 0)));
  const counts = { units: 0, unreached: 0, cutUnits: 0 };
  return {
    add: (row) => {
      const followed = followUnit(question, row);
      const { paths, unreached } = followed;
      counts.unreached += unreached.length;
      places?.add(row, followed);
      values?.add(row, followed);
      if (steps.length + (places?.unreached.length ?? 0) > bound) throw tooManySteps(bound);
      if (paths.length === 0) return;
      counts.units += 1;
      if (row.cut) counts.cutUnits += 1;
      for (const path of paths) {
        starts.add(steps.length);
        for (let step = 0; step < path.codes.length; step += 1) {
          const time = path.times[step] ?? 0;
          steps.add(numbering.of(path.codes[step] ?? 0));
          waits.add(Math.abs(time - (path.times[step - 1] ?? time)));
        }
        goesOn.add(path.goesOn ? 1 : 0);
        converted.add(path.converted ? 1 : 0);
      }
    },
    result: () => {
      starts.add(steps.length);
      return {
        ...{ ...counts, codes: numbering.codes, places: places === null ? null : places.result() },
        values: values === null ? null : values.result(),
        steps: steps.list,
        waits: waits.list,
        starts: starts.list,
        goesOn: goesOn.list,
        converted: converted.list,
      };
    },
  };
};
