import type { ProvenancePartsFragment } from "../generated/graphql.ts";
import { toProvenance } from "./provenance.ts";

/** Characters the header takes: what is common for all headers of an answer is 8,192. */
const MAX_CHARACTERS = 4_096;

/** What a description says of the header. */
export const PROVENANCE_HEADER = {
  "tessera-provenance":
    "Where the first of the rows come from, as other answers tell it in `provenance`: a JSON object in ASCII. Where it would be longer than 4,096 characters its longest parts are missing, and `left_out` names them.",
} as const;

const inAscii = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Where a stream's rows come from, as its header. */
export const provenanceHeader = (provenance: ProvenancePartsFragment): Readonly<Record<string, string>> => {
  const whole = toProvenance(provenance);
  const longestFirst = Object.entries(whole)
    .map(([name, part]: [string, unknown]) => ({ name, length: inAscii(part).length }))
    .toSorted((one, other) => other.length - one.length)
    .map(({ name }) => name);
  let told = inAscii(whole);
  for (let count = 1; told.length > MAX_CHARACTERS; count += 1) {
    const leftOut = longestFirst.slice(0, count);
    const kept = Object.entries(whole).filter(([name]) => !leftOut.includes(name));
    told = inAscii({ ...Object.fromEntries(kept), left_out: leftOut });
  }
  return { "tessera-provenance": told };
};
