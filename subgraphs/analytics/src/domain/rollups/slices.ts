import { DAY_MS } from "../duration.ts";

/** Events that one statement counts when days have fewer: a second or two of the engine's work. */
export const SLICE_EVENTS = 1_000_000;

/** Lays a history out in slices of whole UTC days, in order; a day is never cut, so that a day with more events is a slice of its own. */
export const slicesOf = (
  days: readonly { readonly dayMs: number; readonly events: number }[],
  most = SLICE_EVENTS,
): readonly { readonly fromMs: number; readonly toMs: number; readonly events: number }[] => {
  const slices: { fromMs: number; toMs: number; events: number }[] = [];
  for (const { dayMs, events } of days) {
    const last = slices.at(-1);
    if (last === undefined || last.events + events > most) slices.push({ fromMs: dayMs, toMs: dayMs + DAY_MS, events });
    else {
      last.toMs = dayMs + DAY_MS;
      last.events += events;
    }
  }
  return slices;
};
