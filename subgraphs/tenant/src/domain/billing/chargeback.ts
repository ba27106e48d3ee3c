import type { Invoice, InvoiceLine } from "./invoice.ts";
import { apportion } from "./invoice.ts";
import { sum, ZERO, type Amount } from "./money.ts";
import type { BilledMetric } from "./plan.ts";

/** Somebody a share of a bill goes to, and what they used of it. */
export interface ShareHolder {
  readonly name: string;
  readonly quantities: Readonly<Record<BilledMetric, Amount>>;
}

/** A share of an invoice. */
export interface ChargebackShare {
  readonly name: string;
  readonly amount: Amount;
}

/** What a line is divided by: its own metric; what nobody uses alone, as storage and fees, by cost points. */
const weightsOf = (line: InvoiceLine, holders: readonly ShareHolder[]): readonly Amount[] => {
  const own = line.metric === null || line.metric === "STORAGE_GIB" ? null : line.metric;
  const weights = holders.map(({ quantities }) => quantities[own ?? "COST_POINTS"]);
  return sum(weights).isZero() ? holders.map(({ quantities }) => quantities.COST_POINTS) : weights;
};

/** Divides an invoice line by line; the shares sum up to its total exactly. */
export const chargebackOf = (invoice: Invoice, holders: readonly ShareHolder[]): readonly ChargebackShare[] => {
  const shares = holders.map(() => ZERO);
  for (const line of invoice.lines) {
    const parts = apportion(line.amount.abs(), weightsOf(line, holders), invoice.currency);
    parts.forEach((part, index) => {
      const signed = line.amount.isNegative() ? part.negated() : part;
      shares[index] = (shares[index] ?? ZERO).plus(signed);
    });
  }
  return holders.map(({ name }, index) => ({ name, amount: shares[index] ?? ZERO }));
};
