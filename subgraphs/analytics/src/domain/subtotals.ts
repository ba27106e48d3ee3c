import type { DataPolicy } from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { plan } from "./planner.ts";
import { defaultOrder, TIME_COLUMN, type AnalyticQuery, type OlapQuery, type OrderStep } from "./query.ts";

/** Fewer groups of a question, as a statement reads them beside the question's own. */
export interface CoarserGroups {
  readonly query: AnalyticQuery;
  /** Places of the dimensions among the question's that remain. */
  readonly kept: readonly number[];
}

/** A question with fewer of its groups: some of its dimensions, with or without buckets. */
export interface Subtotal extends CoarserGroups {
  /** Columns that are grouped by, in the question's order. */
  readonly by: readonly string[];
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
    kept,
    orderBy: order.length === 0 ? defaultOrder(coarser) : order,
  };
};

/** Validates the coarser groups that are measured as well; refuses with BAD_INPUT. */
export const parseSubtotals = (inputs: readonly (readonly string[])[], asked: OlapQuery): readonly Subtotal[] => {
  if (inputs.length > MAX_SUBTOTALS) throw bad("input.subtotals", `An answer has at most ${MAX_SUBTOTALS} subtotals.`);
  return inputs.map((names, index) => subtotal(names, asked, `input.subtotals.${index}`));
};

/** Rows of all groups of one statement: half of what an answer of the store may hold. */
const MAX_ROWS_TOGETHER = 50_000;

/** Whether a measure keeps every value of a group: those of many sets of groups at once could be more than a statement may hold. */
const keepsValues = ({ formula }: AnalyticQuery["measures"][number]): boolean =>
  (formula.kind === "UNIQUES" || formula.kind === "QUANTILE") && formula.exact;

/** Whether the question's order, without the columns that a subtotal has not, is the subtotal's own. */
const ordersAlike = (orderBy: readonly OrderStep[], { query, kept, orderBy: own }: Subtotal): boolean =>
  JSON.stringify(remaining(orderBy, kept, query.buckets !== null)) === JSON.stringify(own);

/**
 * The subtotals that are read in the question's own statement: those in the question's order that are answered from the same table. Events or rows of a
 * rollup are then read once for all of them. `limit` is how many rows of each are read.
 */
export const readBeside = (
  { query, orderBy }: OlapQuery,
  coarser: readonly Subtotal[],
  limit: number,
  policy: DataPolicy | null,
): readonly Subtotal[] => {
  const { rollup } = plan(query, policy);
  if ((coarser.length + 1) * limit > MAX_ROWS_TOGETHER || query.measures.some(keepsValues)) return [];
  return coarser.filter((one) => ordersAlike(orderBy, one) && plan(one.query, policy).rollup === rollup);
};
