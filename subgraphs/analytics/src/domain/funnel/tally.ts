import { refuse } from "@tessera/platform/errors/refusal";
import { createAttemptSearch, type Attempt } from "./attempt.ts";
import { funnelMarks, type FunnelMarks } from "./funnel-marks.ts";
import { createEntryCount, type EntryCounts } from "./entry-counts.ts";
import { didBetween } from "./did-between.ts";
import { createDropOffCount, type DropOffRuns } from "./drop-off-paths.ts";
import { createBehindCount } from "./funnel-behind.ts";
import { groupsOf } from "./funnel-groups.ts";
import type { UnitsBehind } from "./funnel-cell.ts";
import { createJourneys, type Journeys } from "./funnel-journeys.ts";
import { FUNNEL_LIMITS, readRange, requiredSteps, type Funnel } from "./funnel.ts";
import { createNumberList, type NumberList } from "./number-list.ts";
import type { TakePlain } from "./plain-search.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";

/** What is counted of a set of units. */
export interface Counts {
  /** Units that reached each step. */
  readonly reached: number[];
  /** Milliseconds from the required step before to each step, of units that did both; the first step's stays empty. */
  readonly times: readonly NumberList[];
  /** Milliseconds from entry to the last step. */
  readonly total: NumberList;
}

/** Units with something, by whether they converted. */
export interface WithSomething {
  converted: number;
  notConverted: number;
}

/** Everything that is counted of a funnel. */
export interface Tally {
  readonly all: Counts;
  /** By value of the breakdown: `=` and the value, or the empty text for none; by the place of a cohort or segment, the empty text for units in none. */
  readonly groups: ReadonlyMap<string, Counts>;
  /** Units that reached each step, by index of the bucket of their entry. */
  readonly trend: ReadonlyMap<number, readonly number[]>;
  /** By depth, what units that got no further did next: units by name, the empty text for nothing. */
  readonly next: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** By depth, in which order units that got no further did things next; empty unless more than the very next is asked for. */
  readonly nextPaths: DropOffRuns;
  /** By candidate, in their order. */
  readonly events: readonly WithSomething[];
  /** By field, then by value. */
  readonly fields: readonly ReadonlyMap<string, WithSomething>[];
  /** Journeys of units that entered; empty without an attribution. */
  readonly journeys: Journeys;
  /** Units by what their entry was; null when that is not asked for. */
  readonly entries: EntryCounts | null;
  /** The units behind a number; null when they are not asked for. */
  readonly behind: UnitsBehind | null;
  /** Units of which only the first events were looked at. */
  readonly cutUnits: number;
}

/** Counts of no units over so many steps. */
export const emptyCounts = (steps: number): Counts => ({
  reached: Array.from({ length: steps }, () => 0),
  times: Array.from({ length: steps }, () => createNumberList()),
  total: createNumberList(),
});

const found = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

/** The last of ascending starts that is not after a moment; the first when all are. */
const bucketAt = (startsMs: readonly number[], ms: number): number => {
  let [low, high] = [0, startsMs.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((startsMs[middle] ?? 0) <= ms) low = middle;
    else high = middle;
  }
  return low;
};

const countAttempt = (counts: Counts, { reachedAt }: Attempt, enteredAt: number, before: readonly number[]): void => {
  reachedAt.forEach((at, step) => {
    if (at === null) return;
    counts.reached[step] = (counts.reached[step] ?? 0) + 1;
    const from = reachedAt[before[step] ?? -1] ?? null;
    if (from !== null && step > 0) counts.times[step]?.add(at - from);
  });
  const end = reachedAt.at(-1) ?? null;
  if (end !== null) counts.total.add(end - enteredAt);
};

const tooMany = (where: string, what: string): Error =>
  refuse(
    "BAD_INPUT",
    `${what} has more than ${FUNNEL_LIMITS.distinctGroups} values here: take one with fewer, or filter.`,
    {
      field: where,
    },
  );

const add = (counts: WithSomething, converted: boolean): void => {
  if (converted) counts.converted += 1;
  else counts.notConverted += 1;
};

const nothing = (): WithSomething => ({ converted: 0, notConverted: 0 });

/** One part of a count: takes units with their attempts. */
interface Part<Result> {
  readonly add: (row: UnitRow, attempt: Attempt) => void;
  readonly result: Result;
}

const entered = (row: UnitRow, attempt: Attempt): number => row.times[attempt.entry] ?? 0;

const stepsBefore = (funnel: Funnel): readonly number[] => {
  const required = requiredSteps(funnel);
  return funnel.steps.map((_step, index) => required.findLast((step) => step < index) ?? -1);
};

const countPlain = ({ reached, times, total }: Counts, depth: number, at: ArrayLike<number>): void => {
  for (let step = 0; step < depth; step += 1) {
    reached[step] = (reached[step] ?? 0) + 1;
    if (step > 0) times[step]?.add((at[step] ?? 0) - (at[step - 1] ?? 0));
  }
  if (depth === reached.length) total.add((at[depth - 1] ?? 0) - (at[0] ?? 0));
};

const countAll = (funnel: Funnel): Part<Counts> & { readonly addPlain: AddPlain } => {
  const [result, before] = [emptyCounts(funnel.steps.length), stepsBefore(funnel)];
  return {
    result,
    add: (row, attempt) => countAttempt(result, attempt, entered(row, attempt), before),
    addPlain: (depth, times) => countPlain(result, depth, times),
  };
};

