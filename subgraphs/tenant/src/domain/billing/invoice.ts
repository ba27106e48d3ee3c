import { amount, Decimal, floorMoney, roundMoney, smallestUnit, sum, ZERO, type Amount } from "./money.ts";
import type { BilledMetric, Plan, PlanPart } from "./plan.ts";
import { priceOf } from "./price.ts";

/** What is billed: people, and sums of the ledger over the month. */
export interface BilledUsage {
  readonly users: number;
  readonly quantities: Readonly<Record<BilledMetric, Amount>>;
}

/** Money a tenant has been given ahead. */
export interface Credit {
  readonly id: string;
  readonly currency: string;
  /** What is left of it. */
  readonly balance: Amount;
  /** Lower is drawn first; then what expires first, then the older id. */
  readonly priority: number;
  readonly expiresAtMs: number | null;
}

/** One line of an invoice, rounded to the currency's smallest unit. */
export interface InvoiceLine {
  readonly kind: "FIXED" | "PER_USER" | "USAGE" | "COMMITMENT" | "CREDIT";
  readonly name: string;
  readonly metric: BilledMetric | null;
  /** What was used, before what is included; null where nothing is counted. */
  readonly quantity: Amount | null;
  /** What of it was priced. */
  readonly billable: Amount | null;
  readonly amount: Amount;
}

/** An invoice: its total is the sum of its lines. */
export interface Invoice {
  readonly currency: string;
  readonly lines: readonly InvoiceLine[];
  /** Before credits. */
  readonly subtotal: Amount;
  readonly creditsApplied: Amount;
  readonly total: Amount;
  /** What is left of each credit. */
  readonly creditsLeft: readonly Credit[];
}

const lineOf = (part: PlanPart, usage: BilledUsage, currency: string): InvoiceLine => {
  const base = { kind: part.kind, name: part.name };
  const money = (value: Amount): Amount => roundMoney(value, currency);
  switch (part.kind) {
    case "FIXED":
      return { ...base, metric: null, quantity: null, billable: null, amount: money(amount(part.fee)) };
    case "PER_USER": {
      const billable = amount(Math.max(0, usage.users - part.includedUsers));
      const quantity = amount(usage.users);
      return { ...base, metric: null, quantity, billable, amount: money(billable.times(amount(part.fee))) };
    }
    case "USAGE": {
      const quantity = usage.quantities[part.metric];
      const billable = Decimal.max(ZERO, quantity.minus(amount(part.included)));
      return { ...base, metric: part.metric, quantity, billable, amount: money(priceOf(part.price, billable)) };
    }
  }
};

/** The line that brings usage up to what was committed; none when it is above. */
const commitmentLine = (plan: Plan, lines: readonly InvoiceLine[]): readonly InvoiceLine[] => {
  if (plan.commitment === null) return [];
  const used = sum(lines.filter(({ kind }) => kind === "USAGE").map((line) => line.amount));
  const missing = roundMoney(amount(plan.commitment), plan.currency).minus(used);
  if (missing.lte(0)) return [];
  const name = "Up to the commitment";
  return [{ kind: "COMMITMENT", name, metric: null, quantity: null, billable: null, amount: missing }];
};

const byTurn = (a: Credit, b: Credit): number =>
  a.priority - b.priority ||
  (a.expiresAtMs ?? Infinity) - (b.expiresAtMs ?? Infinity) ||
  (a.id < b.id ? -1 : Number(a.id > b.id));

/** Draws credits in turn until the amount is covered: never more than it, and never more than a credit holds. */
export const drawCredits = (
  credits: readonly Credit[],
  currency: string,
  due: Amount,
  atMs: number,
): {
  readonly drawn: readonly { readonly credit: Credit; readonly amount: Amount }[];
  readonly left: readonly Credit[];
} => {
  let open = due;
  const drawn: { credit: Credit; amount: Amount }[] = [];
  const left = credits.toSorted(byTurn).map((credit) => {
    const usable = credit.currency === currency && (credit.expiresAtMs === null || credit.expiresAtMs > atMs);
    // What is drawn has the currency's digits; what a credit holds may have more.
    const exact = floorMoney(usable ? Decimal.min(open, credit.balance) : ZERO, currency);
    if (exact.lte(0)) return credit;
    open = open.minus(exact);
    drawn.push({ credit, amount: exact });
    return { ...credit, balance: credit.balance.minus(exact) };
  });
  return { drawn, left };
};

/**
 * The invoice of a month: a line for each part of the plan, a line up to the commitment, and credits that were valid at the month's end. Each line is
 * rounded by itself (half to even), and the total is the sum of the rounded lines.
 */
export const invoiceOf = (plan: Plan, usage: BilledUsage, credits: readonly Credit[], monthEndMs: number): Invoice => {
  const priced = plan.parts.map((part) => lineOf(part, usage, plan.currency));
  const charged = [...priced, ...commitmentLine(plan, priced)];
  const subtotal = sum(charged.map((line) => line.amount));
  const { drawn, left } = drawCredits(credits, plan.currency, subtotal, monthEndMs);
  const creditLines = drawn.map(({ credit, amount: taken }): InvoiceLine => ({
    ...{ kind: "CREDIT", name: `Credit ${credit.id}`, metric: null, quantity: null, billable: null },
    amount: taken.negated(),
  }));
  const creditsApplied = sum(drawn.map((one) => one.amount));
  return {
    currency: plan.currency,
    lines: [...charged, ...creditLines],
    subtotal,
    creditsApplied,
    total: subtotal.minus(creditsApplied),
    creditsLeft: left,
  };
};

/**
 * Divides money among shares by their weights, to the currency's smallest unit: each gets its part rounded down, and the units that are left go to
 * the largest remainders (Hamilton's method), so that the parts sum up exactly. Equal parts when nobody has any weight.
 */
export const apportion = (total: Amount, weights: readonly Amount[], currency: string): readonly Amount[] => {
  if (weights.length === 0) return [];
  const whole = sum(weights);
  const shares = whole.lte(0) ? weights.map(() => new Decimal(1)) : weights;
  const all = sum(shares);
  const unit = smallestUnit(currency);
  const units = roundMoney(total, currency).dividedToIntegerBy(unit);
  const exact = shares.map((share) => units.times(share).dividedBy(all));
  const floors = exact.map((part) => part.floor());
  const missing = units.minus(sum(floors)).toNumber();
  const order = exact
    .map((part, index) => ({ index, rest: part.minus(part.floor()) }))
    .toSorted((a, b) => b.rest.comparedTo(a.rest) || a.index - b.index);
  const lucky = new Set(order.slice(0, missing).map(({ index }) => index));
  return floors.map((part, index) => part.plus(lucky.has(index) ? 1 : 0).times(unit));
};
