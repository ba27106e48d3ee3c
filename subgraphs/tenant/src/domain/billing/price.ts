import { amount, Decimal, ZERO, type Amount } from "./money.ts";
import type { PriceStep, UsagePrice } from "./plan.ts";

/** Graduated: each unit at the price of the step it lies in, and the fee of every step that was reached. */
const graduated = (steps: readonly PriceStep[], quantity: Amount): Amount => {
  let [price, below] = [ZERO, ZERO];
  for (const step of steps) {
    if (quantity.lte(below)) break;
    const upTo = step.upTo === null ? quantity : Decimal.min(quantity, amount(step.upTo));
    price = price.plus(upTo.minus(below).times(amount(step.unitPrice))).plus(amount(step.flatFee));
    below = upTo;
  }
  return price;
};

/** Volume: all units at the price of the step the total lies in, whose upper bound is within it. */
const volume = (steps: readonly PriceStep[], quantity: Amount): Amount => {
  const step = steps.find(({ upTo }) => upTo === null || quantity.lte(amount(upTo)));
  return step === undefined ? ZERO : quantity.times(amount(step.unitPrice)).plus(amount(step.flatFee));
};

/** What a quantity costs, not rounded; nothing for nothing. */
export const priceOf = (price: UsagePrice, quantity: Amount): Amount => {
  if (quantity.lte(0)) return ZERO;
  switch (price.model) {
    case "FLAT":
      return quantity.times(amount(price.unitPrice));
    case "GRADUATED":
      return graduated(price.steps, quantity);
    case "VOLUME":
      return volume(price.steps, quantity);
    case "PACKAGE":
      return quantity.dividedBy(amount(price.packageSize)).ceil().times(amount(price.packagePrice));
  }
};
