import type { FilterInput } from "../filter-input.ts";

/** One condition of a slice: the dimension has one of the values; null among them: it has none. */
export interface SliceCondition {
  readonly dimension: string;
  readonly values: readonly (string | null)[];
}

const conditionFilter = ({ dimension: field, values }: SliceCondition): FilterInput => {
  const known = values.flatMap((value) => value ?? []);
  const tests: readonly FilterInput[] = [
    ...(known.length === 0 ? [] : [{ field, in: known }]),
    ...(values.includes(null) ? [{ field, exists: false }] : []),
  ];
  return tests.length === 1 ? (tests[0] ?? {}) : { or: tests };
};

/** Filters that all hold, as one; null when there is none. */
export const heldBy = (...filters: readonly (FilterInput | null | undefined)[]): FilterInput | null => {
  const all = filters.flatMap((filter) => filter ?? []);
  return all.length > 1 ? { and: all } : (all[0] ?? null);
};

/** A question's filter, held to conditions as well; null when there is neither. */
export const heldTo = (
  filter: FilterInput | null | undefined,
  conditions: readonly SliceCondition[],
): FilterInput | null => heldBy(filter, ...conditions.map(conditionFilter));
