import type { Attempt } from "./attempt.ts";
import type { Funnel } from "./funnel.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";

/** The value that puts a unit into its group: of one step's event, or the first or last that an event of the attempt carries. */
const groupOf = ({ breakdown }: Pick<Funnel, "breakdown">, { places }: Attempt, { values }: UnitRow): string => {
  if (breakdown === null) return "";
  if (breakdown.attribution === "STEP") return textAt(values, places[breakdown.step] ?? -1);
  // Of a field the events count in the order in which they happened, of which steps in no order have another.
  const inOrder = breakdown.kind === "FIELD" ? places.toSorted((one, other) => one - other) : places;
  const order = breakdown.attribution === "FIRST" ? inOrder : inOrder.toReversed();
  return order.map((place) => textAt(values, place)).find((value) => value !== "") ?? "";
};

/** The cohorts and segments that an event is of, each a digit after `=`; the empty text alone for an event of none. */
const membersIn = (value: string): readonly string[] => (value.length > 1 ? value.slice(1).split("") : [""]);

/** The groups a unit is of: one by a field's value, several by cohorts and segments. */
export const groupsOf = (funnel: Pick<Funnel, "breakdown">, attempt: Attempt, row: UnitRow): readonly string[] => {
  const value = groupOf(funnel, attempt, row);
  return funnel.breakdown?.kind === "MEMBERS" ? membersIn(value) : [value];
};
