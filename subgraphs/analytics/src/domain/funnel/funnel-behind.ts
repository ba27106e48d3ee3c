import type { Attempt } from "./attempt.ts";
import { readRange, requiredSteps, type Funnel } from "./funnel.ts";
import type { BehindUnit, FunnelCell, UnitEvent, UnitsBehind } from "./funnel-cell.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";
import { createUnitList, unitText } from "./unit-list.ts";

/** The ids of the events by which units are listed, in their order, from the units' events of those moments in the order in which they were looked at. */
export const listedEvents = (
  listed: readonly BehindUnit[],
  events: readonly UnitEvent[],
): readonly (BehindUnit & { readonly id: string })[] => {
  const keyOf = ({ unit, timeMs }: Pick<UnitEvent, "unit" | "timeMs">): string => `${unit} ${timeMs}`;
  const ids = new Map<string, UnitEvent[]>();
  for (const event of events) {
    const known = ids.get(keyOf(event));
    if (known === undefined) ids.set(keyOf(event), [event]);
    else known.push(event);
  }
  return listed.flatMap((one) => {
    const id = ids.get(keyOf(one))?.[one.tie]?.id;
    // What was erased since is not shown.
    return id === undefined ? [] : [{ ...one, id }];
  });
};

/** Collects the units of a cell. */
export interface BehindCount {
  /** Takes a unit that entered, with its groups. */
  readonly add: (row: UnitRow, attempt: Attempt, groups: readonly string[]) => void;
  readonly result: () => UnitsBehind | null;
}

/** Place of the event that makes a unit one of the cell; -1 for units that are not of it. */
const placeIn = (cell: FunnelCell, required: readonly number[]) => {
  const depth = required.indexOf(cell.step) + 1;
  return (row: UnitRow, attempt: Attempt): number => {
    if (cell.outcome === "REACHED") return attempt.places[cell.step] ?? -1;
    if (attempt.depth !== depth || depth === required.length) return -1;
    const last = Math.max(...attempt.places);
    return cell.next === null || textAt(row.following, last) === cell.next ? last : -1;
  };
};

/** Makes the collection of the units behind a number of a funnel; it collects nothing where they are not asked for. */
export const createBehindCount = ({ behind, ...funnel }: Funnel): BehindCount => {
  if (behind === null) return { add: () => undefined, result: () => null };
  const { fromMs } = readRange(funnel);
  const { cell } = behind;
  const find = placeIn(cell, requiredSteps(funnel));
  const list = createUnitList(behind, fromMs);
  let units = 0;
  return {
    add: (row, attempt, groups) => {
      const place = find(row, attempt);
      if (place < 0 || (cell.group !== null && !groups.includes(cell.group))) return;
      const enteredMs = fromMs + (row.times[attempt.entry] ?? 0);
      if (cell.entered !== null && (enteredMs < cell.entered.fromMs || enteredMs >= cell.entered.toMs)) return;
      units += 1;
      const at = row.times[place] ?? 0;
      let first = place;
      while (first > 0 && row.times[first - 1] === at) first -= 1;
      list.add({ low: row.unitLow, high: row.unitHigh, at, tie: place - first });
    },
    result: () => ({
      units,
      listed: list.list().map((one) => ({ unit: unitText(one), timeMs: fromMs + one.at, tie: one.tie })),
    }),
  };
};
