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

/** A question's filter, held to conditions as well; null when there is neither. */
export const heldTo = (
  filter: FilterInput | null | undefined,
  conditions: readonly SliceCondition[],
): FilterInput | null => {
  const all = [...(filter === null || filter === undefined ? [] : [filter]), ...conditions.map(conditionFilter)];
  return all.length > 1 ? { and: all } : (all[0] ?? null);
};
