import type { AbuseKind, AbuseSource } from "@tessera/contracts/abuse";

/** Milliseconds of a window; windows follow the clock, one after the other. */
export const WINDOW_MS = 600_000;
/** Windows with use that are remembered of a source: what is usual for it. Eight hours of constant use, weeks of rare use. */
export const HISTORY_WINDOWS = 48;
/** Times its median above which use is no longer usual. */
export const TIMES_USUAL = 5;
/** Robust standard deviations (1.4826 MAD) above its median from which on use is no longer usual. */
export const DEVIATIONS = 10;
/** Median absolute deviation of a normal distribution, as a part of its standard deviation, turned over. */
const MAD_TO_DEVIATION = 1.4826;
/** Different pages in one window that are too many whatever is usual; no more than so many are remembered of a source. */
export const MOST_PAGES = 2_000;

/** What is measured of a source: different wrong keys, different other wrong credentials, different pages read, points spent. */
export const MEASURES = ["WRONG_KEYS", "WRONG_CREDENTIALS", "PAGES", "COST"] as const;

/** One of {@link MEASURES}. */
export type Measure = (typeof MEASURES)[number];

/** Something a source did: an amount of points, or one thing of which only different ones count. */
export type Observation =
  | { readonly measure: "COST"; readonly atMs: number; readonly amount: number }
  | { readonly measure: Exclude<Measure, "COST">; readonly atMs: number; readonly item: string };

/** From when on a measure is abuse. */
export interface Rule {
  readonly kind: AbuseKind;
  /** Never abuse below; 0: it is not looked for. */
  readonly floor: number;
  /** Always abuse from here on. A floor that is the ceiling makes a plain bound. */
  readonly ceiling: number;
}

/** The rules that hold for one kind of source. */
export type Rules = Readonly<Partial<Record<Measure, Rule>>>;

/** What of one measure is known of a source. */
export interface Tally {
  readonly value: number;
  /** Different things of the present window, as many as the ceiling at most. */
  readonly items: readonly string[];
  /** Values of earlier windows with use, oldest first, {@link HISTORY_WINDOWS} at most. */
  readonly history: readonly number[];
}

/** What is known of a source; everything the detector goes by. */
export interface SourceState {
  /** Beginning of its present window, milliseconds since the epoch. */
  readonly windowMs: number;
  readonly tallies: Readonly<Partial<Record<Measure, Tally>>>;
  /** What was found in the present window already. */
  readonly told: readonly AbuseKind[];
}

/** A bound that was reached. */
export interface Finding {
  readonly kind: AbuseKind;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly measured: number;
  readonly bound: number;
  /** Median of the earlier windows; 0 when there are none. */
  readonly usual: number;
  readonly atMs: number;
}

/** A finding and whose it is. */
export type SourceFinding = Finding & { readonly source: AbuseSource };

/** The median: the middle value or, of an even number, the mean of the two in the middle; 0 of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/**
 * The value from which on a window is abuse: the floor; more for who usually does more (five times the median and ten robust standard deviations above
 * it, after Leys et al. 2013, "Detecting outliers: do not use standard deviation around the mean"); never more than the ceiling.
 */
export const boundOf = ({ floor, ceiling }: Rule, history: readonly number[]): number => {
  const usual = median(history);
  const deviation = MAD_TO_DEVIATION * median(history.map((value) => Math.abs(value - usual)));
  return Math.min(ceiling, Math.max(floor, TIMES_USUAL * usual, usual + DEVIATIONS * deviation));
};

const EMPTY: Tally = { value: 0, items: [], history: [] };

const closed = (tally: Tally): Tally => ({
  ...EMPTY,
  history: tally.value > 0 ? [...tally.history, tally.value].slice(-HISTORY_WINDOWS) : tally.history,
});

/** The state at a time: a later window closes the one before; what comes late counts in the present one. */
const inWindow = (state: SourceState | null, atMs: number): SourceState => {
  const windowMs = Math.floor(atMs / WINDOW_MS) * WINDOW_MS;
  if (state === null) return { windowMs, tallies: {}, told: [] };
  if (windowMs <= state.windowMs) return state;
  const tallies: Partial<Record<Measure, Tally>> = {};
  for (const measure of MEASURES) {
    const tally = state.tallies[measure];
    if (tally !== undefined) tallies[measure] = closed(tally);
  }
  return { windowMs, tallies, told: [] };
};

const counted = (tally: Tally, observation: Observation, ceiling: number): Tally => {
  if (observation.measure === "COST") return { ...tally, value: tally.value + observation.amount };
  const { items } = tally;
  if (items.length >= ceiling || items.includes(observation.item)) return tally;
  return { ...tally, value: items.length + 1, items: [...items, observation.item] };
};

/** Takes one observation in; answers what is known afterwards, and the finding when a bound was reached for the first time in its window. */
export const observe = (
  before: SourceState | null,
  observation: Observation,
  rules: Rules,
): { readonly state: SourceState; readonly found: Finding | null } => {
  const rule = rules[observation.measure];
  const state = inWindow(before, observation.atMs);
  if (rule === undefined || rule.floor === 0) return { state, found: null };
  const tally = counted(state.tallies[observation.measure] ?? EMPTY, observation, rule.ceiling);
  const bound = boundOf(rule, tally.history);
  const isFound = tally.value >= bound && !state.told.includes(rule.kind);
  const after = {
    windowMs: state.windowMs,
    tallies: { ...state.tallies, [observation.measure]: tally },
    told: isFound ? [...state.told, rule.kind] : state.told,
  };
  const window = { windowFromMs: state.windowMs, windowToMs: state.windowMs + WINDOW_MS };
  const finding = { kind: rule.kind, ...window, measured: tally.value, bound, usual: median(tally.history) };
  return { state: after, found: isFound ? { ...finding, atMs: observation.atMs } : null };
};
