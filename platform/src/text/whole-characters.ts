/** What PostgreSQL's JSON and strict receivers refuse: U+0000, and halves of surrogate pairs (with the flag `u` a whole pair is one character, which is none). */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

/** A text as every store holds it: U+0000 and halves of surrogate pairs stand as U+FFFD. */
export const storableText = (text: string): string => text.replaceAll(UNSTORABLE, "\ufffd");

/** The beginning of a text, of at most so many units of UTF-16: no half of a surrogate pair stands at its end. */
export const beginningOf = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, "");
