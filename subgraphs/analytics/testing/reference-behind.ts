import type { ActivityInput } from "../src/domain/activity.ts";
import type { ActiveWindow, LifecycleState } from "../src/domain/behind/activity-cell.ts";
import { eventsByUnit, isMatch, periodNumber, personOf } from "./reference-behaviour.ts";
import type { TestEvent } from "./test-events.ts";

/** Ids of the events behind a number, by what the number counts. */
export type ReferenceBehind = ReadonlyMap<string, readonly string[]>;

/** Events of each person that match, with the number of their period, and the numbers of the question's periods. */
const read = (
  events: readonly TestEvent[],
  { event: matcher, period = "DAY", timeZone = "UTC", range }: ActivityInput,
) => {
  const number = (ms: number): number => periodNumber(ms, period, timeZone);
  const people = [...eventsByUnit(events, personOf)].map(
    ([person, own]) =>
      [
        person,
        own.filter((one) => isMatch(one, matcher)).map((one) => ({ id: one.id, at: number(one.timeMs) })),
      ] as const,
  );
  return { people, first: number(Date.parse(range.from)), last: number(Date.parse(range.to) - 1) };
};

const kept = (people: readonly (readonly [string, readonly string[]])[]): ReferenceBehind =>
  new Map(people.filter(([, ids]) => ids.length > 0));

/** Who was active in so many periods, by the events of those periods. */
export const stickinessBehind = (
  events: readonly TestEvent[],
  input: ActivityInput,
  periods: number,
): ReferenceBehind => {
  const { people, first, last } = read(events, input);
  return kept(
    people.map(([person, own]) => {
      const inside = own.filter(({ at }) => at >= first && at <= last);
      const enough = inside.filter(
        ({ at }) => inside.filter((other) => other.at === at).length >= (input.minimum ?? 1),
      );
      return [person, new Set(enough.map(({ at }) => at)).size === periods ? enough.map(({ id }) => id) : []];
    }),
  );
};

/** Who was of a state in the period of a place, by the events of it, or of the one before. */
export const lifecycleBehind = (
  events: readonly TestEvent[],
  input: ActivityInput,
  place: number,
  state: LifecycleState,
): ReferenceBehind => {
  const { people, first } = read(events, input);
  const period = first + place;
  return kept(
    people.map(([person, own]) => {
      const within = (at: number) => own.filter((one) => one.at === at).map(({ id }) => id);
      const [active, before] = [within(period), within(period - 1)];
      const earlier = own.some(({ at }) => at < period);
      const stateNow =
        active.length === 0 ? "DORMANT" : !earlier ? "FRESH" : before.length > 0 ? "RETURNING" : "RESURRECTING";
      return [person, stateNow !== state ? [] : state === "DORMANT" ? before : active];
    }),
  );
};

/** Who was active in the days that end with the one of a place. */
export const activeUsersBehind = (
  events: readonly TestEvent[],
  input: ActivityInput,
  place: number,
  window: ActiveWindow,
): ReferenceBehind => {
  const { people, first } = read(events, { ...input, period: "DAY" });
  const days = { DAILY: 1, WEEKLY: 7, MONTHLY: 30 }[window];
  const day = first + place;
  return kept(
    people.map(([person, own]) => [person, own.filter(({ at }) => at > day - days && at <= day).map(({ id }) => id)]),
  );
};
