import type { TestEvent } from "./test-events.ts";

/** What decides a person's journeys. */
export interface JourneyRules {
  readonly fromMs: number;
  readonly toMs: number;
  readonly lookbackMs: number;
  readonly resets: boolean;
  readonly firstOnly: boolean;
  readonly stitched: boolean;
  /** Whether journeys are those of companies instead of persons. */
  readonly ofCompanies: boolean;
  readonly longest: number;
  /** Whether every journey that ended in no conversion counts, not only the last one. */
  readonly everyOpen: boolean;
}

/** What came of the journeys of one path. */
export interface ReferencePath {
  conversions: number;
  value: number;
  losses: number;
  toConvertMs: number;
  /** Shares of a decay of this half-life, by position. */
  timed: number[];
}

/** Half-life of the decay the reference computes, in milliseconds. */
export const REFERENCE_HALF_LIFE_MS = 2_000;

const isTouch = ({ name }: TestEvent): boolean => name === "touch" || name === "both";
const isWin = ({ name }: TestEvent): boolean => name === "buy" || name === "both";

const ownerOf = (events: readonly TestEvent[], anonymousId: string): string | null => {
  const signedIn = events
    .filter((event) => event.anonymousId === anonymousId && (event.userId ?? "") !== "")
    .toSorted((one, other) => one.timeMs - other.timeMs || ((one.userId ?? "") < (other.userId ?? "") ? -1 : 1));
  return signedIn[0]?.userId ?? null;
};

const companyOf = ({ properties }: TestEvent): string | null => {
  const groups = properties?.["groups"];
  return typeof groups === "object" && groups !== null && "company" in groups
    ? `company ${String(groups.company)}`
    : null;
};

const unitOf = (events: readonly TestEvent[], event: TestEvent, { stitched, ofCompanies }: JourneyRules) => {
  if (ofCompanies) return companyOf(event);
  const { userId, anonymousId } = event;
  if (userId !== undefined) return `user ${userId}`;
  if (anonymousId === undefined) return null;
  const owner = stitched ? ownerOf(events, anonymousId) : null;
  return owner === null ? `visitor ${anonymousId}` : `user ${owner}`;
};

/** A person's touchpoints, cut where a conversion lies between two of them, or more than a lookback. */
const apart = (
  touches: readonly TestEvent[],
  wins: readonly TestEvent[],
  lookbackMs: number,
): readonly (readonly TestEvent[])[] => {
  const journeys: TestEvent[][] = [];
  let before: TestEvent | null = null;
  for (const touch of touches) {
    const since = before?.timeMs ?? -Infinity;
    const won = wins.some(({ timeMs }) => timeMs >= since && timeMs < touch.timeMs);
    if (before === null || won || touch.timeMs - since > lookbackMs) journeys.push([]);
    journeys.at(-1)?.push(touch);
    before = touch;
  }
  return journeys;
};

/** A person's journeys that ended in no conversion. */
const lostOf = (
  touches: readonly TestEvent[],
  wins: readonly TestEvent[],
  { fromMs, lookbackMs, everyOpen }: JourneyRules,
): readonly (readonly TestEvent[])[] => {
  const last = touches.at(-1);
  if (last === undefined) return [];
  const within = (journey: readonly TestEvent[], endMs: number) =>
    journey.filter(({ timeMs }) => timeMs >= endMs - lookbackMs);
  if (!everyOpen) {
    const lastWin = Math.max(-Infinity, ...wins.map(({ timeMs }) => timeMs));
    const open = last.timeMs > lastWin && last.timeMs >= fromMs;
    return open
      ? [
          within(
            touches.filter(({ timeMs }) => timeMs > lastWin),
            last.timeMs,
          ),
        ]
      : [];
  }
  return apart(touches, wins, lookbackMs).flatMap((journey) => {
    const endMs = journey.at(-1)?.timeMs ?? 0;
    const converts = wins.some(({ timeMs }) => timeMs >= endMs && timeMs <= endMs + lookbackMs);
    return endMs >= fromMs && !converts ? [within(journey, endMs)] : [];
  });
};

