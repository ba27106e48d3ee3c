import type { Field } from "../field.ts";
import type { BehindUnit } from "../funnel/funnel-cell.ts";
import type { VALUE_NAMES } from "../watched/watched-value.ts";

/** Numbers of paths, as they are watched. */
export type PathNumber = (typeof VALUE_NAMES)["PATHS"][number];

/** A number of paths whose steps are told apart. */
export interface PathsApart {
  readonly number: PathNumber;
  /** Labels that it is of; null where it is of none. */
  readonly from: string | null;
  readonly to: string | null;
  /** What steps are told apart by. */
  readonly fields: readonly Field[];
  /** Values, one list for each of the first fields, of which a step has one; the empty text: it has none. */
  readonly held: readonly (readonly string[])[];
  /** Where stretches of time begin, in milliseconds since the epoch: the newest counted step of each is listed, and as many of the newest of all. */
  readonly edgesMs: readonly number[];
}

/** How many steps count, among how many that were looked at. */
export interface CountedSteps {
  readonly counted: number;
  readonly among: number;
}

/** Steps by the values of one field. */
export interface StepsByValue {
  /** Each value with its steps, those of most first; the empty text: steps without one. */
  readonly values: readonly (readonly [string, CountedSteps])[];
  /** Whether there were more values than are told. */
  readonly cut: boolean;
}

/** A number of paths by the steps it counts. */
export interface PathsToldApart {
  readonly whole: CountedSteps;
  /** By field, in their order. */
  readonly fields: readonly StepsByValue[];
  /** Different units of the steps that count. */
  readonly units: number;
  readonly listed: readonly BehindUnit[];
}
