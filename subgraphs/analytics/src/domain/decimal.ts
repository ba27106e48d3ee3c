/** Digits behind the point of the store's decimals. */
const DIGITS = 4;
const SCALE = 10n ** BigInt(DIGITS);

/** A decimal of the store in ten-thousandths. */
export const parseDecimal = (text: string): bigint => {
  const [, sign, whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const scaled = BigInt(whole) * SCALE + BigInt(fraction.padEnd(DIGITS, "0").slice(0, DIGITS));
  return sign === "-" ? -scaled : scaled;
};

/** Ten-thousandths as the store prints decimals: without zeros at the end. */
export const formatDecimal = (scaled: bigint): string => {
  const digits = scaled < 0n ? -scaled : scaled;
  const text = `${digits / SCALE}.${String(digits % SCALE).padStart(DIGITS, "0")}`.replace(/\.?0+$/, "");
  return scaled < 0n ? `-${text}` : text;
};
