import type { Bound, CompiledPattern, Run } from "./conditions.ts";
import type { Step } from "./runs.ts";
import type { Sighting } from "./sighting.ts";

const eventOf = ({ start }: Run): Bound => start;

/** Events from a beginning on, each the first with its value; all of them when events are counted and not values. */
const chainOf = (events: readonly Bound[], distinct: number | null): readonly Bound[] => {
  if (distinct === null) return events;
  const seen = new Set<unknown>();
  return events.filter(({ values }) => {
    const value = values[distinct];
    return seen.has(value) ? false : seen.add(value);
  });
};

/** How many of the remembered events, from the oldest on, are beginnings from which enough was counted. */
const reached = (events: readonly Bound[], atLeast: number, distinct: number | null): number => {
  if (distinct === null) return Math.max(0, events.length - atLeast + 1);
  const seen = new Set<unknown>();
  for (let from = events.length - 1; from >= 0; from -= 1) {
    seen.add(events[from]?.values[distinct]);
    if (seen.size >= atLeast) return from + 1;
  }
  return 0;
};

/** Shows an event of the one part of a COUNT to what is remembered of its key: a run for each event that may be a beginning. */
export const stepCount = (
  { pattern }: CompiledPattern,
  given: readonly Run[],
  seen: Sighting,
  maxRuns: number,
): Step => {
  const { atLeast, distinct, windowMs } = pattern;
  const { id, timeMs, sequence, values } = seen;
  const live = given.filter(({ start }) => start.timeMs + windowMs >= timeMs);
  if (distinct !== null && (values[distinct] ?? null) === null) return { runs: live, completed: [], shed: 0 };
  const event: Bound = { id, timeMs, sequence, values };
  const runs = [...live, { start: event, bound: [] }];
  const events = runs.map(eventOf);
  const found = reached(events, atLeast, distinct);
  if (found === 0) {
    const shed = Math.max(0, runs.length - maxRuns);
    return { runs: shed === 0 ? runs : runs.slice(shed), completed: [], shed };
  }
  const past = pattern.skip === "PAST_LAST_EVENT";
  const completed = events.slice(0, past ? 1 : found).map((start, from) => ({
    start,
    bound: chainOf(events.slice(from), distinct).slice(0, atLeast),
  }));
  return { runs: past ? [] : runs.slice(found), completed, shed: 0 };
};
