import erfcinv from "@stdlib/math-base-special-erfcinv";
import gammaincinv from "@stdlib/math-base-special-gammaincinv";

/** The value that a standard normal one lies below with a chance between 0 and 1. */
export const normalQuantile = (chance: number): number => -Math.SQRT2 * erfcinv(2 * chance);

/** The value that the sum of so many squared standard normal ones lies above with a chance between 0 and 1. */
export const chiSquareAbove = (chance: number, degrees: number): number => 2 * gammaincinv(chance, degrees / 2, true);
