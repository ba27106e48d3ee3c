import { mayStand, type Bound, type CompiledPattern, type Run } from "./conditions.ts";
import { compareSightings, type Sighting } from "./sighting.ts";

/** What an event did to the runs of a key. */
export interface Step {
  readonly runs: readonly Run[];
  /** Runs that the event completed, or that time did. */
  readonly completed: readonly Run[];
  /** Runs left out because a key may have no more. */
  readonly shed: number;
}

const boundOf = ({ id, timeMs, sequence, values }: Sighting): Bound => ({ id, timeMs, sequence, values });

/** Orders runs by their events in order of the parts, an event before none: the first is the one a match is told by. */
const compareRuns = (one: Run, other: Run): number => {
  for (let part = 0; part < one.bound.length; part += 1) {
    const [left, right] = [one.bound[part] ?? null, other.bound[part] ?? null];
    if (left === null && right === null) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    const order = compareSightings(left, right);
    if (order !== 0) return order;
  }
  return 0;
};

const withBound = ({ start, bound }: Run, part: number, event: Bound): Run => ({
  start,
  bound: bound.map((now, index) => (index === part ? event : now)),
});

interface Grown {
  /** The run with the event, one for each part that it may stand for. */
  readonly grown: readonly Run[];
  /** Whether the run goes on without the event as well. */
  readonly stays: boolean;
}

const NOTHING: readonly Run[] = [];

/** How many of the parts that are not absent a run has events for. */
const foundOf = (positives: readonly number[], { bound }: Run): number => {
  let found = 0;
  while (found < positives.length && bound[positives[found] ?? 0] !== null) found += 1;
  return found;
};

const growOrdered = (compiled: CompiledPattern, run: Run, event: Bound, mask: number): Grown => {
  const { positives, gaps, settled } = compiled;
  const at = foundOf(positives, run);
  const stands = (part: number): boolean => (mask & (1 << part)) !== 0 && mayStand(compiled, part, event, run.bound);
  const spoilt = gaps[at - 1]?.some(stands) === true;
  const next = positives[at];
  if (next === undefined || !stands(next)) return { grown: NOTHING, stays: !spoilt };
  return { grown: [withBound(run, next, event)], stays: !spoilt && settled[next] === false };
};

const growUnordered = (compiled: CompiledPattern, run: Run, event: Bound, mask: number): Grown => {
  const parts = compiled.positives.filter(
    (part) => (mask & (1 << part)) !== 0 && run.bound[part] === null && mayStand(compiled, part, event, run.bound),
  );
  return {
    grown: parts.map((part) => withBound(run, part, event)),
    stays: !parts.some((part) => compiled.settled[part] === true),
  };
};

const beginnings = ({ pattern, ordered, positives }: CompiledPattern, event: Bound, mask: number): readonly Run[] => {
  const nothing = pattern.parts.map(() => null);
  const parts = ordered ? [0] : positives;
  return parts
    .filter((part) => (mask & (1 << part)) !== 0)
    .map((part) => withBound({ start: event, bound: nothing }, part, event));
};

/** Runs from the same beginning that wait for the same and are compared by the same: the first of them stands for all. */
const withoutTwins = ({ ordered, settled }: CompiledPattern, runs: readonly Run[]): readonly Run[] => {
  if (ordered || runs.length < 2) return runs;
  const kept = new Map<string, Run>();
  for (const run of runs) {
    const waits = run.bound.map((one, part) => (one === null ? "" : settled[part] === true ? "+" : one.id));
    const twin = `${run.start.id} ${waits.join(" ")}`;
    const known = kept.get(twin);
    if (known === undefined || compareRuns(run, known) < 0) kept.set(twin, run);
  }
  return [...kept.values()];
};

/** Of completed runs, one for each beginning: in the order of the beginnings, the first one of each. */
const bestOf = (runs: readonly Run[]): readonly Run[] => {
  if (runs.length < 2) return runs;
  const sorted = runs.toSorted((one, other) => compareSightings(one.start, other.start) || compareRuns(one, other));
  return sorted.filter((run, index) => index === 0 || sorted[index - 1]?.start.id !== run.start.id);
};

const countBound = ({ bound }: Run): number => bound.reduce((count, one) => (one === null ? count : count + 1), 0);

/** Takes a match out of what is under way, by the rule's skip. */
const after = ({ pattern }: CompiledPattern, runs: readonly Run[], found: readonly Run[]): Step => {
  if (found.length === 0) return { runs, completed: [], shed: 0 };
  if (pattern.skip === "PAST_LAST_EVENT") return { runs: [], completed: found.slice(0, 1), shed: 0 };
  const done = new Set(found.map(({ start }) => start.id));
  return { runs: runs.filter(({ start }) => !done.has(start.id)), completed: found, shed: 0 };
};

/** Drops the runs whose window ended before a moment. */
const within = (runs: readonly Run[], windowMs: number, timeMs: number): readonly Run[] =>
  runs.every(({ start }) => start.timeMs + windowMs >= timeMs)
    ? runs
    : runs.filter(({ start }) => start.timeMs + windowMs >= timeMs);

/** Shows an event to the runs of its key, which were brought to its time before. */
export const stepRuns = (compiled: CompiledPattern, given: readonly Run[], seen: Sighting, maxRuns: number): Step => {
  const { pattern, ordered } = compiled;
  const event = boundOf(seen);
  const completes = (run: Run): boolean => pattern.kind !== "ABSENCE" && countBound(run) >= pattern.atLeast;
  const grow = ordered ? growOrdered : growUnordered;
  const [kept, done]: [Run[], Run[]] = [[], []];
  const place = (run: Run): void => void (completes(run) ? done : kept).push(run);
  // Runs stay in the order of their beginnings: the oldest ends first.
  for (const run of within(given, pattern.windowMs, seen.timeMs)) {
    const { grown, stays } = grow(compiled, run, event, seen.mask);
    if (stays) kept.push(run);
    grown.forEach(place);
  }
  for (const run of beginnings(compiled, event, seen.mask))
    if (mayStand(compiled, run.bound.indexOf(event), event, run.bound)) place(run);
  const all = withoutTwins(compiled, kept);
  const step = after(compiled, all, bestOf(done));
  return step.runs.length <= maxRuns
    ? step
    : { ...step, runs: step.runs.slice(0, maxRuns), shed: step.runs.length - maxRuns };
};

/** Brings the runs of a key to a moment before which everything was seen: what waited only for its window to end is complete. */
export const settleRuns = (compiled: CompiledPattern, given: readonly Run[], beforeMs: number): Step => {
  const { pattern, positives } = compiled;
  const ends = ({ start }: Run): number => start.timeMs + pattern.windowMs;
  if (pattern.kind !== "ABSENCE") return { runs: within(given, pattern.windowMs, beforeMs), completed: [], shed: 0 };
  let runs = given;
  const completed: Run[] = [];
  for (;;) {
    const due = bestOf(runs.filter((run) => ends(run) < beforeMs && countBound(run) === positives.length));
    const [first] = due;
    if (first === undefined) break;
    const step = after(compiled, runs, [first]);
    completed.push(...step.completed);
    runs = step.runs;
  }
  return { runs: within(runs, pattern.windowMs, beforeMs), completed, shed: 0 };
};
