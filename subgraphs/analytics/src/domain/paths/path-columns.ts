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
export const eachPathUnit = (columns: PathColumns, most: number, take: (row: PathUnitRow) => void): void => {
  const { rows, units, times, codes, marks, cut, values } = columns;
  for (let from = 0; from < rows;) {
    const [unitLow, unitHigh] = [units[2 * from] ?? 0, units[2 * from + 1] ?? 0];
    let end = from + 1;
    while (end < rows && units[2 * end] === unitLow && units[2 * end + 1] === unitHigh) end += 1;
    const to = Math.min(end, from + most);
    const isCut = cut === null ? to < end : cut[from] === 1;
    // The lists are handed over as they are: views of them would cost more than following does.
    take({ unitLow, unitHigh, from, to, cut: isCut, times, codes, marks, values });
    from = end;
  }
};
