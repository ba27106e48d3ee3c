/** Characters of the default alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1), which take one septet each. */
const GSM_7 = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** Characters of its extension table, which take two septets each. */
const GSM_7_EXTENDED = new Set("\f^{}\\[~]|€");

/** Septets or UTF-16 units of a message of one part, and of each part of several, whose header takes six octets. */
const ROOM = { GSM_7: { one: 160, each: 153 }, UCS_2: { one: 70, each: 67 } } as const;

/** How a text is sent in short messages. */
export interface SmsSize {
  readonly encoding: "GSM_7" | "UCS_2";
  readonly parts: number;
}

const charactersOf = (text: string): readonly string[] => Array.from(text);
const widthIn = (encoding: SmsSize["encoding"], character: string): number =>
  encoding === "UCS_2" ? character.length : GSM_7_EXTENDED.has(character) ? 2 : 1;

const encodingOf = (characters: readonly string[]): SmsSize["encoding"] =>
  characters.every((one) => GSM_7.has(one) || GSM_7_EXTENDED.has(one)) ? "GSM_7" : "UCS_2";

/** Parts that characters fill; none is split between two: neither an escaped character of GSM 7-bit nor a surrogate pair. */
const partsOf = (encoding: SmsSize["encoding"], characters: readonly string[]): number => {
  const room = ROOM[encoding];
  const widths = characters.map((one) => widthIn(encoding, one));
  if (widths.reduce((sum, width) => sum + width, 0) <= room.one) return 1;
  let [parts, filled] = [1, 0];
  for (const width of widths) {
    if (filled + width > room.each) [parts, filled] = [parts + 1, 0];
    filled += width;
  }
  return parts;
};

/** The encoding a text needs, and the parts it fills in it. */
export const smsSize = (text: string): SmsSize => {
  const characters = charactersOf(text);
  const encoding = encodingOf(characters);
  return { encoding, parts: partsOf(encoding, characters) };
};

/** A text that fits so many parts: the text itself, or as much of its beginning as fits with `...` behind. */
export const fitSms = (text: string, maxParts: number): string => {
  if (smsSize(text).parts <= maxParts) return text;
  const characters = charactersOf(text);
  let [fits, tooLong] = [0, characters.length];
  // Cutting more never takes more parts: what is left is a beginning of it, and needs no wider encoding.
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (smsSize(`${characters.slice(0, middle).join("")}...`).parts <= maxParts) fits = middle;
    else tooLong = middle;
  }
  return `${characters.slice(0, fits).join("")}...`;
};
