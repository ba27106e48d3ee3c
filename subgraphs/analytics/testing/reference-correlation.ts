import type { CorrelationPatternInput } from "../src/domain/correlation/rule.ts";
import { parseDuration } from "../src/domain/duration.ts";
import { passes, numberOf, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** An event with its place among those of its batch. */
export interface PlacedEvent extends TestEvent {
  readonly sequence: number;
}

/** A match by its events as `part=id`, and when it was complete. */
export interface ReferenceMatch {
  readonly events: readonly string[];
  readonly completedAtMs: number;
}

interface Candidate extends ReferenceMatch {
  readonly start: number;
  /** Place of the last event, or of nothing for what the end of a window completes. */
  readonly last: number;
  readonly tuple: readonly number[];
}

type Part = CorrelationPatternInput["parts"][number];

const BOUNDS = { minMs: 0, maxMs: Number.MAX_SAFE_INTEGER };

/** The values of an event's key under a part as one text; null when one is missing. */
export const keyOfEvent = (event: TestEvent, part: Part): string | null => {
  const values = part.key.map((name) =>
    name === "person"
      ? event.userId === undefined
        ? (event.anonymousId ?? null)
        : `user ${event.userId}`
      : textOf(event, name),
  );
  return values.some((value) => value === null || value === "") ? null : JSON.stringify(values);
};

/** Whether an event is one of a part, whatever its key. */
export const isOfPart = (event: TestEvent, part: Part): boolean =>
  (!part.events || part.events.includes(event.name)) && passes(event, part.filter ?? null);

const holds = (
  condition: NonNullable<CorrelationPatternInput["conditions"]>[number],
  left: TestEvent,
  right: TestEvent,
): boolean => {
  const times = condition.times ?? 1;
  const text = (condition.comparison === "EQ" || condition.comparison === "NE") && times === 1;
  if (text) {
    const [one, other] = [textOf(left, condition.left.field), textOf(right, condition.right.field)];
    return one !== null && other !== null && (condition.comparison === "EQ" ? one === other : one !== other);
  }
  const [one, plain] = [numberOf(left, condition.left.field), numberOf(right, condition.right.field)];
  if (one === null || plain === null) return false;
  const other = plain * times;
  const by = {
    EQ: one === other,
    NE: one !== other,
    GT: one > other,
    GTE: one >= other,
    LT: one < other,
    LTE: one <= other,
  };
  return by[condition.comparison];
};

type Places = ReadonlyMap<number, number>;

/** The words of the definition, for the events of one key: each is a question about places of events by place of part. */
const wordsOf = (input: CorrelationPatternInput, events: readonly PlacedEvent[], key: string) => {
  const { kind, parts } = input;
  const windowMs = parseDuration(input.window, "window", BOUNDS);
  const positives = parts.flatMap((part, index) => (part.absent === true ? [] : [index]));
  const timeOf = (at: number): number => events[at]?.timeMs ?? Number.NaN;
  const fits = (at: number, part: number): boolean => {
    const [event, one] = [events[at], parts[part]];
    return event !== undefined && one !== undefined && isOfPart(event, one) && keyOfEvent(event, one) === key;
  };
  const conditionsHold = (places: Places, only: number | null): boolean =>
    (input.conditions ?? []).every((condition) => {
      const at = [condition.left, condition.right].map(({ part }) => parts.findIndex(({ name }) => name === part));
      if (only !== null && !at.includes(only)) return true;
      const [left, right] = at.map((part) => events[places.get(part) ?? -1]);
      return left === undefined || right === undefined || holds(condition, left, right);
    });
  /** No event of an absent part lies strictly between its neighbours, or before the window's end when it is the last. */
  const nothingBetween = (places: Places, start: number): boolean =>
    parts.every((part, index) => {
      if (part.absent !== true) return true;
      const before = places.get(positives.findLast((place) => place < index) ?? -1) ?? -1;
      const next = positives.find((place) => place > index);
      const until = next === undefined ? events.length : (places.get(next) ?? -1);
      return !events.some(
        (_event, at) =>
          at > before &&
          at < until &&
          (next !== undefined || timeOf(at) <= timeOf(start) + windowMs) &&
          fits(at, index) &&
          conditionsHold(new Map([...places, [index, at]]), index),
      );
    });
  const ordered = kind === "SEQUENCE" || kind === "ABSENCE";
  const atLeast = kind === "ANY" ? (input.atLeast ?? 1) : positives.length;
  return { windowMs, positives, timeOf, fits, conditionsHold, nothingBetween, ordered, atLeast };
};

/** Every way to give the parts events of one key, checked against the words of the definition one by one. */
const candidatesOf = (
  input: CorrelationPatternInput,
  events: readonly PlacedEvent[],
  key: string,
): readonly Candidate[] => {
  const { kind, parts } = input;
  const words = wordsOf(input, events, key);
  const { windowMs, positives, timeOf, ordered, atLeast } = words;
  const found: Candidate[] = [];
  const complete = (places: Places): void => {
    const start = Math.min(...places.values());
    const last = Math.max(...places.values());
    if (!words.conditionsHold(places, null) || !words.nothingBetween(places, start)) return;
    found.push({
      start,
      last: kind === "ABSENCE" ? Infinity : last,
      tuple: parts.map((_part, index) => places.get(index) ?? Infinity),
      events: parts.flatMap(({ name }, index) => {
        const event = events[places.get(index) ?? -1];
        return event === undefined ? [] : [`${name}=${event.id}`];
      }),
      completedAtMs: kind === "ABSENCE" ? timeOf(start) + windowMs : timeOf(last),
    });
  };
  const give = (places: Places, part: number): void => {
    if (places.size === atLeast) complete(places);
    const next = positives[part];
    if (next === undefined || places.size === atLeast) return;
    if (!ordered) give(places, part + 1);
    const used = [...places.values()];
    events.forEach((_event, at) => {
      if (used.includes(at) || (ordered && used.some((other) => other >= at)) || !words.fits(at, next)) return;
      if (used.some((other) => Math.abs(timeOf(other) - timeOf(at)) > windowMs)) return;
      give(new Map([...places, [next, at]]), part + 1);
    });
  };
  give(new Map(), 0);
  return found;
};

/** Beginnings from which enough events, or enough events of different values, lie within the window. */
const countsOf = (
  input: CorrelationPatternInput,
  events: readonly PlacedEvent[],
  key: string,
): readonly Candidate[] => {
  const [part] = input.parts;
  if (part === undefined) return [];
  const windowMs = parseDuration(input.window, "window", BOUNDS);
  const { distinct } = input;
  const own = events.filter(
    (event) =>
      isOfPart(event, part) && keyOfEvent(event, part) === key && (!distinct || textOf(event, distinct) !== null),
  );
  return own.flatMap((first, start): readonly Candidate[] => {
    const chain: number[] = [];
    const values = new Set<string | null>();
    own.forEach((event, at) => {
      if (at < start || event.timeMs > first.timeMs + windowMs || chain.length === input.atLeast) return;
      const value = distinct ? textOf(event, distinct) : String(at);
      if (values.has(value)) return;
      values.add(value);
      chain.push(at);
    });
    const last = chain.at(-1);
    if (last === undefined || chain.length !== input.atLeast) return [];
    const told = chain.flatMap((at) => own[at] ?? []);
    return [
      {
        ...{ start, last, tuple: chain },
        events: told.map(({ id }) => `${part.name}=${id}`),
        completedAtMs: told.at(-1)?.timeMs ?? 0,
      },
    ];
  });
};

const compareTuples = (one: readonly number[], other: readonly number[]): number => {
  const at = one.findIndex((place, index) => place !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
};

/** Of each beginning the way that is complete first, and of those the first in order of the parts. */
const bestOfEach = (candidates: readonly Candidate[]): readonly Candidate[] =>
  [...new Set(candidates.map(({ start }) => start))].flatMap((start) => {
    const own = candidates.filter((one) => one.start === start);
    return own
      .toSorted(
        (one, other) => (one.last === other.last ? 0 : one.last - other.last) || compareTuples(one.tuple, other.tuple),
      )
      .slice(0, 1);
  });

const skipped = (
  input: CorrelationPatternInput,
  found: readonly Candidate[],
  timeOf: (at: number) => number,
): readonly Candidate[] => {
  if (input.skip === "TO_NEXT_EVENT") return found;
  const taken: Candidate[] = [];
  for (const one of found) {
    const before = taken.at(-1);
    const free =
      before === undefined ||
      (input.kind === "ABSENCE" ? timeOf(one.start) > before.completedAtMs : one.start > before.last);
    if (free) taken.push(one);
  }
  return taken;
};

/**
 * The matches of a pattern among events, by the plain meaning of docs/event-correlation.md: the events sorted as a whole, every key by itself, every way
 * tried. An ABSENCE is told when its window ended before `endMs`.
 */
export const correlateByDefinition = (
  input: CorrelationPatternInput,
  given: readonly PlacedEvent[],
  endMs: number,
): readonly ReferenceMatch[] => {
  const sorted = given.toSorted(
    (one, other) => one.timeMs - other.timeMs || one.sequence - other.sequence || (one.id < other.id ? -1 : 1),
  );
  const keys = new Set(sorted.flatMap((event) => input.parts.flatMap((part) => keyOfEvent(event, part) ?? [])));
  return [...keys].flatMap((key) => {
    const all = input.kind === "COUNT" ? countsOf(input, sorted, key) : candidatesOf(input, sorted, key);
    const [part] = input.parts;
    const own = sorted.filter(
      (event) =>
        part !== undefined &&
        isOfPart(event, part) &&
        keyOfEvent(event, part) === key &&
        (!input.distinct || textOf(event, input.distinct) !== null),
    );
    const events = input.kind === "COUNT" ? own : sorted;
    const timeOf = (at: number): number => events[at]?.timeMs ?? Number.NaN;
    const ended = all.filter(({ completedAtMs }) => input.kind !== "ABSENCE" || completedAtMs < endMs);
    const inOrder = bestOfEach(ended).toSorted(
      (one, other) =>
        one.completedAtMs - other.completedAtMs ||
        (one.last === other.last ? 0 : one.last - other.last) ||
        one.start - other.start,
    );
    return skipped(input, inOrder, timeOf).map(({ events: told, completedAtMs }) => ({ events: told, completedAtMs }));
  });
};
