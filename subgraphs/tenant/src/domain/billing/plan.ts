import { refuse } from "@tessera/platform/errors/refusal";

/** What a price is per; each is a sum of the ledger over the month. Storage is the mean of the month's samples, in GiB. */
export const BILLED_METRICS = [
  "EVENTS",
  "QUERIES",
  "COST_POINTS",
  "ROWS_READ",
  "BYTES_READ",
  "STORE_MS",
  "RESPONSE_BYTES",
  "EXPORT_BYTES",
  "JOBS",
  "PREDICTIONS",
  "SUBSCRIPTION_MINUTES",
  "STORAGE_GIB",
] as const;

/** One of {@link BILLED_METRICS}. */
export type BilledMetric = (typeof BILLED_METRICS)[number];

/** A step of a price: units up to a bound (null: all further ones), the price of a unit, and a fee for reaching the step. */
export interface PriceStep {
  readonly upTo: string | null;
  readonly unitPrice: string;
  readonly flatFee: string;
}

/**
 * How usage is priced. FLAT: every unit alike. GRADUATED: each unit at the price of the step it lies in. VOLUME: all units at the price of the step the
 * total lies in. PACKAGE: whole packages, each begun one counts.
 */
export type UsagePrice =
  | { readonly model: "FLAT"; readonly unitPrice: string }
  | { readonly model: "GRADUATED" | "VOLUME"; readonly steps: readonly PriceStep[] }
  | { readonly model: "PACKAGE"; readonly packageSize: string; readonly packagePrice: string };

/** One part of a plan; a plan with parts of several kinds is a hybrid. */
export type PlanPart =
  | { readonly kind: "FIXED"; readonly name: string; readonly fee: string }
  | { readonly kind: "PER_USER"; readonly name: string; readonly fee: string; readonly includedUsers: number }
  | {
      readonly kind: "USAGE";
      readonly name: string;
      readonly metric: BilledMetric;
      /** Units that cost nothing. */
      readonly included: string;
      readonly price: UsagePrice;
    };

/** A plan: its parts are priced apart; what its usage parts cost together is at least the commitment, when there is one. */
export interface Plan {
  readonly name: string;
  readonly currency: string;
  readonly parts: readonly PlanPart[];
  /** What is paid for usage at least, per month; null: nothing. */
  readonly commitment: string | null;
}

/** Parts of a plan, and steps of a price, at most. */
export const MAX_PLAN_PARTS = 50;
/** Steps of one price at most. */
export const MAX_PRICE_STEPS = 20;

const AMOUNT = /^\d{1,15}(?:\.\d{1,10})?$/;

const check = (holds: boolean, detail: string, field: string): void => {
  if (!holds) throw refuse("BAD_INPUT", detail, { field });
};
const checkAmount = (text: string, field: string): void =>
  check(AMOUNT.test(text), "An amount is a decimal number that is not negative.", field);

const checkSteps = (steps: readonly PriceStep[], field: string): void => {
  check(steps.length >= 1 && steps.length <= MAX_PRICE_STEPS, `A price has 1 to ${MAX_PRICE_STEPS} steps.`, field);
  steps.forEach((step, index) => {
    const at = `${field}.${index}`;
    const last = index === steps.length - 1;
    checkAmount(step.unitPrice, `${at}.unitPrice`);
    checkAmount(step.flatFee, `${at}.flatFee`);
    check((step.upTo === null) === last, "Every step but the last has a bound, and the last has none.", `${at}.upTo`);
    if (step.upTo === null) return;
    checkAmount(step.upTo, `${at}.upTo`);
    const before = steps[index - 1]?.upTo ?? "0";
    check(Number(step.upTo) > Number(before), "The bounds of steps must grow.", `${at}.upTo`);
  });
};

const checkPrice = (price: UsagePrice, field: string): void => {
  switch (price.model) {
    case "FLAT":
      return checkAmount(price.unitPrice, `${field}.unitPrice`);
    case "PACKAGE":
      checkAmount(price.packagePrice, `${field}.packagePrice`);
      checkAmount(price.packageSize, `${field}.packageSize`);
      return check(Number(price.packageSize) > 0, "A package holds something.", `${field}.packageSize`);
    case "GRADUATED":
    case "VOLUME":
      return checkSteps(price.steps, `${field}.steps`);
  }
};

/** Refuses with BAD_INPUT a plan that can't be billed by: no parts, wrong amounts, steps that do not grow or leave a gap. */
export const checkedPlan = (plan: Plan, field: string): Plan => {
  check(/^[A-Z]{3}$/.test(plan.currency), "A currency is an ISO 4217 code.", `${field}.currency`);
  check(plan.name.length >= 1 && plan.name.length <= 120, "A name has 1 to 120 characters.", `${field}.name`);
  check(
    plan.parts.length >= 1 && plan.parts.length <= MAX_PLAN_PARTS,
    `A plan has 1 to ${MAX_PLAN_PARTS} parts.`,
    `${field}.parts`,
  );
  if (plan.commitment !== null) checkAmount(plan.commitment, `${field}.commitment`);
  plan.parts.forEach((part, index) => {
    const at = `${field}.parts.${index}`;
    check(part.name.length >= 1 && part.name.length <= 120, "A name has 1 to 120 characters.", `${at}.name`);
    if (part.kind !== "USAGE") {
      checkAmount(part.fee, `${at}.fee`);
      if (part.kind === "PER_USER") check(part.includedUsers >= 0, "Users are counted from 0.", `${at}.includedUsers`);
      return;
    }
    checkAmount(part.included, `${at}.included`);
    checkPrice(part.price, `${at}.price`);
  });
  return plan;
};
