import type { EventMatcherInput } from "../event-matcher.ts";
import { plainFilter, type FilterInput } from "../filter-input.ts";

type Maybe<T> = T | null | undefined;

/** Names of events that a question reads at most; null where it may read events of any name. */
export type NamesRead = readonly string[] | null;

const within = (names: NamesRead, others: NamesRead): NamesRead => {
  if (names === null || others === null) return names ?? others;
  return names.filter((name) => others.includes(name));
};

const together = (all: readonly NamesRead[]): NamesRead => {
  const told = all.flatMap((names) => names ?? []);
  return all.includes(null) ? null : [...new Set(told)];
};

const namesOf = (filter: FilterInput): NamesRead => {
  if (filter.and !== null && filter.and !== undefined) return filter.and.map(namesOf).reduce(within, null);
  if (filter.or !== null && filter.or !== undefined) return together(filter.or.map(namesOf));
  if (filter.field !== "name") return null;
  return within(filter.eq === null || filter.eq === undefined ? null : [filter.eq], filter.in ?? null);
};

/** Names that events can have which pass a valid filter. */
export const namesOfFilter = (filter: Maybe<FilterInput>): NamesRead =>
  filter === null || filter === undefined ? null : namesOf(plainFilter(filter, "filter"));

/** Names that events can have which any of some matchers is about. */
export const namesOfMatchers = (matchers: readonly EventMatcherInput[]): NamesRead =>
  together(matchers.map(({ events = null, filter }) => within(events, namesOfFilter(filter))));

/** What a funnel says that decides which events it reads. */
interface FunnelAsked {
  readonly steps: readonly { readonly anyOf: readonly EventMatcherInput[] }[];
  readonly exclusions?: Maybe<readonly { readonly event: EventMatcherInput }[]>;
  readonly attribution?: Maybe<{ readonly touchpoints: readonly EventMatcherInput[] }>;
  readonly correlation?: unknown;
  readonly dropOffs?: unknown;
}

/** Names of events that a funnel reads: of its steps, exclusions and touchpoints, unless it looks at what else was done. */
export const namesOfFunnel = ({ steps, exclusions, attribution, correlation, dropOffs }: FunnelAsked): NamesRead => {
  const anything = [correlation, dropOffs].some((part) => part !== null && part !== undefined);
  if (anything) return null;
  const touchpoints = attribution?.touchpoints ?? [];
  const excluded = (exclusions ?? []).map(({ event }) => event);
  return namesOfMatchers([...steps.flatMap(({ anyOf }) => anyOf), ...excluded, ...touchpoints]);
};

/** What a question about the quality of events says that decides which it tests. */
interface QualityAsked {
  readonly event?: Maybe<EventMatcherInput>;
  readonly expect?: readonly unknown[];
  readonly found?: readonly { readonly of: EventMatcherInput }[];
}

/** Names of events that a question to `eventQuality` tests: of those it asks about, unless it writes something out, those that the kept expectations are of. */
export const namesOfQuality = ({ event, expect = [], found = [] }: QualityAsked): NamesRead => {
  const asked = namesOfMatchers([event ?? {}]);
  return expect.length > 0 ? asked : within(asked, namesOfMatchers(found.map(({ of }) => of)));
};
