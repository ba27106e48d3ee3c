import type { TenantId } from "@tessera/contracts/ids";
import { DAY_MS, HOUR_MS, SECOND_MS } from "../duration.ts";
import type { Condition, Field } from "../field.ts";
import type { FilterInput } from "../filter-input.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";
import type { MeasureFunction, NumberSource, UniquesOf } from "../measures.ts";

/** Length of the buckets of a rollup, as in the SDL; days are those of UTC. */
export type RollupGrain = "MINUTE" | "HOUR" | "DAY";
/** Milliseconds of a bucket of each grain. */
export const GRAIN_MS: Readonly<Record<RollupGrain, number>> = { MINUTE: 60 * SECOND_MS, HOUR: HOUR_MS, DAY: DAY_MS };

/** What a rollup measures beside the number of events, as in the SDL. */
export type RollupFunction = Exclude<MeasureFunction, "COUNT" | "FORMULA">;

/** A measure of a rollup as it is kept, and as the graph delivers it. */
export interface RollupMeasureInput {
  readonly function: RollupFunction;
  readonly of: string;
  readonly currency?: string | null | undefined;
}

/** What a version of a rollup is, with what the dimensions meant that it names; a description of what is kept, from which {@link compileRollup} makes what is filled and read. */
export interface RollupContent extends WithMeanings {
  readonly description: string;
  readonly dimensions: readonly string[];
  readonly measures: readonly RollupMeasureInput[];
  readonly filter: FilterInput | null;
  readonly grain: RollupGrain;
}

/** Columns of the table of rollups that a rollup can use of each kind. */
export const ROLLUP_SLOTS = { dimensions: 6, revenues: 3, numbers: 4, uniques: 4, quantiles: 3 } as const;

/** A rollup as it is filled and read: what each column of the table holds of it, by place. */
export interface CompiledRollup {
  readonly grain: RollupGrain;
  readonly grainMs: number;
  readonly dimensions: readonly Field[];
  /** Tests that an event passes, all of them, to be counted. */
  readonly filter: readonly Condition[];
  /** Revenue, each of one currency, or of those that `currency` tells apart. */
  readonly revenues: readonly Extract<NumberSource, { kind: "REVENUE" }>[];
  readonly numbers: readonly Extract<NumberSource, { kind: "PROPERTY" }>[];
  readonly uniques: readonly UniquesOf[];
  readonly quantiles: readonly NumberSource[];
}

/** What became of a rollup, as in the SDL. */
export type RollupState = "BUILDING" | "READY" | "FAILED" | "ARCHIVED";

/** One filling of one version of a rollup. */
export interface RollupBuild {
  readonly id: string;
  readonly version: number;
  readonly state: "BUILDING" | "READY" | "FAILED" | "DROPPED";
  /** Events of the history to be counted, and those counted; null before it is known. */
  readonly eventsTotal: number | null;
  readonly eventsDone: number;
  /** Rows it had when it was last looked at; null before. */
  readonly rows: number | null;
  readonly startedAtMs: number;
  readonly readyAtMs: number | null;
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** A rollup in its version now, with the build of it that was begun last, and the one that answers; times are milliseconds since the epoch. */
export interface Rollup {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly version: number;
  readonly content: RollupContent;
  readonly archived: boolean;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly definedBy: string;
  readonly definedAtMs: number;
  readonly build: RollupBuild | null;
  /** Version that questions are answered from now; null while none is ready. */
  readonly answering: number | null;
}

/** A version of a rollup, as it is told. */
export interface RollupVersion {
  readonly version: number;
  readonly content: RollupContent;
  readonly definedBy: string;
  readonly definedAtMs: number;
}

/** Rollups a tenant may have that are not archived: each stored batch is counted once for every one of them. */
export const MAX_ROLLUPS = 20;
/** Names of rollups a tenant may have, archived ones included. */
export const MAX_ROLLUP_NAMES = 200;
/** Versions told of a rollup, the newest. */
export const MAX_ROLLUP_VERSIONS = 100;
/** Rows that one bucket of a rollup may have: with more it saves too little, and costs too much to merge, to be one. */
export const MAX_ROWS_PER_BUCKET = 10_000;

/** What is told of a rollup's state. */
export const stateOf = ({ archived, build }: Pick<Rollup, "archived" | "build">): RollupState => {
  if (archived) return "ARCHIVED";
  return build === null || build.state === "DROPPED" ? "BUILDING" : build.state;
};
