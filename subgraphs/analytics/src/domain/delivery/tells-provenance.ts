import type { Provenance } from "../provenance.ts";

/** An answer that tells where it comes from. */
export interface TellsProvenance {
  readonly provenance: Provenance;
}

const tells = (part: unknown): part is TellsProvenance =>
  typeof part === "object" &&
  part !== null &&
  "provenance" in part &&
  typeof part.provenance === "object" &&
  part.provenance !== null;

/** An answer with another provenance, its own and that of each of its parts that tells one, in lists of parts too. */
export const withProvenance = <Answer extends object>(
  answer: Answer,
  retold: (provenance: Provenance) => Provenance,
): Answer => {
  const again = (part: unknown): unknown => (tells(part) ? { ...part, provenance: retold(part.provenance) } : part);
  const parts = Object.entries(answer).flatMap(([name, member]: [string, unknown]) => {
    if (Array.isArray(member)) return member.some(tells) ? [[name, member.map(again)]] : [];
    return tells(member) ? [[name, again(member)]] : [];
  });
  // boundary: members are put in the place of members of the same name and type.
  return again({ ...answer, ...Object.fromEntries(parts) }) as Answer;
};
