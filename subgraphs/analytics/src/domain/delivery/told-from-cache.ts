import { formatDuration } from "../duration.ts";
import type { CacheUse, Provenance } from "../provenance.ts";

/** An answer that tells where it comes from. */
export interface TellsProvenance {
  readonly provenance: Provenance;
}

/** How an answer was come by, and how long before the question it was begun, in milliseconds. */
export interface CacheTold {
  readonly use: CacheUse;
  readonly ageMs: number;
}

const NOTHING_READ = { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } as const;

const retold = (provenance: Provenance, { use, ageMs }: CacheTold): Provenance => ({
  ...provenance,
  ...(use === "MISS" ? {} : NOTHING_READ),
  cache: use,
  freshness: formatDuration(Math.max(0, Math.round(ageMs))),
});

const tells = (part: unknown): part is TellsProvenance =>
  typeof part === "object" && part !== null && "provenance" in part && typeof part.provenance === "object";

/**
 * The answer as it is given to somebody who shares it: it, and each part that tells where it comes from, say so, how old they are, and that nothing was
 * read for them.
 */
export const toldFromCache = <Answer extends TellsProvenance>(answer: Answer, told: CacheTold): Answer => {
  const parts = Object.entries(answer).flatMap(([name, member]: [string, unknown]) =>
    Array.isArray(member) && member.some(tells)
      ? [
          [
            name,
            member.map((part: unknown) =>
              tells(part) ? { ...part, provenance: retold(part.provenance, told) } : part,
            ),
          ],
        ]
      : [],
  );
  // boundary: members are put in the place of members of the same name and type.
  return { ...answer, ...Object.fromEntries(parts), provenance: retold(answer.provenance, told) } as Answer;
};
