import fc from "fast-check";
import type { ShapleyGame } from "../src/domain/attribution/model.ts";
import type { PathGroup, PathSet } from "../src/domain/attribution/paths.ts";

/** One journey by itself. */
export interface Journey {
  readonly steps: readonly number[];
  /** Null when it ended in no conversion. */
  readonly value: number | null;
}

/** Journeys written out, one by one, over so many labels. */
export const journeysOver = (labels: number, longest = 5, most = 12): fc.Arbitrary<readonly Journey[]> =>
  fc.array(
    fc.record({
      steps: fc.array(fc.nat({ max: labels - 1 }), { minLength: 1, maxLength: longest }),
      value: fc.option(fc.integer({ min: 0, max: 50 }), { nil: null }),
    }),
    { minLength: 1, maxLength: most },
  );

/** Puts journeys of the same path together, as the store does. */
export const pathSetOf = (labels: number, journeys: readonly Journey[]): PathSet => {
  const groups = new Map<string, PathGroup>();
  for (const { steps, value } of journeys) {
    const key = steps.join();
    const known = groups.get(key) ?? {
      ...{ steps, conversions: 0, value: 0, valueSquares: 0, losses: 0, toConvertMs: 0, timed: [] },
    };
    groups.set(key, {
      ...known,
      conversions: known.conversions + (value === null ? 0 : 1),
      value: known.value + (value ?? 0),
      valueSquares: known.valueSquares + (value ?? 0) ** 2,
      losses: known.losses + (value === null ? 1 : 0),
    });
  }
  return { labels: Array.from({ length: labels }, (_none, label) => `label ${label}`), groups: [...groups.values()] };
};

const zeros = (size: number): number[] => Array.from({ length: size }, () => 0);

/** Credit by label when a rule says, for each journey, which share each position has. */
export const creditByRule = (
  labels: number,
  journeys: readonly Journey[],
  shareOf: (steps: readonly number[], place: number) => number,
): { conversions: number[]; value: number[] } => {
  const credits = { conversions: zeros(labels), value: zeros(labels) };
  for (const { steps, value } of journeys)
    if (value !== null)
      steps.forEach((step, place) => {
        credits.conversions[step] = (credits.conversions[step] ?? 0) + shareOf(steps, place);
        credits.value[step] = (credits.value[step] ?? 0) + shareOf(steps, place) * value;
      });
  return credits;
};

/** Steps of the power iteration: after them next to nothing of a short chain is still under way. */
const POWER_STEPS = 4_000;

interface Walk {
  readonly conversions: number;
  readonly value: number;
}

/** Where a walker goes next: to a remembered past, home with a value, or nowhere. */
type Move = string | number | null;

/** Where walkers go from each remembered past, by listing the moves of the journeys themselves. */
const movesOf = (journeys: readonly Journey[], order: number): ReadonlyMap<string, readonly Move[]> => {
  const moves = new Map<string, Move[]>();
  const go = (from: string, to: Move): void => {
    moves.set(from, [...(moves.get(from) ?? []), to]);
  };
  for (const { steps, value } of journeys) {
    let from = "start";
    steps.forEach((_step, place) => {
      const to = steps.slice(Math.max(0, place + 1 - order), place + 1).join();
      go(from, to);
      from = to;
    });
    go(from, value);
  }
  return moves;
};

/** What a crowd of walkers brings home when each moves on by chance, and those who would enter a removed label are lost. */
export const walk = (journeys: readonly Journey[], order: number, removed: number | null): Walk => {
  const moves = movesOf(journeys, order);
  let crowd = new Map([["start", 1]]);
  const home = { conversions: 0, value: 0 };
  for (let step = 0; step < POWER_STEPS && crowd.size > 0; step += 1) {
    const next = new Map<string, number>();
    for (const [from, mass] of crowd) {
      const choices = moves.get(from) ?? [];
      for (const to of choices) {
        const part = mass / choices.length;
        if (typeof to === "number") {
          home.conversions += part;
          home.value += part * to;
        } else if (to !== null && !to.split(",").includes(String(removed)) && part > 1e-16)
          next.set(to, (next.get(to) ?? 0) + part);
      }
    }
    crowd = next;
  }
  return home;
};

