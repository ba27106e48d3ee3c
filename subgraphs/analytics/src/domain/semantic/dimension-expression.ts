import type { FilterInput } from "../filter-input.ts";
import type { LetterCase } from "../field.ts";

type Maybe<T> = T | null | undefined;

/** Text made of a field's, as the graph delivers it. */
export interface TextExpression {
  readonly of: string;
  readonly extract?: Maybe<string>;
  readonly trim?: boolean;
  readonly letters?: Maybe<LetterCase>;
  readonly otherwise?: Maybe<string>;
}

/** Labels for the ranges between bounds of a number, as the graph delivers them. */
export interface RangesExpression {
  readonly of: string;
  readonly bounds: readonly number[];
  readonly labels: readonly string[];
  readonly otherwise?: Maybe<string>;
}

/** Labels of events by the first condition they pass, as the graph delivers them. */
export interface CasesExpression {
  readonly cases: readonly { readonly when: FilterInput; readonly label: string }[];
  readonly otherwise?: Maybe<string>;
  readonly otherwiseOf?: Maybe<string>;
}

/** What a dimension is, exactly one of these, as the graph delivers it. */
export interface DimensionExpression {
  readonly field?: Maybe<string>;
  readonly text?: Maybe<TextExpression>;
  readonly ranges?: Maybe<RangesExpression>;
  readonly cases?: Maybe<CasesExpression>;
}

/** A dimension that a question names, as it is to be read. */
export interface Meaning {
  /** As it stands in the question. */
  readonly written: string;
  /** Number of the version; null of one that is built in. */
  readonly version: number | null;
  readonly expression: DimensionExpression;
}

/** What the dimensions that a question names mean. */
export interface Meanings {
  readonly found: readonly Meaning[];
  /** Why others can't be used, as they stand in the question. */
  readonly unknown: readonly { readonly written: string; readonly why: string }[];
}

/** A question beside which stands what the dimensions it names mean; the graph does not deliver it. */
export interface WithMeanings {
  readonly meanings?: Meanings | undefined;
}
