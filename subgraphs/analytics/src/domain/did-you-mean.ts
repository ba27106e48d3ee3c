import { distance } from "fastest-levenshtein";

/** Edits (Levenshtein 1966) up to which a known name is taken for what was meant: a part of its length, or two, which are one swap of letters. */
const NEAR = { part: 0.4, edits: 2 } as const;
/** Characters of a name that are compared: no known name is longer, and comparing takes the product of both lengths. */
const MAX_COMPARED = 128;

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9.]/g, "");

/** ` Did you mean ...?` with the known name nearest to an unknown one, case and underscores aside; empty when none is near. */
export const didYouMean = (unknown: string, known: readonly string[]): string => {
  if (unknown.length > MAX_COMPARED) return "";
  let [best, least] = ["", Infinity];
  for (const name of known) {
    const edits = distance(plain(unknown), plain(name));
    const near = edits <= Math.max(NEAR.edits, NEAR.part * name.length) && edits < name.length;
    if (near && edits < least) [best, least] = [name, edits];
  }
  return best === "" ? "" : ` Did you mean \`${best}\`?`;
};
