import { MAX_REVENUE } from "./limits.ts";
import { rejection, type Rejection } from "./rejection.ts";

/** Decimal places of money in the store. */
const PLACES = 4;
const SCALE = 10 ** PLACES;
const DECIMAL = /^-?\d{1,12}(?:\.\d{1,4})?$/;

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** An amount in ten-thousandths, an exact integer. */
export type ScaledAmount = { readonly scaled: number } | { readonly rejection: Rejection };

const tooLarge = (): ScaledAmount => ({
  rejection: rejection("OUT_OF_RANGE", "/revenue", `revenue lies between -${MAX_REVENUE} and ${MAX_REVENUE}.`),
});

const scaledText = (text: string): ScaledAmount => {
  if (!DECIMAL.test(text))
    return {
      rejection: rejection(
        "WRONG_FORMAT",
        "/revenue",
        `revenue as text is a decimal with at most ${PLACES} places, like "12.50".`,
      ),
    };
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const magnitude = Number(whole) * SCALE + Number(fraction.padEnd(PLACES, "0"));
  if (magnitude > MAX_REVENUE * SCALE) return tooLarge();
  return { scaled: text.startsWith("-") && magnitude !== 0 ? -magnitude : magnitude };
};

/** Reads revenue: text must be exact to four places; a number is rounded to four places, as binary fractions seldom are exact. */
export const scaleRevenue = (revenue: number | string): ScaledAmount => {
  if (typeof revenue === "string") return scaledText(revenue);
  if (!(Math.abs(revenue) <= MAX_REVENUE)) return tooLarge();
  const scaled = Math.round(revenue * SCALE);
  return { scaled: scaled === 0 ? 0 : scaled };
};

/** True for a currency code of ISO 4217 in capitals, present or past. */
export const isCurrency = (code: string): boolean => CURRENCIES.has(code);
