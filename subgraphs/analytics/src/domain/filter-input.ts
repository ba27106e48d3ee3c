import type { Accounts } from "./field.ts";
import { joined, numbered } from "./numbered-parts.ts";
import type { PeopleStatement } from "./people-statement.ts";

type Maybe<T> = T | null | undefined;

/** A test whether an event's person, or the account it names, is in a cohort, as the graph delivers it; `people` once its members are found, of accounts which they are, and of which computation where one recorded them. */
export interface InCohortInput {
  readonly cohort: string;
  readonly asOf?: Maybe<string>;
  readonly people?: PeopleStatement;
  readonly accounts?: Accounts | null;
  readonly recordedAtMs?: number | null;
}

/** Tests of a field or of a person, as the graph delivers them. */
interface FilterTests {
  readonly field?: Maybe<string>;
  readonly eq?: Maybe<string>;
  readonly in?: Maybe<readonly string[]>;
  readonly contains?: Maybe<string>;
  readonly startsWith?: Maybe<string>;
  readonly matches?: Maybe<string>;
  readonly gt?: Maybe<number>;
  readonly gte?: Maybe<number>;
  readonly lt?: Maybe<number>;
  readonly lte?: Maybe<number>;
  readonly exists?: Maybe<boolean>;
  readonly inCohort?: Maybe<InCohortInput>;
}

/** A part of a filter that names those within it by number. */
export interface FilterPart extends FilterTests {
  readonly and?: Maybe<readonly number[]>;
  readonly or?: Maybe<readonly number[]>;
  readonly not?: Maybe<number>;
}

/** A filter as the graph delivers it. */
export interface FilterInput extends FilterTests {
  readonly and?: Maybe<readonly FilterInput[]>;
  readonly or?: Maybe<readonly FilterInput[]>;
  readonly not?: Maybe<FilterInput>;
  readonly parts?: Maybe<readonly FilterPart[]>;
  /** The part it was given as; the graph does not deliver it. */
  readonly at?: string;
}

/** Parts a filter may be given as: a hundred tests, each within seven others. */
const MAX_FILTER_PARTS = 800;

const TESTS = [
  ...(["field", "eq", "in", "contains", "startsWith", "matches", "gt", "gte", "lt", "lte", "exists"] as const),
  "inCohort",
] as const;

const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

const testsOf = (input: FilterTests): FilterTests =>
  Object.fromEntries(TESTS.flatMap((test) => (given(input[test]) ? [[test, input[test]]] : [])));

/** Puts the numbered parts of a filter at `where` into one another; refuses with BAD_INPUT what makes no filter. */
export const filterOfParts = (parts: readonly FilterPart[], where: string): FilterInput =>
  joined<FilterPart, FilterInput>(
    parts,
    (part, at, wholeOf) => ({
      ...testsOf(part),
      ...{ at },
      ...(given(part.and) ? { and: part.and.map(wholeOf) } : {}),
      ...(given(part.or) ? { or: part.or.map(wholeOf) } : {}),
      ...(given(part.not) ? { not: wholeOf(part.not) } : {}),
    }),
    {
      ...{ where, most: MAX_FILTER_PARTS },
      insideOf: ({ and, or, not }) => [...(and ?? []), ...(or ?? []), ...(given(not) ? [not] : [])],
    },
  );

/** The same filter as it is kept: parts within one another, and nothing in it that says nothing. */
export const plainFilter = (input: FilterInput, where: string): FilterInput => {
  if (given(input.parts)) return plainFilter(filterOfParts(input.parts, `${where}.parts`), where);
  const inner = (one: FilterInput): FilterInput => plainFilter(one, where);
  return {
    ...testsOf(input),
    ...(given(input.and) ? { and: input.and.map(inner) } : {}),
    ...(given(input.or) ? { or: input.or.map(inner) } : {}),
    ...(given(input.not) ? { not: inner(input.not) } : {}),
  };
};

/** The numbered parts of a filter, the outermost first: given as they are, they are the same filter. */
export const partsOfFilter = (input: FilterInput): readonly FilterPart[] =>
  numbered<FilterInput, FilterPart>(plainFilter(input, "filter"), (filter, numberOf) => ({
    ...testsOf(filter),
    ...(given(filter.and) ? { and: filter.and.map(numberOf) } : {}),
    ...(given(filter.or) ? { or: filter.or.map(numberOf) } : {}),
    ...(given(filter.not) ? { not: numberOf(filter.not) } : {}),
  }));
