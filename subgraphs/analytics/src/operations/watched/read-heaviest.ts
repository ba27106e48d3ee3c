import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import type { Granularity } from "../../domain/calendar.ts";
import type { Cell, Column } from "../../domain/columns.ts";
import { linesOfRows } from "../../domain/comparison.ts";
import { groupColumns, type Group } from "../../domain/olap-answer.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { MAX_OLAP_ROWS, parseOlap, type AnalyticQuery, type OlapInput } from "../../domain/query.ts";
import type { WatchedBucket, WatchedWindow } from "../../domain/watched/watched-window.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import { isoTime } from "../../domain/zone.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { askingAfter, provenanceOfParts, readPart, type Asking, type Part } from "../olap-parts.ts";

/** Characters of all groups that are kept: they are sent back to the store with each statement that reads them. */
const MAX_GROUP_CHARACTERS = 100_000;

/** A grouped question whose groups are too many to be read one by one. */
export interface HeaviestAsked {
  readonly caller: Caller;
  /** The question; its range, buckets, order and limit are said here. */
  readonly input: OlapInput;
  /** The measure by which groups weigh. */
  readonly weighedBy: string;
  /** From when on events weigh, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly window: WatchedWindow;
  /** Groups that are read at most. */
  readonly most: number;
  /** Whether everything together is read as well. */
  readonly whole: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Rows of an answer, in columns. */
export interface ReadColumns {
  readonly columns: readonly Column[];
  readonly rowCount: number;
}

/** The heaviest groups, in every bucket. */
export interface Heaviest {
  /** Each group that is read, heaviest first; those without events in any bucket too. */
  readonly weighed: ReadColumns;
  /** What they hold, bucket by bucket. */
  readonly answers: readonly ReadColumns[];
  /** What all groups hold together, by bucket; null unless it was asked for and there are others. */
  readonly whole: ReadColumns | null;
  /** Groups there are: as many as were weighed, or more. */
  readonly count: number;
  readonly more: boolean;
  readonly provenances: readonly Provenance[];
}

const charactersOf = (cells: readonly Cell[]): number =>
  cells.reduce<number>((sum, cell) => sum + String(cell ?? "").length, 0);

/** The first rows, as many as are wanted and can be sent back to the store. */
const sendable = (rows: readonly Group[], most: number): readonly Group[] => {
  let characters = 0;
  const kept = rows.slice(0, most);
  const end = kept.findIndex(({ dimensions }) => (characters += charactersOf(dimensions)) > MAX_GROUP_CHARACTERS);
  return end < 0 ? kept : kept.slice(0, end);
};

const sliced = (buckets: readonly WatchedBucket[], size: number): readonly (readonly WatchedBucket[])[] =>
  Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) =>
    buckets.slice(index * size, (index + 1) * size),
  );

const columnsOf = (query: AnalyticQuery, rows: readonly Group[]): ReadColumns => ({
  columns: groupColumns(query, rows),
  rowCount: rows.length,
});

/**
 * Has the store weigh all groups and tell the heaviest, then reads those alone, bucket by bucket, and everything together: what is held here grows with the groups that are
 * kept, however many there are.
 */
export const readHeaviest = async (
  deps: BudgetDeps & { readonly nowMs: () => number },
  { caller, input, weighedBy, sinceMs, window, most, whole, signal }: HeaviestAsked,
): Promise<Heaviest> => {
  const access = accessOf(caller);
  const asked = (range: OlapInput["range"], granularity: Granularity) =>
    parseOlap({ ...input, range, granularity, orderBy: [], limit: MAX_OLAP_ROWS }, access).query;
  const ranked = parseOlap(
    {
      ...{ ...input, range: { from: isoTime(sinceMs), to: isoTime(window.toMs) }, granularity: "NONE" },
      ...{ orderBy: [{ column: weighedBy }], limit: MAX_OLAP_ROWS },
    },
    access,
  );
  const { approximate, drawn, query } = ranked;
  const asking: Asking = { caller, asOfMs: deps.nowMs(), approximate, drawn, signal };
  const weighed = await readPart(deps, asking, ranked);
  const provenances = [provenanceOfParts(asking, query, [weighed])];
  const after = askingAfter(asking, weighed);
  const kept = sendable(weighed.rows, most);
  const read = async (part: Part): Promise<ReadColumns> => {
    const answer = await readPart(deps, after, part);
    provenances.push(provenanceOfParts(after, part.query, [answer]));
    return columnsOf(part.query, answer.rows);
  };
  const lines = { kind: "ONLY", lines: linesOfRows(kept) } as const;
  const answers: ReadColumns[] = [];
  for (const buckets of sliced(window.buckets, Math.max(1, Math.floor(MAX_OLAP_ROWS / Math.max(1, kept.length)))))
    answers.push(
      await read({ query: asked(rangeOfBuckets(buckets), window.granularity), limit: MAX_OLAP_ROWS, lines }),
    );
  const others = kept.length < weighed.rows.length || weighed.hasMore;
  const together = { ...asked(rangeOfBuckets(window.buckets), window.granularity), dimensions: [] };
  return {
    ...{ weighed: columnsOf(query, kept), answers, provenances },
    whole: whole && others ? await read({ query: together, limit: window.buckets.length }) : null,
    ...{ count: weighed.rows.length, more: weighed.hasMore },
  };
};