/**
 * UPLIFT as docs/attribution.md has it, journey by journey: each conversion goes to the labels its journey met, by how much more often journeys of just that
 * set convert than those of the set without the label, or than all without it where too few met exactly the others.
 */
export const upliftByJourney = (
  labels: number,
  journeys: readonly Journey[],
  minJourneys: number,
): { conversions: number[]; value: number[] } => {
  const metBy = ({ steps }: Journey): ReadonlySet<number> => new Set(steps);
  const rate = (some: readonly Journey[]): number =>
    some.length === 0 ? 0 : some.filter(({ value }) => value !== null).length / some.length;
  const exactly = (met: ReadonlySet<number>) =>
    journeys.filter((one) => metBy(one).size === met.size && one.steps.every((step) => met.has(step)));
  const upliftOf = (met: ReadonlySet<number>, label: number): number => {
    const others = new Set([...met].filter((one) => one !== label));
    const without = others.size === 0 ? [] : exactly(others);
    if (others.size > 0 && without.length < minJourneys) {
      const [having, missing] = [true, false].map((has) => journeys.filter((one) => metBy(one).has(label) === has));
      return Math.max(0, rate(having ?? []) - rate(missing ?? []));
    }
    return Math.max(0, rate(exactly(met)) - rate(without));
  };
  const credits = { conversions: zeros(labels), value: zeros(labels) };
  for (const journey of journeys) {
    if (journey.value === null) continue;
    const met = metBy(journey);
    const uplifts = [...met].map((label) => upliftOf(met, label));
    const sum = uplifts.reduce((total, uplift) => total + uplift, 0);
    [...met].forEach((label, place) => {
      const share = sum > 0 ? (uplifts[place] ?? 0) / sum : 1 / met.size;
      credits.conversions[label] = (credits.conversions[label] ?? 0) + share;
      credits.value[label] = (credits.value[label] ?? 0) + share * (journey.value ?? 0);
    });
  }
  return credits;
};

const permutationsOf = (items: readonly number[]): readonly (readonly number[])[] =>
  items.length <= 1
    ? [items]
    : items.flatMap((item) => permutationsOf(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));

/** What journeys of a coalition are worth, read off the journeys one by one. */
const worthOf = (journeys: readonly Journey[], coalition: ReadonlySet<number>, game: ShapleyGame): number => {
  const within = journeys.filter(({ steps }) => steps.every((step) => coalition.has(step)));
  const converted = (some: readonly Journey[]): number => some.filter(({ value }) => value !== null).length;
  if (game === "CONVERSIONS") return converted(within);
  if (game === "RATE") return within.length === 0 ? 0 : converted(within) / within.length;
  const keyOf = ({ steps }: Journey): string => [...new Set(steps)].toSorted((one, other) => one - other).join();
  const keys = [...new Set(within.map(keyOf))];
  return keys.reduce((sum, key) => {
    const same = within.filter((journey) => keyOf(journey) === key);
    return sum + converted(same) / same.length;
  }, 0);
};

/** Shapley's value as he defined it: what each adds when all join one after another, on average over all orders. */
export const shapleyByPermutations = (
  labels: number,
  journeys: readonly Journey[],
  game: ShapleyGame,
): readonly number[] => {
  const orders = permutationsOf(Array.from({ length: labels }, (_none, label) => label));
  const values = zeros(labels);
  for (const order of orders) {
    const joined = new Set<number>();
    let before = 0;
    for (const label of order) {
      joined.add(label);
      const worth = worthOf(journeys, joined, game);
      values[label] = (values[label] ?? 0) + (worth - before) / orders.length;
      before = worth;
    }
  }
  return values;
};
