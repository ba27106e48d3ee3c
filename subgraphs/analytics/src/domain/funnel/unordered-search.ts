import type { Funnel } from "./funnel.ts";
import type { FunnelMarks } from "./funnel-marks.ts";
import type { Found, ReadEvents } from "./search.ts";

/** A step's condition, and which of its events the step takes: the n-th, from 1. */
interface Share {
  readonly bit: number;
  readonly rank: number;
}

/** Steps of one condition take its events in turn. */
const sharesOf = ({ steps }: FunnelMarks): readonly Share[] =>
  steps.map(([bit = -1], index) => ({
    bit,
    rank: steps.slice(0, index).filter(([other]) => other === bit).length + 1,
  }));

/** The condition an event counts for: of those of the steps that it passes, the one of the earliest step; -1 for none. */
const ownCondition = (shares: readonly Share[], flags: readonly boolean[]): number =>
  shares.find(({ bit }) => flags[bit] === true)?.bit ?? -1;

interface Seen {
  /** Places of each condition's events so far. */
  readonly places: Map<number, number[]>;
  /** Place of the last excluded event so far, -1 for none. */
  excludedAt: number;
}

const note = (seen: Seen, condition: number, place: number): void => {
  const places = seen.places.get(condition);
  if (places === undefined) seen.places.set(condition, [place]);
  else places.push(place);
};

/** The n-th latest event of a condition so far, -1 for none. */
const lastOf = (seen: Seen, { bit, rank }: Share): number => seen.places.get(bit)?.at(-rank) ?? -1;

/** The latest events that make the first steps; steps of one condition take theirs in order. */
const latestPlaces = (seen: Seen, shares: readonly Share[], depth: number): readonly number[] =>
  shares.map(({ bit, rank }, index) => {
    const alike = shares.slice(0, depth).filter((share) => share.bit === bit).length;
    return index < depth ? lastOf(seen, { bit, rank: alike - rank + 1 }) : -1;
  });

const isExcluded = (marks: FunnelMarks, flags: readonly boolean[]): boolean =>
  marks.exclusions.some((bit) => flags[bit] === true);

/** How many of the first steps the last events of their conditions make, seen from a place: near enough, with nothing excluded between. */
const depthAt = (
  seen: Seen,
  shares: readonly Share[],
  opens: (start: number) => boolean,
): { depth: number; start: number } => {
  let [start, depth] = [Number.POSITIVE_INFINITY, 0];
  for (const share of shares) {
    const next = Math.min(start, lastOf(seen, share));
    if (next < 0 || next < seen.excludedAt || !opens(next)) break;
    [start, depth] = [next, depth + 1];
  }
  return { depth, start };
};

/** Any event may open the window: the attempt that gets deepest, and of these the one that ends first. */
const searchAny = (
  funnel: Funnel,
  marks: FunnelMarks,
  shares: readonly Share[],
  { times, flags }: ReadEvents,
): Found | null => {
  const windowMs = funnel.windowMs ?? Number.POSITIVE_INFINITY;
  const seen: Seen = { places: new Map(), excludedAt: -1 };
  let best: (Found & { readonly depth: number }) | null = null;
  flags.forEach((own, place) => {
    const condition = ownCondition(shares, own);
    if (condition >= 0) {
      note(seen, condition, place);
      const { depth, start } = depthAt(seen, shares, (first) => (times[place] ?? 0) - (times[first] ?? 0) <= windowMs);
      if (depth > (best?.depth ?? 0)) best = { depth, entry: start, places: latestPlaces(seen, shares, depth) };
    }
    if (isExcluded(marks, own)) seen.excludedAt = place;
  });
  return best;
};

/** The unit's first event of any step opens the window: the first events of each condition in it, up to the first that is excluded. */
const searchFirst = (
  funnel: Funnel,
  marks: FunnelMarks,
  shares: readonly Share[],
  { times, flags }: ReadEvents,
): Found | null => {
  const entry = flags.findIndex((own) => ownCondition(shares, own) >= 0);
  if (entry < 0) return null;
  const seen: Seen = { places: new Map(), excludedAt: -1 };
  for (let place = entry; place < flags.length; place += 1) {
    const own = flags[place] ?? [];
    if ((times[place] ?? 0) - (times[entry] ?? 0) > (funnel.windowMs ?? Number.POSITIVE_INFINITY)) break;
    note(seen, ownCondition(shares, own), place);
    if (place > entry && isExcluded(marks, own)) break;
  }
  const first = shares.map(({ bit, rank }) => seen.places.get(bit)?.[rank - 1] ?? -1);
  const missing = first.indexOf(-1);
  return { entry, places: missing < 0 ? first : first.map((place, index) => (index < missing ? place : -1)) };
};

/** Makes the search for attempts whose steps come in any order. */
export const createUnorderedSearch = (funnel: Funnel, marks: FunnelMarks): ((events: ReadEvents) => Found | null) => {
  const shares = sharesOf(marks);
  const search = funnel.anchor === "FIRST" ? searchFirst : searchAny;
  return (events) => search(funnel, marks, shares, events);
};
