import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import type { Rollup, RollupContent, RollupVersion } from "../../domain/rollups/rollup.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { History } from "./rollup-rows-sql.ts";

/** What is to be kept of a rollup. */
export interface RollupDraft {
  /** Its id when the name is new. */
  readonly id: string;
  readonly buildId: string;
  readonly name: string;
  readonly content: RollupContent;
  readonly by: string;
  readonly expectedVersion: number | null;
}

/** How defining a rollup ended. */
export type DefineRollupOutcome =
  | { readonly kind: "DEFINED"; readonly rollup: Rollup; readonly changed: boolean }
  | { readonly kind: "OTHER_VERSION"; readonly version: number }
  | { readonly kind: "TOO_MANY"; readonly limit: number };

/** Rollups a tenant may have. */
export interface RollupBounds {
  readonly rollups: number;
  readonly names: number;
}

/** A build that batches are counted in: every one that the log tells of after its beginning. */
export interface FedBuild {
  readonly id: string;
  readonly rollupId: string;
  readonly name: string;
  readonly content: RollupContent;
  /** Place of the last entry of the event log that is of its history, or known to be counted. */
  readonly beginning: LogCursor;
  /** Batches received before are of its history, wherever the log tells of them. */
  readonly cutMs: number;
  /** Whether nobody can tell which batches are counted: it is to be made anew. */
  readonly doubted: boolean;
}

/** A part of a history that is counted by one statement. */
export interface Slice extends TimeRange {
  readonly events: number;
}

/** A build as who works on it sees it. */
export interface ClaimedBuild {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly run: number;
  readonly rollupId: string;
  readonly content: RollupContent;
  /** Null before it has begun. */
  readonly history: History | null;
  readonly slices: readonly Slice[] | null;
  readonly slicesDone: number;
  readonly eventsDone: number;
}

/** A complete build as questions read it. */
export interface AnsweringBuild {
  readonly id: string;
  readonly name: string;
  readonly content: RollupContent;
  /** Rows when it was last looked at, and events of its history; null before a look. */
  readonly rows: number | null;
  readonly events: number;
}

/** What a tenant's rollups can answer at one moment. */
export interface Answering {
  readonly builds: readonly AnsweringBuild[];
  /** Times, both inclusive, of events of batches that are told of and may not be counted yet; null when there are too many to tell. */
  readonly waiting: readonly TimeRange[] | null;
}

/** Whether a write of a worker counted: not when another has taken its work over. */
export type Fenced = Promise<boolean>;

/** Definitions of rollups in PostgreSQL. */
export interface RollupStore {
  /** Keeps a new version unless the rollup is the same already, and begins its build. */
  define(tenantId: TenantId, draft: RollupDraft, bounds: RollupBounds): Promise<DefineRollupOutcome>;
  /** Archives a rollup and ends its builds; null when there is none. */
  archive(tenantId: TenantId, id: string): Promise<Rollup | null>;
  find(tenantId: TenantId, id: string): Promise<Rollup | null>;
  /** By name after a name, one more than `first`. */
  list(
    tenantId: TenantId,
    page: { readonly first: number; readonly after: string | null; readonly archived: boolean },
  ): Promise<readonly Rollup[]>;
  versions(tenantId: TenantId, id: string, first: number): Promise<readonly RollupVersion[]>;
}

/** Builds of rollups in PostgreSQL. */
export interface BuildStore {
  /** Builds that answer, with what is stored and may not be counted in them, as of one moment. */
  answering(tenantId: TenantId): Promise<Answering>;
  fed(tenantId: TenantId, transaction: SqlTransaction): Promise<readonly FedBuild[]>;
  claimAcrossTenants(leaseSeconds: number, max: number): Promise<readonly ClaimedBuild[]>;
  /** The build of a claim; empty when another has claimed it since. */
  claimed(tenantId: TenantId, id: string, run: number): Promise<readonly ClaimedBuild[]>;
  /** Begins a build: from here on the consumer counts what the log tells of. Waits until the consumer is between two rounds. */
  begin(build: ClaimedBuild): Promise<ClaimedBuild>;
  layOut(build: ClaimedBuild, slices: readonly Slice[]): Fenced;
  /** Notes that slices are counted, and keeps the work for longer. */
  advance(
    build: ClaimedBuild,
    done: { readonly slices: number; readonly events: number; readonly rows: number },
    leaseSeconds: number,
  ): Fenced;
  /** Makes a build the one that answers. */
  finish(build: ClaimedBuild, rows: number): Fenced;
  /** Ends a build that can't go on. */
  fail(tenantId: TenantId, buildId: string, failure: { readonly code: string; readonly detail: string }): Promise<void>;
  /** Ends a build whose history has changed since it began, and begins another one of the same version. */
  restart(tenantId: TenantId, buildId: string, newBuildId: string): Promise<void>;
  /** Notes that everything up to a place of the event log is counted in builds. */
  pass(tenantId: TenantId, buildIds: readonly string[], place: LogCursor): Promise<void>;
  /** Notes builds of which nobody will be able to tell whether what comes next is counted. */
  doubt(tenantId: TenantId, buildIds: readonly string[]): Promise<void>;
  setRows(tenantId: TenantId, buildId: string, rows: number): Promise<void>;
  endedAcrossTenants(
    beforeMs: number,
    max: number,
  ): Promise<readonly { readonly tenantId: TenantId; readonly id: string }[]>;
  noteRemoved(tenantId: TenantId, buildId: string): Promise<void>;
}
