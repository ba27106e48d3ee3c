import type { ActivityInput } from "../src/domain/activity.ts";
import { eventsByUnit, isMatch, periodNumber, unitOf } from "./reference-behaviour.ts";
import type { TestEvent } from "./test-events.ts";

const count = <T>(list: readonly T[], test: (one: T) => boolean): number => list.filter(test).length;

/** Periods of a question as numbers, and of each unit in which it was active. */
const read = (events: readonly TestEvent[], input: ActivityInput) => {
  const { period = "DAY", timeZone = "UTC", minimum = 1 } = input;
  const number = (ms: number): number => periodNumber(ms, period, timeZone);
  const [first, last] = [number(Date.parse(input.range.from)), number(Date.parse(input.range.to) - 1)];
  const periods = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const people = [...eventsByUnit(events, (event) => unitOf(event, input.unit)).values()]
    .map((own) => own.filter((event) => isMatch(event, input.event)).map(({ timeMs }) => number(timeMs)))
    .map((numbers) => new Set(numbers.filter((one) => count(numbers, (other) => other === one) >= minimum)));
  return { periods, people };
};

/** How many people were active in exactly 1, 2, ... of the periods. */
export const referenceStickiness = (events: readonly TestEvent[], input: ActivityInput): readonly number[] => {
  const { periods, people } = read(events, input);
  const active = people.map((own) => count(periods, (period) => own.has(period)));
  return periods.map((_period, index) => count(active, (one) => one === index + 1));
};

/** Who is new, came again, came back or stayed away, period by period. */
export const referenceLifecycle = (events: readonly TestEvent[], input: ActivityInput) => {
  const { periods, people } = read(events, input);
  const earlier = (own: ReadonlySet<number>, period: number): boolean => [...own].some((one) => one < period);
  return periods.map((period) => ({
    fresh: count(people, (own) => own.has(period) && !earlier(own, period)),
    returning: count(people, (own) => own.has(period) && own.has(period - 1)),
    resurrecting: count(people, (own) => own.has(period) && !own.has(period - 1) && earlier(own, period)),
    dormant: count(people, (own) => !own.has(period) && own.has(period - 1)),
  }));
};

/** People active on each day, and in the 7 and 30 days that end with it. */
export const referenceActiveUsers = (events: readonly TestEvent[], input: ActivityInput) => {
  const { periods, people } = read(events, { ...input, period: "DAY" });
  const within = (day: number, days: number): number =>
    count(people, (own) => [...own].some((one) => one > day - days && one <= day));
  return periods.map((day) => ({ daily: within(day, 1), weekly: within(day, 7), monthly: within(day, 30) }));
};
