/** What no file for people may hold: control characters but tab and line feed, marks that turn text around, halves of characters, and what is no character. */
const UNPRINTABLE = /(?![\t\n])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/gu;

/** A text with a replacement character for each that a file must not hold. */
export const printable = (text: string): string => text.replaceAll("\r\n", "\n").replaceAll(UNPRINTABLE, "\ufffd");

/** The same in one line, and not longer than so many characters. */
export const inOneLine = (text: string, most: number): string => {
  const characters = Array.from(printable(text).replaceAll(/\s+/g, " ").trim());
  return characters.length <= most ? characters.join("") : `${characters.slice(0, most - 1).join("")}…`;
};
