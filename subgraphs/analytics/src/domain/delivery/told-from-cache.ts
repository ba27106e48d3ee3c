import { formatDuration } from "../duration.ts";
import type { CacheUse, Provenance } from "../provenance.ts";
import { withProvenance, type TellsProvenance } from "./tells-provenance.ts";

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

/**
 * The answer as it is given to somebody who shares it: it, and each part that tells where it comes from, say so, how old they are, and that nothing was
 * read for them.
 */
export const toldFromCache = <Answer extends TellsProvenance>(answer: Answer, told: CacheTold): Answer =>
  withProvenance(answer, (provenance) => retold(provenance, told));
