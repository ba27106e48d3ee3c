import type { TextColumn } from "../funnel/unit-columns.ts";
import type { PathUnitRow } from "./follow.ts";

/** Numbers of events, one each. */
type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Events of some units in columns, in order of their units and within one of time. */
export interface PathColumns {
  readonly rows: number;
  /** Two words for each event, which tell its unit. */
  readonly units: Uint32Array;
  readonly times: Numbers;
  readonly codes: Numbers;
  readonly marks: Numbers;
  /** 1 for events of a unit that had more than are looked at; null where none are cut yet. */
  readonly cut: Numbers | null;
  /** Values of each field that steps are told apart by; the empty text for none. */
  readonly values: readonly TextColumn[];
}

/** Hands over the units one by one, each with its first events, at most so many. */
export const eachPathUnit = (
  { rows, units, times, codes, marks, cut, values }: PathColumns,
  most: number,
  take: (row: PathUnitRow) => void,
): void => {
  for (let from = 0; from < rows;) {
    let to = from + 1;
    while (to < rows && units[2 * to] === units[2 * from] && units[2 * to + 1] === units[2 * from + 1]) to += 1;
    const end = Math.min(to, from + most);
    take({
      ...{ unitLow: units[2 * from] ?? 0, unitHigh: units[2 * from + 1] ?? 0 },
      cut: cut === null ? end < to : cut[from] === 1,
      times: times.subarray(from, end),
      codes: codes.subarray(from, end),
      marks: marks.subarray(from, end),
      values: values.map((column) => ({ codes: column.codes.subarray(from, end), texts: column.texts })),
    });
    from = to;
  }
};
