import { TIME_EDGES_MS } from "../src/domain/funnel/histogram.ts";
import type { FunnelInput } from "../src/domain/funnel/funnel-input.ts";
import { funnelMarks } from "../src/domain/funnel/funnel-marks.ts";
import { requiredSteps, type Funnel } from "../src/domain/funnel/funnel.ts";
import { parseFunnel } from "../src/domain/funnel/parse-funnel.ts";
import { isMatch } from "./reference-behaviour.ts";
import { textOf } from "./reference-filter.ts";
import { referenceAttempt } from "./reference-funnel.ts";
import type { TestEvent } from "./test-events.ts";

/** How far a person got, with the events of it. */
export interface ReferenceUnit {
  /** Everything the person did, in order. */
  readonly own: readonly TestEvent[];
  /** The event of each step, in the order of the steps; undefined for one that was not reached. */
  readonly steps: readonly (TestEvent | undefined)[];
  readonly entry: TestEvent;
}

/** Every person's attempt, by trying every way there is. */
export const referenceUnits = (input: FunnelInput, events: readonly TestEvent[]): readonly ReferenceUnit[] => {
  const funnel = parseFunnel(input, { personalData: true });
  const marks = funnelMarks(funnel);
  const matchers = [
    ...input.steps.flatMap((step, index) => marks.steps[index]?.map((bit, place) => [bit, step, place] as const) ?? []),
  ];
  const exclusions = (input.exclusions ?? []).map(
    ({ event }, index) => [marks.exclusions[index] ?? -1, event] as const,
  );
  const passesOf = (event: TestEvent): readonly boolean[] => {
    const passes = marks.conditions.map(() => false);
    for (const [bit, step, place] of matchers) {
      // A step of which so many must have happened has a condition for each matcher, any other one for all.
      const own = (step.atLeast ?? 1) > 1 ? step.anyOf.slice(place, place + 1) : step.anyOf;
      if (own.some((matcher) => isMatch(event, matcher))) passes[bit] = true;
    }
    for (const [bit, matcher] of exclusions) if (isMatch(event, matcher)) passes[bit] = true;
    return passes;
  };
  return [...new Set(events.map(({ userId }) => userId))].flatMap((user) => {
    const own = events.filter(({ userId }) => userId === user).toSorted((a, b) => a.timeMs - b.timeMs);
    const kept = own.filter((event) => funnel.order === "STRICT" || passesOf(event).includes(true));
    const attempt = referenceAttempt(
      funnel,
      kept.map((event) => ({ time: event.timeMs, passes: passesOf(event) })),
    );
    const entry = kept[attempt?.entry ?? -1];
    if (attempt === null || entry === undefined || (attempt.places[0] ?? -1) < 0) return [];
    return [{ own, entry, steps: attempt.places.map((place) => kept[place]) }];
  });
};

/** When a unit reached each step: in no order that of the last of the events up to it. */
const reachedAt = (funnel: Funnel, { steps }: ReferenceUnit): readonly (number | null)[] =>
  steps.map((event, step) => {
    if (event === undefined) return null;
    if (funnel.order !== "UNORDERED") return event.timeMs;
    return Math.max(...steps.slice(0, step + 1).map((one) => one?.timeMs ?? Infinity));
  });

/** R's type 7. */
const quantile = (sorted: readonly number[], level: number): number | null => {
  const place = (sorted.length - 1) * level;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
};

/** What is told of some times, in milliseconds: how many, their mean and quantiles in seconds, and how many lie in each bin by its lower edge in seconds. */
export const referenceTimes = (times: readonly number[], levels: readonly number[]) => {
  const sorted = times.toSorted((one, other) => one - other);
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
  const bins = new Map<number, number>();
  for (const time of times) {
    const edge = TIME_EDGES_MS.findLast((one) => one <= time) ?? 0;
    bins.set(edge / 1_000, (bins.get(edge / 1_000) ?? 0) + 1);
  }
  return {
    count: times.length,
    meanSeconds: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length / 1_000,
    quantilesSeconds: levels.map((level) => seconds(quantile(sorted, level))),
    bins,
  };
};

/** Times from the required step before to each step, and from the entry to the last one. */
export const referenceStepTimes = (input: FunnelInput, units: readonly ReferenceUnit[]) => {
  const funnel = parseFunnel(input, { personalData: true });
  const required = requiredSteps(funnel);
  const reached = units.map((unit) => ({ unit, at: reachedAt(funnel, unit) }));
  const between = input.steps.map((_step, index) => {
    const before = required.findLast((step) => step < index);
    return reached.flatMap(({ at }) => {
      const [from, to] = [before === undefined ? null : (at[before] ?? null), at[index] ?? null];
      return from === null || to === null ? [] : [to - from];
    });
  });
  const whole = reached.flatMap(({ unit, at }) => {
    const end = at.at(-1) ?? null;
    return end === null ? [] : [end - unit.entry.timeMs];
  });
  return { between, whole };
};

/** The value a unit is broken down by: of the first or the last event of its attempt, as they happened, that carries the field, or of one step's event. */
export const referenceValue = (
  { own, steps }: ReferenceUnit,
  field: string,
  attribution: "FIRST" | "LAST" | "STEP",
  step: number,
): string | null => {
  const valueOf = (event: TestEvent | undefined): string | null =>
    event === undefined ? null : textOf(event, field) || null;
  if (attribution === "STEP") return valueOf(steps[step - 1]);
  const values = own.filter((event) => steps.includes(event)).flatMap((event) => valueOf(event) ?? []);
  return (attribution === "FIRST" ? values[0] : values.at(-1)) ?? null;
};

/** Whether a unit did something after its entry: before it converted, or else within the window. */
export const didBetween = (input: FunnelInput, { own, steps, entry }: ReferenceUnit, name: string): boolean => {
  const { windowMs } = parseFunnel(input, { personalData: true });
  const converted = steps.at(-1) !== undefined;
  const last = Math.max(...steps.map((event) => (event === undefined ? -1 : own.indexOf(event))));
  return own.some(
    (event, place) =>
      event.name === name &&
      place > own.indexOf(entry) &&
      (converted ? place < last : event.timeMs <= entry.timeMs + (windowMs ?? Infinity)),
  );
};
