/** Digits of a key in the order of their character codes, so that keys are compared as text. */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Characters of a key after which all keys of a dashboard are spread anew: some thousand insertions at one place. */
export const MAX_ORDER_KEY = 64;

const digitAt = (key: string, index: number): number => Math.max(0, DIGITS.indexOf(key[index] ?? "0"));

/**
 * A key strictly between two: fractions to the base of 62 without trailing zeros, null for 0 and for 1. Fractional indexing, as Figma describes it for
 * trees of many editors (Wallace 2017): a new place never changes that of others.
 */
export const keyBetween = (before: string | null, after: string | null): string => {
  const low = before ?? "";
  let prefix = "";
  for (let index = 0; ; index += 1) {
    // Once the key is below `after` by an earlier digit, it is bounded by `low` alone.
    const bounded = after !== null && after.startsWith(prefix);
    const [least, most] = [digitAt(low, index), bounded ? digitAt(after, index) : DIGITS.length];
    if (most - least > 1) return prefix + (DIGITS[Math.floor((least + most) / 2)] ?? "");
    prefix += DIGITS[least] ?? "";
  }
};

/** So many keys in order, evenly spread. */
export const spreadKeys = (count: number): readonly string[] => {
  const [base, places] = [DIGITS.length, 2];
  const step = base ** places / (count + 1);
  return Array.from({ length: count }, (_, index) => {
    const at = Math.floor(step * (index + 1));
    return `${DIGITS[Math.floor(at / base)] ?? ""}${DIGITS[at % base] ?? ""}`.replace(/0+$/, "");
  });
};