/** A journey by itself. */
export interface ReferenceJourney {
  /** The conversion it ended in; null for none. */
  readonly won: TestEvent | null;
  readonly endMs: number;
  readonly touches: readonly TestEvent[];
}

const looked = (all: readonly TestEvent[], { fromMs, toMs, lookbackMs }: JourneyRules): readonly TestEvent[] =>
  all.filter(({ timeMs }) => timeMs >= fromMs - lookbackMs && timeMs < toMs);

/** The events with the user to whom each visitor's belong, where visitors count as whom they turned out to be. */
export const stitchedEvents = (all: readonly TestEvent[], rules: JourneyRules): readonly TestEvent[] =>
  all.map((event) => {
    const { userId, anonymousId } = event;
    if (!rules.stitched || rules.ofCompanies || userId !== undefined || anonymousId === undefined) return event;
    const owner = ownerOf(looked(all, rules), anonymousId);
    return owner === null ? event : { ...event, userId: owner };
  });

const worth = ({ revenue }: TestEvent): number => Number(revenue ?? 0);

/** Every journey of all events as the definition says, one by one. */
export const referenceJourneys = (all: readonly TestEvent[], rules: JourneyRules): readonly ReferenceJourney[] => {
  const { fromMs, lookbackMs, longest } = rules;
  const events = looked(all, rules);
  const units = new Set(events.map((event) => unitOf(events, event, rules)).filter((one) => one !== null));
  return [...units].flatMap((unit) => {
    const own = events.filter((event) => unitOf(events, event, rules) === unit);
    const touches = own
      .map((event) => ({ event, sequence: all.indexOf(event) }))
      .filter(({ event }) => isTouch(event))
      .toSorted((one, other) => one.event.timeMs - other.event.timeMs || one.sequence - other.sequence)
      .map(({ event }) => event);
    const wins = own.filter(isWin).toSorted((one, other) => one.timeMs - other.timeMs || worth(one) - worth(other));
    const counted = wins.filter(({ timeMs }) => timeMs >= fromMs);
    const won = (rules.firstOnly ? counted.slice(0, 1) : counted).map((win) => {
      const before = wins.filter(({ timeMs }) => timeMs < win.timeMs).map(({ timeMs }) => timeMs);
      const reset = rules.resets ? Math.max(-Infinity, ...before) : -Infinity;
      const met = touches.filter(
        ({ timeMs }) => timeMs <= win.timeMs && timeMs >= win.timeMs - lookbackMs && timeMs > reset,
      );
      return { won: win, endMs: win.timeMs, touches: met.slice(-longest) };
    });
    const lost = lostOf(touches, wins, rules).map((journey) => ({
      ...{ won: null, endMs: journey.at(-1)?.timeMs ?? 0, touches: journey.slice(-longest) },
    }));
    return [...won, ...lost];
  });
};

/** The paths of all events as the definition says, journey by journey; the key is the labels (sources), joined by ` > `. */
export const referencePaths = (all: readonly TestEvent[], rules: JourneyRules): ReadonlyMap<string, ReferencePath> => {
  const paths = new Map<string, ReferencePath>();
  for (const { won, endMs, touches } of referenceJourneys(all, rules)) {
    const key = touches.map(({ source }) => source).join(" > ");
    const path = paths.get(key) ?? { conversions: 0, value: 0, losses: 0, toConvertMs: 0, timed: touches.map(() => 0) };
    paths.set(key, path);
    if (won === null) {
      path.losses += 1;
      continue;
    }
    path.conversions += 1;
    path.value += worth(won);
    path.toConvertMs += endMs - (touches[0]?.timeMs ?? endMs);
    const weights = touches.map(({ timeMs }) => 0.5 ** ((endMs - timeMs) / REFERENCE_HALF_LIFE_MS));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights.forEach((weight, place) => {
      path.timed[place] = (path.timed[place] ?? 0) + weight / sum;
    });
  }
  return paths;
};
