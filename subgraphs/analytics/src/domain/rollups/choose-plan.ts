import type { Plan, RejectedTable } from "../planner.ts";
import type { OwnPlan } from "./own-plan.ts";

/** A way to answer with the rows that the store's index leaves to be read for it. */
export interface MeasuredPlan {
  readonly plan: Plan;
  readonly rows: number;
}

const holdsToo = (rows: number, taken: number): string =>
  `It holds the answer too, and would read ${rows} rows where ${taken} are read.`;

/** Why each of a tenant's own rollups that can't answer can't. */
export const rejectedOwn = (plans: readonly OwnPlan[]): readonly RejectedTable[] =>
  plans.flatMap(({ table, reason }) => (reason === null ? [] : [{ table, reason }]));

/**
 * The plan with the fewest rows: the shared one unless one of the tenant's own rollups has fewer. It tells of every other why not, and is settled: nothing
 * below chooses again.
 */
export const choosePlan = (
  shared: MeasuredPlan,
  own: readonly MeasuredPlan[],
  rejected: readonly RejectedTable[],
): Plan => {
  const best = own.reduce((least, one) => (one.rows < least.rows ? one : least), shared);
  const others = [shared, ...own].flatMap(({ plan, rows }) =>
    plan === best.plan || plan.rollup === null ? [] : [{ table: plan.rollup, reason: holdsToo(rows, best.rows) }],
  );
  return { ...best.plan, rejected: [...shared.plan.rejected, ...rejected, ...others], settled: true };
};
