/** Every floating-point number is a whole multiple of two to the power of minus this. */
const SMALLEST_POWER = 1_074;
const FRACTION_BITS = 52n;
const view = new DataView(new ArrayBuffer(8));

/** The bits of a number, as a whole number. */
export const bitsOfNumber = (number: number): bigint => {
  view.setFloat64(0, number);
  return view.getBigUint64(0);
};

/** How many times a number is the smallest one. */
const multipleOf = (number: number): bigint => {
  const bits = bitsOfNumber(number);
  const [power, fraction] = [(bits >> FRACTION_BITS) & 2047n, bits & ((1n << FRACTION_BITS) - 1n)];
  const whole = power === 0n ? fraction : (fraction | (1n << FRACTION_BITS)) << (power - 1n);
  return bits >> 63n === 1n ? -whole : whole;
};

/** The sum of numbers as it is, made a floating-point number once: the nearest there is. */
export const referenceExactSum = (numbers: readonly number[]): number => {
  const sum = numbers.reduce((total, number) => total + multipleOf(number), 0n);
  // Halved until a floating-point number can hold it: bits that fall off stay behind as one, so that what is nearest does not change.
  let [rest, halved] = [sum < 0n ? -sum : sum, 0];
  while (rest >= 1n << 64n) {
    rest = (rest >> 1n) | (rest & 1n);
    halved += 1;
  }
  // Two to the power of what is left may itself be too small or too large for one number.
  const power = halved - SMALLEST_POWER;
  const value = Number(rest) * 2 ** Math.trunc(power / 2) * 2 ** (power - Math.trunc(power / 2));
  return sum < 0n ? -value : value;
};
