import type { CohortWindowInput } from "./cohort-window.ts";
import type { EventMatcherInput } from "./event-matcher.ts";
import { plainFilter, type FilterInput } from "./filter-input.ts";
import { joined, numbered } from "./numbered-parts.ts";
import { keptMeanings } from "./semantic/kept-meanings.ts";
import type { WithMeanings } from "./semantic/dimension-expression.ts";
import type { TraitTestInput } from "./people/trait-tests.ts";

type Maybe<T> = T | null | undefined;

/** How a count is compared, as in the SDL. */
export type CountComparison = "AT_LEAST" | "AT_MOST" | "EXACTLY";

/** Parts of a definition that hold no others, as the graph delivers them. */
interface CohortLeaves {
  readonly did?: Maybe<{
    readonly event: EventMatcherInput;
    readonly comparison?: CountComparison;
    readonly times?: number;
    readonly within?: Maybe<CohortWindowInput>;
  }>;
  readonly first?: Maybe<{ readonly event: EventMatcherInput; readonly within: CohortWindowInput }>;
  readonly sequence?: Maybe<{
    readonly steps: readonly EventMatcherInput[];
    readonly completedWithin: string;
    readonly within?: Maybe<CohortWindowInput>;
  }>;
  readonly latest?: Maybe<FilterInput>;
  readonly traits?: Maybe<readonly TraitTestInput[]>;
  readonly list?: Maybe<boolean>;
  readonly cohort?: Maybe<string>;
}

/** A part of a definition that names those within it by number. */
export interface CohortPart extends CohortLeaves {
  readonly union?: Maybe<readonly number[]>;
  readonly intersect?: Maybe<readonly number[]>;
  readonly except?: Maybe<{ readonly of: number; readonly without: number }>;
}

/** A definition as the graph delivers it, and as it is kept: with what the dimensions meant that it names. */
export interface CohortDefinitionInput extends CohortLeaves, WithMeanings {
  readonly union?: Maybe<readonly CohortDefinitionInput[]>;
  readonly intersect?: Maybe<readonly CohortDefinitionInput[]>;
  readonly except?: Maybe<{ readonly of: CohortDefinitionInput; readonly without: CohortDefinitionInput }>;
  readonly parts?: Maybe<readonly CohortPart[]>;
  /** The part it was given as; the graph does not deliver it. */
  readonly at?: string;
}

/** Parts a definition has: each is a query within the query. */
export const MAX_COHORT_PARTS = 50;

const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

/** The members that say something. */
const said = <T extends object>(whole: T): T =>
  // boundary: members that may be left out are left out, so that it is what it was.
  Object.fromEntries(Object.entries(whole).filter(([, member]: [string, unknown]) => given(member))) as T;

const plainMatcher = (input: EventMatcherInput, where: string): EventMatcherInput =>
  said({
    events: input.events,
    filter: given(input.filter) ? plainFilter(input.filter, `${where}.filter`) : null,
  });

const plainWithin = <T extends { readonly within?: Maybe<CohortWindowInput> }>(input: T): T =>
  said({ ...input, within: given(input.within) ? said(input.within) : null });

const plainLeaves = (input: CohortLeaves, where: string): CohortLeaves => {
  const { did, first, sequence, latest, traits, list, cohort } = input;
  return {
    ...(given(did) ? { did: plainWithin({ ...did, event: plainMatcher(did.event, `${where}.did.event`) }) } : {}),
    ...(given(first)
      ? { first: { event: plainMatcher(first.event, `${where}.first.event`), within: said(first.within) } }
      : {}),
    ...(given(sequence)
      ? {
          sequence: plainWithin({
            ...sequence,
            steps: sequence.steps.map((step, index) => plainMatcher(step, `${where}.sequence.steps.${index}`)),
          }),
        }
      : {}),
    ...(given(latest) ? { latest: plainFilter(latest, `${where}.latest`) } : {}),
    ...(given(traits) ? { traits: traits.map(said) } : {}),
    ...(given(list) ? { list } : {}),
    ...(given(cohort) ? { cohort } : {}),
  };
};

const leavesOf = ({ did, first, sequence, latest, traits, list, cohort }: CohortLeaves): CohortLeaves => ({
  ...{ did, first, sequence, latest, traits, list, cohort },
});

/** Puts the numbered parts of a definition at `where` into one another; refuses with BAD_INPUT what makes no definition. */
export const definitionOfParts = (parts: readonly CohortPart[], where: string): CohortDefinitionInput =>
  joined<CohortPart, CohortDefinitionInput>(
    parts,
    (part, at, wholeOf) => ({
      ...leavesOf(part),
      ...{ at },
      ...(given(part.union) ? { union: part.union.map(wholeOf) } : {}),
      ...(given(part.intersect) ? { intersect: part.intersect.map(wholeOf) } : {}),
      ...(given(part.except) ? { except: { of: wholeOf(part.except.of), without: wholeOf(part.except.without) } } : {}),
    }),
    {
      ...{ where, most: MAX_COHORT_PARTS },
      insideOf: ({ union, intersect, except }) => [
        ...(union ?? []),
        ...(intersect ?? []),
        ...(given(except) ? [except.of, except.without] : []),
      ],
    },
  );

/** The same definition as it is kept: parts within one another, and nothing in it that says nothing. */
export const plainDefinition = (input: CohortDefinitionInput, where: string): CohortDefinitionInput => {
  if (given(input.parts)) return plainDefinition(definitionOfParts(input.parts, `${where}.parts`), where);
  const at = input.at ?? where;
  const inner = (one: CohortDefinitionInput): CohortDefinitionInput => plainDefinition(one, at);
  const { union, intersect, except } = input;
  return {
    ...plainLeaves(input, at),
    ...(given(union) ? { union: union.map(inner) } : {}),
    ...(given(intersect) ? { intersect: intersect.map(inner) } : {}),
    ...(given(except) ? { except: { of: inner(except.of), without: inner(except.without) } } : {}),
  };
};

/** The same definition as it is kept: {@link plainDefinition}, with what the dimensions of the tenant's own mean that it names. */
export const keptDefinition = (input: CohortDefinitionInput, where: string): CohortDefinitionInput => ({
  ...plainDefinition(input, where),
  ...keptMeanings(input),
});

/** The numbered parts of a definition, the outermost first: given as they are, they are the same definition. */
export const partsOfDefinition = (input: CohortDefinitionInput): readonly CohortPart[] =>
  numbered<CohortDefinitionInput, CohortPart>(plainDefinition(input, "definition"), (one, numberOf) => ({
    ...plainLeaves(one, "definition"),
    ...(given(one.union) ? { union: one.union.map(numberOf) } : {}),
    ...(given(one.intersect) ? { intersect: one.intersect.map(numberOf) } : {}),
    ...(given(one.except) ? { except: { of: numberOf(one.except.of), without: numberOf(one.except.without) } } : {}),
  }));
