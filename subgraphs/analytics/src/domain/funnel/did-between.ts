import type { Attempt } from "./attempt.ts";
import type { Funnel } from "./funnel.ts";
import type { UnitRow } from "./unit-columns.ts";

/** Which candidates a unit did after its entry: before it converted, or else within the window. */
export const didBetween = (
  funnel: Pick<Funnel, "windowMs">,
  { places, entry }: Attempt,
  row: UnitRow,
): ReadonlySet<number> => {
  const end = places.at(-1) ?? -1;
  const until = (row.times[entry] ?? 0) + (funnel.windowMs ?? Number.POSITIVE_INFINITY);
  const done = new Set<number>();
  const { candidates } = row;
  if (candidates === null) return done;
  for (let place = entry + 1; place < (end < 0 ? candidates.length : Math.max(...places)); place += 1) {
    const candidate = candidates[place] ?? 0;
    if (candidate > 0 && (row.times[place] ?? 0) <= until) done.add(candidate);
  }
  return done;
};
