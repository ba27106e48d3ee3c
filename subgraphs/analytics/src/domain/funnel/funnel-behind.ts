import type { Attempt } from "./attempt.ts";
import { didBetween } from "./did-between.ts";
import { readRange, requiredSteps, type Funnel } from "./funnel.ts";
import type { BehindUnit, FunnelCell, FunnelFinding, UnitEvent, UnitsBehind } from "./funnel-cell.ts";
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

/** Whether a unit did things one after another behind a place, and nothing after them where that is asked for. */
const didThen = (row: UnitRow, last: number, { events, ended }: NonNullable<FunnelCell["afterwards"]>): boolean => {
  const columns = [row.following, ...row.later];
  return (
    events.every((name, index) => textAt(columns[index] ?? null, last) === name) &&
    (!ended || textAt(columns[events.length] ?? null, last) === "")
  );
};

const dropsOffAs = ({ next, afterwards }: FunnelCell, row: UnitRow, last: number): boolean =>
  (next === null || textAt(row.following, last) === next) && (afterwards === null || didThen(row, last, afterwards));

/** Whether a unit had what a finding names, or had it not, whichever is asked for. */
const isOfFinding = (funnel: Omit<Funnel, "behind">, finding: FunnelFinding | null, row: UnitRow, attempt: Attempt) => {
  if (finding === null) return true;
  const had =
    finding.kind === "EVENT"
      ? didBetween(funnel, attempt, row).size > 0
      : textAt(row.fieldValues[0] ?? null, attempt.places[0] ?? -1) === finding.value;
  return had === finding.with;
};

/** Place of the event that makes a unit one of the cell; -1 for units that are not of it. */
const placeIn = (cell: FunnelCell, required: readonly number[]) => {
  const depth = required.indexOf(cell.step) + 1;
  return (row: UnitRow, attempt: Attempt): number => {
    const converted = attempt.depth === required.length;
    switch (cell.outcome) {
      case "REACHED":
        return attempt.places[cell.step] ?? -1;
      case "CONVERTED":
        return converted ? (attempt.places.at(-1) ?? -1) : -1;
      case "NOT_CONVERTED":
        return converted ? -1 : Math.max(...attempt.places);
      case "DROPPED_OFF": {
        if (attempt.depth !== depth || converted) return -1;
        const last = Math.max(...attempt.places);
        return dropsOffAs(cell, row, last) ? last : -1;
      }
    }
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
      if (!isOfFinding(funnel, cell.finding, row, attempt)) return;
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
