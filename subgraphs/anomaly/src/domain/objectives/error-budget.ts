/** Units a percentage is counted in: hundred thousandths of a percent, so that 99.99999 % is exact. */
const UNITS_OF_PERCENT = 100_000;
/** All of them: 100 %. */
export const ALL_UNITS = 100 * UNITS_OF_PERCENT;
/** Parts a factor of a burn rate is counted in: 14.4 is 14,400. */
const FACTOR_PARTS = 1_000;
/** How far from a whole number of units the product of a decimal may be rounded. */
const ROUNDING = 1e-6;

/** Events, or slices of time, and those of them that were bad; whole numbers. */
export interface Counts {
  readonly total: number;
  readonly bad: number;
}

/** Nothing was counted. */
export const NO_COUNTS: Counts = { total: 0, bad: 0 };

/** The sum of what was counted of two times. */
export const together = (one: Counts, other: Counts): Counts => ({
  total: one.total + other.total,
  bad: one.bad + other.bad,
});

const whole = (value: number, units: number): number | null => {
  const counted = Math.round(value * units);
  return Math.abs(value * units - counted) <= ROUNDING ? counted : null;
};

/** The error budget of an objective in percent, in units of {@link ALL_UNITS}; null of one with more than five decimals, and of 0 and 100 and beyond. */
export const budgetUnitsOf = (percent: number): number | null => {
  const units = whole(percent, UNITS_OF_PERCENT);
  return units === null || units <= 0 || units >= ALL_UNITS ? null : ALL_UNITS - units;
};

/** A factor in thousandths; null of one with more than three decimals. */
export const factorPartsOf = (factor: number): number | null => whole(factor, FACTOR_PARTS);

/** Whether more than so many thousandths of what a budget allows were bad. Exact, whatever the numbers: nothing is divided. */
export const burnsBeyond = ({ total, bad }: Counts, budgetUnits: number, factorParts: number): boolean =>
  BigInt(bad) * BigInt(ALL_UNITS) * BigInt(FACTOR_PARTS) > BigInt(factorParts) * BigInt(budgetUnits) * BigInt(total);

/** The most of so many that may be bad without burning beyond a factor; more than all where it can't be burnt so fast. */
export const mostWithin = (total: number, budgetUnits: number, factorParts: number): number =>
  Number((BigInt(factorParts) * BigInt(budgetUnits) * BigInt(total)) / (BigInt(ALL_UNITS) * BigInt(FACTOR_PARTS)));

/** Whether any share can burn a budget faster than so many thousandths: all being bad burns it the fastest. */
export const canBurnBeyond = (budgetUnits: number, factorParts: number): boolean =>
  burnsBeyond({ total: 1, bad: 1 }, budgetUnits, factorParts);

/** How many times as fast as the budget lasts it is burnt (SRE workbook, chapter 5): the share of the bad by the share that may be; null of nothing. */
export const burnRateOf = ({ total, bad }: Counts, budgetUnits: number): number | null =>
  total === 0 ? null : (bad * ALL_UNITS) / (total * budgetUnits);

/** What was good, in percent; null of nothing. */
export const attainmentOf = ({ total, bad }: Counts): number | null =>
  total === 0 ? null : (100 * (total - bad)) / total;

/** An error budget, and what is left of it. */
export interface ErrorBudget {
  /** Bad ones that the total allows; a fraction of one where they are few. */
  readonly allowed: number;
  readonly spent: number;
  /** Below 0 where more was spent than there was. */
  readonly left: number;
  /** Share of what is allowed, in percent; null of nothing. */
  readonly leftPercent: number | null;
  /** Whether no more was spent than there was; null of nothing. */
  readonly kept: boolean | null;
}

/** The budget that a number of events, or slices, comes with, and what is left of it. */
export const errorBudgetOf = (counts: Counts, budgetUnits: number): ErrorBudget => {
  const { total, bad } = counts;
  const allowed = (total * budgetUnits) / ALL_UNITS;
  return {
    ...{ allowed, spent: bad, left: allowed - bad },
    leftPercent: total === 0 ? null : 100 - (100 * bad * ALL_UNITS) / (total * budgetUnits),
    kept: total === 0 ? null : !burnsBeyond(counts, budgetUnits, FACTOR_PARTS),
  };
};
