import { requiredSteps, type Funnel } from "../src/domain/funnel/funnel.ts";
import { funnelMarks } from "../src/domain/funnel/funnel-marks.ts";

/** An event as the reference sees it: when, and which conditions of the funnel it passes. */
export interface ReferenceEvent {
  readonly time: number;
  readonly passes: readonly boolean[];
}

/** What the reference finds: the place of each step's event (-1 for none), and of the entry. */
export interface ReferenceAttempt {
  readonly places: readonly number[];
  readonly entry: number;
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
};

const best = (candidates: readonly (readonly number[])[], rank: (places: readonly number[]) => readonly number[]) =>
  candidates.toSorted((a, b) => compare(rank(a), rank(b)))[0];

/** Every sequence of places, one per required step from the first on, that the rules of ORDERED or STRICT allow. */
const everyPath = (funnel: Funnel, events: readonly ReferenceEvent[]): readonly (readonly number[])[] => {
  const marks = funnelMarks(funnel);
  const required = requiredSteps(funnel);
  const time = (place: number): number => events[place]?.time ?? 0;
  const does = (place: number, bits: readonly number[]): boolean => bits.some((bit) => events[place]?.passes[bit]);
  const between = (from: number, to: number): readonly number[] =>
    Array.from({ length: to - from - 1 }, (_, index) => from + 1 + index);
  const mayFollow = (path: readonly number[], place: number): boolean => {
    const [step = 0, before = 0] = [required[path.length], required[path.length - 1]];
    const [from = 0, entry = 0] = [path.at(-1), path[0]];
    const bits = marks.steps[step] ?? [];
    const happened = bits.filter((bit) => [...between(from, place), place].some((one) => does(one, [bit])));
    const excluded = funnel.exclusions.some(
      (exclusion, index) =>
        exclusion.from <= before &&
        step <= exclusion.to &&
        between(from, place).some((one) => does(one, [marks.exclusions[index] ?? -1])),
    );
    return (
      place > from &&
      does(place, bits) &&
      happened.length >= (funnel.steps[step]?.atLeast ?? 1) &&
      !excluded &&
      (funnel.order !== "STRICT" || place === from + 1) &&
      time(place) - time(entry) <= (funnel.windowMs ?? Infinity) &&
      time(place) - time(from) <= (funnel.steps[step]?.withinMs ?? Infinity)
    );
  };
  const places = events.map((_event, place) => place);
  const entries = places.filter((place) => does(place, marks.steps[0] ?? []));
  const grow = (path: readonly number[]): readonly (readonly number[])[] => [
    path,
    ...(path.length === required.length
      ? []
      : places.filter((place) => mayFollow(path, place)).flatMap((place) => grow([...path, place]))),
  ];
  return (funnel.anchor === "FIRST" ? entries.slice(0, 1) : entries).flatMap((entry) => grow([entry]));
};

const withOptional = (
  funnel: Funnel,
  events: readonly ReferenceEvent[],
  path: readonly number[],
): readonly number[] => {
  const marks = funnelMarks(funnel);
  const required = requiredSteps(funnel);
  const entry = events[path[0] ?? 0]?.time ?? 0;
  const places: number[] = [];
  funnel.steps.forEach((step, index) => {
    const known = required.indexOf(index);
    if (known >= 0) {
      places.push(path[known] ?? -1);
      return;
    }
    const previous = Math.max(...places);
    const place = required.findIndex((other) => other > index);
    const end = path[place] ?? events.length;
    const reached = path[place - 1] !== undefined;
    const found = events.findIndex(
      ({ time, passes }, at) =>
        reached &&
        at > previous &&
        at < end &&
        passes[marks.steps[index]?.[0] ?? -1] === true &&
        time - entry <= (funnel.windowMs ?? Infinity) &&
        time - (events[previous]?.time ?? 0) <= (step.withinMs ?? Infinity),
    );
    places.push(found);
  });
  return places;
};

const ordered = (funnel: Funnel, events: readonly ReferenceEvent[]): ReferenceAttempt | null => {
  // The deepest; of these the one that ends first; then the latest entry; then, from the end back, the earliest events.
  const path = best(everyPath(funnel, events), (one) => [
    -one.length,
    one.at(-1) ?? 0,
    -(one[0] ?? 0),
    ...one.slice(1, -1).toReversed(),
  ]);
  return path === undefined ? null : { places: withOptional(funnel, events, path), entry: path[0] ?? -1 };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const unordered = (funnel: Funnel, events: readonly ReferenceEvent[]): ReferenceAttempt | null => {
  const marks = funnelMarks(funnel);
  const conditions = marks.steps.map(([bit = -1]) => bit);
  const own = events.map(({ passes }) => conditions.find((bit) => passes[bit] === true) ?? -1);
  const opening = own.findIndex((bit) => bit >= 0);
  const isAttempt = (places: readonly number[]): boolean => {
    const start = funnel.anchor === "FIRST" ? opening : Math.min(...places);
    const end = Math.max(...places);
    return (
      (events[end]?.time ?? 0) - (events[start]?.time ?? 0) <= (funnel.windowMs ?? Infinity) &&
      !events.some(({ passes }, at) => at > start && at < end && marks.exclusions.some((bit) => passes[bit] === true))
    );
  };
  const grow = (places: readonly number[]): readonly (readonly number[])[] => [
    ...(places.length > 0 && isAttempt(places) ? [places] : []),
    ...(places.length === conditions.length
      ? []
      : own.flatMap((bit, place) => {
          const condition = conditions[places.length];
          const inTurn = places.every((other, step) => conditions[step] !== condition || other < place);
          return bit === condition && inTurn && !places.includes(place) ? grow([...places, place]) : [];
        })),
  ];
  // The deepest; of these the one that ends first; then, from any event the latest events, from the first one the earliest.
  const latest = funnel.anchor === "ANY" ? -1 : 1;
  const places = best(grow([]), (one) => [
    -one.length,
    funnel.anchor === "ANY" ? Math.max(...one) : 0,
    latest * sum(one),
  ]);
  if (places === undefined) return null;
  return {
    places: conditions.map((_bit, step) => places[step] ?? -1),
    entry: funnel.anchor === "FIRST" ? opening : Math.min(...places),
  };
};

/** How far a unit got, by trying every way there is: the rules of docs/funnel-semantics.md word for word, in exponential time. */
export const referenceAttempt = (funnel: Funnel, events: readonly ReferenceEvent[]): ReferenceAttempt | null =>
  funnel.order === "UNORDERED" ? unordered(funnel, events) : ordered(funnel, events);
