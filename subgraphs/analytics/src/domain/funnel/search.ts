import type { Flags } from "./funnel-marks.ts";

/** A unit's events with marks read. */
export interface ReadEvents {
  readonly times: ArrayLike<number>;
  readonly marks: ArrayLike<number>;
  /** Flags of each mark; none are given to ordered searches without optional steps and steps of which several matchers must happen. */
  readonly flags: readonly Flags[];
}

/** What a search finds: places by step, and the place of the entry. */
export interface Found {
  readonly places: readonly number[];
  readonly entry: number;
}
