import type { DataPolicy } from "@tessera/contracts/data-policy";
import { filteredColumns, maskedColumns } from "@tessera/platform/store/data-policy";
import { isoTime } from "./zone.ts";
import type { Approximation } from "./planner.ts";
import type { Sampling } from "./sampling.ts";
import type { TimeRange } from "./time-range.ts";
import type { TakenProjection } from "./explanation.ts";
import { NO_USES, type Uses } from "./uses.ts";

/** What a query cost, as the store measured it. */
export interface Cost {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
  /** Version of the links between people by which persons were counted; absent when nobody was linked, or persons were not looked at. */
  readonly peopleVersion?: number;
  /** Rows there would have been without the limit; absent where the store was not asked with one. */
  readonly rowsBeforeLimit?: number;
  /** What the engine kept inside tables and read in place of their rows; absent where its plan was not looked at. */
  readonly projections?: readonly TakenProjection[];
}

/** How an answer was come by, as in the SDL. */
export type CacheUse = "NONE" | "MISS" | "HIT" | "SHARED";

/** Where an answer comes from, how exact it is and what it cost; as in the SDL. */
export interface Provenance extends Uses {
  readonly asOf: string;
  readonly freshness: string;
  readonly cache: CacheUse;
  readonly exactness: "EXACT" | "APPROXIMATE";
  readonly relativeError: number | null;
  readonly approximations: readonly Approximation[];
  readonly tables: readonly { readonly table: string; readonly from: string; readonly to: string }[];
  readonly rejectedTables: PlanFacts["rejected"];
  /** Null where nobody looked at the engine's plan. */
  readonly projections: readonly TakenProjection[] | null;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
  readonly timeZone: string;
  readonly peopleVersion: number | null;
  /** Null unless a sample was read in place of all events. */
  readonly sampling: Sampling | null;
  /** Names of events that the answer may have read; absent where it may have read events of any name. */
  readonly eventNames?: readonly string[] | undefined;
  /** Columns by which a data policy hid rows from the asker. */
  readonly rowsFilteredBy: readonly string[];
  /** Columns whose values a data policy replaced. */
  readonly maskedColumns: readonly string[];
}

/** The parts of a plan that an answer's provenance tells. */
export interface PlanFacts {
  readonly parts: readonly (TimeRange & { readonly table: string })[];
  readonly rejected: readonly { readonly table: string; readonly reason: string }[];
  readonly approximations: readonly Approximation[];
}

/** Facts of a plan that reads single events only, exactly, because nothing cheaper holds them. */
export const eventsOnly = (part: TimeRange): PlanFacts => ({
  parts: [{ table: "events", ...part }],
  rejected: [],
  approximations: [],
});

/** The projections that were read in several parts, each once; null where nobody looked at any. */
export const projectionsTogether = (
  parts: readonly { readonly projections?: readonly TakenProjection[] | null }[],
): readonly TakenProjection[] | null => {
  const looked = parts.flatMap(({ projections = null }) => (projections === null ? [] : [projections]));
  const found = new Map(looked.flat().map((one) => [`${one.table} ${one.name}`, one]));
  return looked.length === 0 ? null : [...found.values()];
};

/** Puts together what an answer says about itself; the costs of several queries add up. */
export const provenanceOf = (
  facts: PlanFacts,
  costs: readonly Cost[],
  asOfMs: number,
  timeZone: string,
  policy: DataPolicy | null,
  sampling: Sampling | null = null,
): Provenance => {
  const { approximations } = facts;
  const versions = costs.flatMap(({ peopleVersion }) => (peopleVersion === undefined ? [] : [peopleVersion]));
  const sum = (read: (cost: Cost) => number): number => costs.reduce((total, cost) => total + read(cost), 0);
  return {
    asOf: isoTime(asOfMs),
    freshness: "PT0S",
    cache: "NONE",
    exactness: approximations.length === 0 ? "EXACT" : "APPROXIMATE",
    relativeError: approximations.length === 0 ? null : Math.max(...approximations.map((one) => one.relativeError)),
    approximations,
    tables: facts.parts.map(({ table, fromMs, toMs }) => ({ table, from: isoTime(fromMs), to: isoTime(toMs) })),
    rejectedTables: facts.rejected,
    projections: projectionsTogether(costs),
    rowsRead: sum((cost) => cost.rowsRead),
    bytesRead: sum((cost) => cost.bytesRead),
    elapsedMs: sum((cost) => cost.elapsedMs),
    timeZone,
    peopleVersion: versions.length === 0 ? null : Math.max(...versions),
    sampling,
    rowsFilteredBy: filteredColumns(policy),
    maskedColumns: maskedColumns(policy),
    ...NO_USES,
  };
};
