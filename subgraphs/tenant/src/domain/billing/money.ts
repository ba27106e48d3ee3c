import { Decimal as Base } from "decimal.js";

/**
 * Decimal numbers of billing: 40 significant digits, so that no product of a price and a quantity that can occur loses one, and half-even rounding
 * (IEEE 754 roundTiesToEven), which favours neither side over many invoices.
 */
export const Decimal = Base.clone({ precision: 40, rounding: Base.ROUND_HALF_EVEN });

/** A decimal number of billing. */
export type Amount = InstanceType<typeof Decimal>;

/** Digits behind the point of a currency's smallest unit (ISO 4217); currencies that are not named have two. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  ...{ BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3 },
  ...{ BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0 },
  ...{ UGX: 0, UYI: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0 },
};

/** Nothing of any currency. */
export const ZERO: Amount = new Decimal(0);

/** Reads a decimal number; throws when the text is none. */
export const amount = (text: string | number | bigint): Amount => new Decimal(text.toString());

/** Rounds to the currency's smallest unit, half to even. */
export const roundMoney = (value: Amount, currency: string): Amount =>
  value.toDecimalPlaces(MINOR_DIGITS[currency] ?? 2, Decimal.ROUND_HALF_EVEN);

/** Rounds down to the currency's smallest unit; for amounts that are not negative. */
export const floorMoney = (value: Amount, currency: string): Amount =>
  value.toDecimalPlaces(MINOR_DIGITS[currency] ?? 2, Decimal.ROUND_DOWN);

/** A currency's smallest unit: 0.01, in JPY 1. */
export const smallestUnit = (currency: string): Amount => new Decimal(10).pow(-(MINOR_DIGITS[currency] ?? 2));

/** Writes money with all digits of its smallest unit: `12.50`, in JPY `13`. */
export const moneyText = (value: Amount, currency: string): string =>
  roundMoney(value, currency).toFixed(MINOR_DIGITS[currency] ?? 2);

/** The sum of amounts. */
export const sum = (values: readonly Amount[]): Amount => values.reduce((total, value) => total.plus(value), ZERO);
