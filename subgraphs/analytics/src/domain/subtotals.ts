import { refuse } from "@tessera/platform/errors/refusal";
import { defaultOrder, TIME_COLUMN, type AnalyticQuery, type OlapQuery, type OrderStep } from "./query.ts";

/** A question with fewer of its groups: some of its dimensions, with or without buckets. */
export interface Subtotal {
  /** Columns that are grouped by, in the question's order. */
  readonly by: readonly string[];
  readonly query: AnalyticQuery;
  readonly orderBy: readonly OrderStep[];
}

/** Subtotals of one question: each is read like the question itself. */
const MAX_SUBTOTALS = 8;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The steps of an order that are of columns which remain. */
const remaining = (orderBy: readonly OrderStep[], kept: readonly number[], timed: boolean): readonly OrderStep[] =>
  orderBy.flatMap((step) => {
    const { place } = step;
    if (place.kind === "MEASURE") return [step];
    if (place.kind === "TIME") return timed ? [step] : [];
    const index = kept.indexOf(place.index);
    return index < 0 ? [] : [{ ...step, place: { kind: "DIMENSION", index } }];
  });

const subtotal = (names: readonly string[], { query, orderBy }: OlapQuery, where: string): Subtotal => {
  const columns = [...(query.buckets === null ? [] : [TIME_COLUMN]), ...query.dimensions.map(({ name }) => name)];
  const unknown = names.findIndex((name) => !columns.includes(name));
  if (unknown >= 0)
    throw bad(`${where}.${unknown}`, `Subtotals are by columns the answer is grouped by: ${columns.join(", ")}.`);
  if (names.length === 0 || new Set(names).size < names.length || names.length >= columns.length)
    throw bad(where, "A subtotal is by some of the answer's groups, each once: not by none (`totals`) and not by all.");
  const kept = query.dimensions.flatMap(({ name }, index) => (names.includes(name) ? [index] : []));
  const timed = names.includes(TIME_COLUMN);
  const coarser: AnalyticQuery = {
    ...query,
    buckets: timed ? query.buckets : null,
    dimensions: query.dimensions.filter((_field, index) => kept.includes(index)),
  };
  const order = remaining(orderBy, kept, timed);
  return {
    by: columns.filter((name) => names.includes(name)),
    query: coarser,
    orderBy: order.length === 0 ? defaultOrder(coarser) : order,
  };
};

/** Validates the coarser groups that are measured as well; refuses with BAD_INPUT. */
export const parseSubtotals = (inputs: readonly (readonly string[])[], asked: OlapQuery): readonly Subtotal[] => {
  if (inputs.length > MAX_SUBTOTALS) throw bad("input.subtotals", `An answer has at most ${MAX_SUBTOTALS} subtotals.`);
  return inputs.map((names, index) => subtotal(names, asked, `input.subtotals.${index}`));
};