const countGroups = (funnel: Funnel): Part<ReadonlyMap<string, Counts>> => {
  const [result, before] = [new Map<string, Counts>(), stepsBefore(funnel)];
  return {
    result,
    add: (row, attempt) => {
      if (funnel.breakdown === null) return;
      for (const group of groupsOf(funnel, attempt, row)) {
        const counts = found(result, group, () => emptyCounts(funnel.steps.length));
        countAttempt(counts, attempt, entered(row, attempt), before);
      }
      if (funnel.breakdown.kind === "FIELD" && result.size > FUNNEL_LIMITS.distinctGroups)
        throw tooMany("input.breakdown.field", `\`${funnel.breakdown.field.name}\``);
    },
  };
};

/** The first steps a unit reached, in the bucket of its entry. */
type AddPlain = (depth: number, times: ArrayLike<number>) => void;

const countTrend = (funnel: Funnel): Part<ReadonlyMap<number, readonly number[]>> & { readonly addPlain: AddPlain } => {
  const result = new Map<number, number[]>();
  const { trend } = funnel;
  const { fromMs } = readRange(funnel);
  const reachedFrom = (startsMs: readonly number[], enteredAt: number): number[] =>
    found(result, bucketAt(startsMs, fromMs + enteredAt), () => funnel.steps.map(() => 0));
  return {
    result,
    add: (row, attempt) => {
      if (trend === null) return;
      const reached = reachedFrom(trend.buckets.startsMs, entered(row, attempt));
      attempt.reachedAt.forEach((at, step) => {
        if (at !== null) reached[step] = (reached[step] ?? 0) + 1;
      });
    },
    addPlain: (depth, times) => {
      if (trend === null) return;
      const reached = reachedFrom(trend.buckets.startsMs, times[0] ?? 0);
      for (let step = 0; step < depth; step += 1) reached[step] = (reached[step] ?? 0) + 1;
    },
  };
};

const countNext = (funnel: Funnel): Part<ReadonlyMap<number, ReadonlyMap<string, number>>> => {
  const result = new Map<number, Map<string, number>>();
  const deepest = requiredSteps(funnel).length;
  return {
    result,
    add: (row, { depth, places }) => {
      if (funnel.dropOffs === null || depth === deepest) return;
      const names = found(result, depth, () => new Map<string, number>());
      const name = textAt(row.following, Math.max(...places));
      names.set(name, (names.get(name) ?? 0) + 1);
    },
  };
};

const countCorrelation = (funnel: Funnel, events: number): Part<Pick<Tally, "events" | "fields">> => {
  const did = Array.from({ length: events }, nothing);
  const fields = (funnel.correlation?.fields ?? []).map(() => new Map<string, WithSomething>());
  const deepest = requiredSteps(funnel).length;
  return {
    result: { events: did, fields },
    add: (row, attempt) => {
      if (funnel.correlation === null) return;
      const converted = attempt.depth === deepest;
      for (const candidate of didBetween(funnel, attempt, row)) {
        const counts = did[candidate - 1];
        if (counts !== undefined) add(counts, converted);
      }
      fields.forEach((values, index) => {
        const value = textAt(row.fieldValues[index] ?? null, attempt.places[0] ?? -1);
        add(found(values, value, nothing), converted);
        if (values.size > FUNNEL_LIMITS.distinctGroups)
          throw tooMany(`input.correlation.fields.${index}`, `\`${funnel.correlation?.fields[index]?.name ?? ""}\``);
      });
    },
  };
};

/** Counts a funnel unit by unit. */
export interface FunnelTally {
  /** Looks for the unit's attempt and counts it; times count from the start of what is read. */
  readonly add: (row: UnitRow) => void;
  /** Counts the attempt of a unit of a funnel of which moments and steps alone are asked; see {@link isPlain}. */
  readonly addPlain: TakePlain;
  readonly result: () => Tally;
}

/** Makes the count of a funnel whose events are marked by `marks`; `events` is how many candidates there are. */
export const createTally = (funnel: Funnel, events: number, marks: FunnelMarks = funnelMarks(funnel)): FunnelTally => {
  const search = createAttemptSearch(funnel, marks);
  const [all, groups, trend] = [countAll(funnel), countGroups(funnel), countTrend(funnel)];
  const nextPaths = createDropOffCount(funnel);
  const [next, correlation] = [countNext(funnel), countCorrelation(funnel, events)];
  const journeys = createJourneys(funnel);
  const entries = createEntryCount(funnel);
  const parts = [all, groups, trend, next, nextPaths, correlation, journeys, entries];
  const beforeMs = (funnel.entriesBeforeMs ?? Number.POSITIVE_INFINITY) - readRange(funnel).fromMs;
  const behind = createBehindCount(funnel);
  let cutUnits = 0;
  return {
    add: (row) => {
      const attempt = search(row);
      if (attempt === null || entered(row, attempt) >= beforeMs) return;
      if (row.cut) cutUnits += 1;
      for (const part of parts) part.add(row, attempt);
      if (funnel.behind !== null) behind.add(row, attempt, groupsOf(funnel, attempt, row));
    },
    addPlain: (depth, times, cut) => {
      if ((times[0] ?? 0) >= beforeMs) return;
      if (cut) cutUnits += 1;
      all.addPlain(depth, times);
      trend.addPlain(depth, times);
    },
    result: () => ({
      all: all.result,
      groups: groups.result,
      trend: trend.result,
      next: next.result,
      nextPaths: nextPaths.result,
      ...correlation.result,
      journeys: journeys.result(),
      entries: entries.result(),
      behind: behind.result(),
      cutUnits,
    }),
  };
};
