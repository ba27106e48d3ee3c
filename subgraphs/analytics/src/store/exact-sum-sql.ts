import type { ExactSpan } from "../domain/measures.ts";
import type { Params } from "./params.ts";

/** Powers of two that one whole number spans: with the 53 bits of a number it leaves 2^42 numbers room to be added up in 256 bits. */
const SPAN = 160;
/** The power of two of which every number is a multiple. */
const SMALLEST_POWER = -1_074;
/** A number's bits without its sign and its power of two, and the one that numbers have which are not next to 0. */
const [FRACTION, LEADING] = ["4503599627370495", "4503599627370496"];

const bitsOf = (number: string): string => `reinterpretAsUInt64(ifNull(${number}, 0))`;
const writtenPower = (number: string): string => `toInt32(bitAnd(bitShiftRight(${bitsOf(number)}, 52), 2047))`;

/** The power of two that a number is a whole multiple of, counted from the smallest there is; a number is the product of it and at most 53 bits. */
const powerSql = (number: string): string => `(greatest(${writtenPower(number)}, 1) - 1)`;

/** Between which powers of two numbers lie, 0 left out, as two expressions; 0 where there are no others. */
export const spanSql = (number: string): { readonly lowest: string; readonly highest: string } => ({
  lowest: `minIf(${powerSql(number)}, ifNull(${number}, 0) != 0)`,
  highest: `maxIf(${powerSql(number)}, ifNull(${number}, 0) != 0)`,
});

/** The whole number that a number is a multiple of its power of two by. */
const wholeSql = (number: string): string => {
  const fraction = `toInt64(bitAnd(${bitsOf(number)}, ${FRACTION}))`;
  return `((${fraction} + if(${writtenPower(number)} > 0, ${LEADING}, 0)) * if(${number} < 0, -1, 1))`;
};

/**
 * The sum of floating-point numbers, the same in whatever order they are read and however they are shared out: they are added up as whole multiples of a power of
 * two and made a floating-point number once, at the end: the nearest one, or the next where the sum lies all but halfway between two, since the store rounds to 64 bits first. Numbers further apart than {@link SPAN} powers are added up apart from each other. Null where none is
 * there, and where the sum is beyond the greatest number.
 */
export const exactSumSql = (number: string, { lowest, highest }: ExactSpan, params: Params): string => {
  const power = powerSql(number);
  const parts = Array.from({ length: Math.floor((highest - lowest) / SPAN) + 1 }, (_part, index) => {
    const from = params.place("Int64", lowest + index * SPAN);
    const shifted = `bitShiftLeft(toInt256(${wholeSql(number)}), toUInt16(greatest(${power} - ${from}, 0)))`;
    const within = highest - lowest < SPAN ? "1" : `${power} >= ${from} AND ${power} < ${from} + ${SPAN}`;
    const counted = `multiIf(isNull(${number}), NULL, ${within}, ${shifted}, toInt256(0))`;
    return `toFloat64(sum(${counted})) * exp2(toFloat64(${from}) + ${SMALLEST_POWER})`;
  });
  const sum = parts.join(" + ");
  return `if(isFinite(${sum}), ${sum}, NULL)`;
};
