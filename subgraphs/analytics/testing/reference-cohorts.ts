import type { CohortDefinitionInput } from "../src/domain/cohort-input.ts";
import type { CohortWindowInput } from "../src/domain/cohort-window.ts";
import type { EventMatcherInput } from "../src/domain/event-matcher.ts";
import type { FilterInput } from "../src/domain/filter-input.ts";
import { eventsByUnit, isMatch, periodNumber, personOf } from "./reference-behaviour.ts";
import { passes, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** What a definition is looked at in. */
export interface ReferenceWorld {
  readonly events: readonly TestEvent[];
  readonly asOfMs: number;
  /** Definitions by cohort, for references. */
  readonly cohorts: Readonly<Record<string, CohortDefinitionInput>>;
  /** Which member an event is of; its person when left out. */
  readonly memberOf?: (event: TestEvent) => string | null;
  /** What was said of members, in the order it counts. */
  readonly said?: readonly SaidOfMember[];
}

/** What was said of a member at a moment. */
export interface SaidOfMember {
  readonly member: string;
  readonly trait: string;
  readonly atMs: number;
  readonly op: "SET" | "SET_ONCE" | "UNSET" | "INCREMENT";
  readonly value: unknown;
}

type Maybe<T> = T | null | undefined;
const UNITS_MS: Readonly<Record<string, number>> = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000 };
const durationMs = (text: string): number =>
  [...text.matchAll(/(\d+)([DHMS])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ""] ?? 0),
    0,
  );

const isWithin = (ms: number, window: Maybe<CohortWindowInput>, asOfMs: number): boolean => {
  if (ms >= asOfMs) return false;
  if (window === null || window === undefined) return true;
  if (window.last !== null && window.last !== undefined) return ms >= asOfMs - durationMs(window.last);
  const { lastPeriods = null, period = "DAY", timeZone = "UTC", from = null, to = null } = window;
  // The period the moment ends is the last one.
  if (lastPeriods !== null)
    return periodNumber(ms, period, timeZone) > periodNumber(asOfMs - 1, period, timeZone) - lastPeriods;
  return (from === null || ms >= Date.parse(from)) && (to === null || ms < Date.parse(to));
};

/** Every way to pick one event per step in order is tried. */
const completes = (
  own: readonly TestEvent[],
  steps: readonly EventMatcherInput[],
  withinMs: number,
  startMs: number | null = null,
): boolean => {
  const [step, ...others] = steps;
  if (step === undefined) return true;
  return own.some(
    (event, index) =>
      isMatch(event, step) &&
      (startMs === null || event.timeMs - startMs <= withinMs) &&
      completes(own.slice(index + 1), others, withinMs, startMs ?? event.timeMs),
  );
};

const fieldNames = (filter: FilterInput): readonly string[] => [
  ...(filter.and ?? []).flatMap(fieldNames),
  ...(filter.or ?? []).flatMap(fieldNames),
  ...(filter.not ? fieldNames(filter.not) : []),
  ...(filter.field ? [filter.field] : []),
];

/** A made-up event that carries each field as the last event that has it. */
const latestOf = (own: readonly TestEvent[], fields: readonly string[]): TestEvent => {
  const texts = fields.map((field) => [field, own.findLast((event) => textOf(event, field) !== null)] as const);
  const properties = Object.fromEntries(
    texts.flatMap(([field, event]) => {
      const path = field.replace(/^properties\./, "");
      return path === field || event === undefined ? [] : [[path, Reflect.get(event.properties ?? {}, path)] as const];
    }),
  );
  const columns = texts.flatMap(([field, event]) =>
    field.startsWith("properties.") || event === undefined ? [] : [[field, textOf(event, field)] as const],
  );
  return { id: "", name: "", timeMs: 0, ...Object.fromEntries(columns), properties };
};

/** The value of a member's trait at the moment, fact by fact; undefined for none. */
const traitOf = (member: string, trait: string, { said = [], asOfMs }: ReferenceWorld): unknown => {
  let value: unknown;
  for (const fact of said.toSorted((a, b) => a.atMs - b.atMs)) {
    if (fact.member !== member || fact.trait !== trait || fact.atMs > asOfMs) continue;
    if (fact.op === "SET") value = fact.value;
    if (fact.op === "SET_ONCE") value ??= fact.value;
    if (fact.op === "UNSET") value = undefined;
    if (fact.op === "INCREMENT") value = (typeof value === "number" ? value : 0) + Number(fact.value);
  }
  return value;
};

type Test = (own: readonly TestEvent[], member: string) => boolean;

const testOf = (definition: CohortDefinitionInput, world: ReferenceWorld): Test => {
  const { asOfMs } = world;
  const { did, first, sequence, latest, traits, cohort, union, intersect, except } = definition;
  if (did) {
    const { comparison = "AT_LEAST", times = 1 } = did;
    return (own) => {
      const count = own.filter(
        (event) => isMatch(event, did.event) && isWithin(event.timeMs, did.within, asOfMs),
      ).length;
      return { AT_LEAST: count >= times, AT_MOST: count <= times, EXACTLY: count === times }[comparison];
    };
  }
  if (first)
    return (own) => {
      const found = own.find((event) => isMatch(event, first.event));
      return found !== undefined && isWithin(found.timeMs, first.within, asOfMs);
    };
  if (sequence)
    return (own) =>
      completes(
        own.filter(({ timeMs }) => isWithin(timeMs, sequence.within, asOfMs)),
        sequence.steps,
        durationMs(sequence.completedWithin),
      );
  if (latest) return (own) => passes(latestOf(own, fieldNames(latest)), latest);
  if (traits)
    return (_own, member) =>
      traits.every(({ trait, eq, exists }) => {
        const value = traitOf(member, trait, world);
        return eq === undefined || eq === null ? (value !== undefined) === exists : value === eq;
      });
  if (cohort) return testOf(world.cohorts[cohort] ?? {}, world);
  if (union) return (own, member) => union.some((part) => testOf(part, world)(own, member));
  if (intersect) return (own, member) => intersect.every((part) => testOf(part, world)(own, member));
  if (except)
    return (own, member) => testOf(except.of, world)(own, member) && !testOf(except.without, world)(own, member);
  return () => false;
};

/** Who is in a definition, member by member. */
export const referenceCohort = (definition: CohortDefinitionInput, world: ReferenceWorld): ReadonlySet<string> => {
  const orders = new Map(world.events.map((event, index) => [event.id, index]));
  const known = world.events
    .filter(({ timeMs }) => timeMs < world.asOfMs)
    .toSorted((a, b) => a.timeMs - b.timeMs || (orders.get(a.id) ?? 0) - (orders.get(b.id) ?? 0));
  const test = testOf(definition, world);
  const members = [...eventsByUnit(known, world.memberOf ?? personOf)];
  return new Set(members.filter(([member, own]) => test(own, member)).map(([member]) => member));
};
