import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { CohortPart } from "../domain/cohort-references.ts";
import type { Cohort, CohortDraft, CohortKept, CohortRun, CohortSize, CohortVersion } from "../domain/cohort.ts";
import { cohortOf, cohortRunOf, cohortMadeOfRow, cohortSizeRow, cohortVersionRow } from "./cohort-rows.ts";
import * as statements from "./cohort-statements.ts";
import { cohortDefinitionsStatement, lockDefinitionsStatement } from "./semantic/definition-statements.ts";

/** How keeping a cohort ended. */
export type SaveOutcome =
  | { readonly kind: "SAVED"; readonly cohort: Cohort }
  | { readonly kind: "NAME_TAKEN"; readonly name: string }
  | { readonly kind: "TOO_MANY"; readonly limit: number }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** What a run has counted. */
export interface CohortCount {
  readonly size: number;
  readonly entered: number;
  readonly left: number;
}

/** What a run has found: its people, and the cohorts that its definition was made of; itself is among them where it is made of dimensions. */
export interface CohortComputed extends CohortCount {
  readonly madeOf: readonly CohortPart[];
}

/** What refers to a cohort. */
export interface CohortUsers {
  readonly usedBy: readonly Cohort[];
  /** Ids of metrics and segments whose filters name it. */
  readonly definitionIds: readonly string[];
}

/** Cohorts in PostgreSQL; all changes of one tenant's follow each other, so that references and names are checked without a race. */
export interface CohortStore {
  findMany(tenantId: TenantId, ids: readonly string[]): Promise<readonly Cohort[]>;
  /** All there are: at most as many as are kept of a tenant. */
  all(tenantId: TenantId): Promise<readonly Cohort[]>;
  /** By name after a name; one more than `first` tells that there is more. */
  list(tenantId: TenantId, first: number, after: string | null): Promise<readonly Cohort[]>;
  /** Keeps a new cohort; `draftOf` is given all there are, and refuses what must not be. */
  create(
    tenantId: TenantId,
    createdBy: string,
    draftOf: (known: readonly Cohort[]) => CohortDraft,
  ): Promise<SaveOutcome>;
  /** Changes a cohort; another definition is the next version. */
  change(
    tenantId: TenantId,
    id: string,
    draftOf: (now: Cohort, known: readonly Cohort[]) => CohortDraft,
  ): Promise<SaveOutcome>;
  /** Deletes a cohort unless others or definitions refer to it, which are answered; null when there is none. */
  remove(tenantId: TenantId, id: string): Promise<CohortUsers | null>;
  /** Ids of the metrics and segments whose filters name it. */
  namedBy(tenantId: TenantId, id: string): Promise<readonly string[]>;
  usedBy(tenantId: TenantId, id: string): Promise<readonly Cohort[]>;
  sizes(tenantId: TenantId, id: string, first: number): Promise<readonly CohortSize[]>;
  /** The cohorts that a computation was made of, itself among them where it is made of dimensions; none where it is no longer kept, or was made before they were. */
  madeOf(tenantId: TenantId, id: string, asOfMs: number): Promise<readonly CohortPart[]>;
  versions(tenantId: TenantId, id: string): Promise<readonly CohortVersion[]>;
  /** Makes a cohort due now; null when there is none. */
  request(tenantId: TenantId, id: string): Promise<Cohort | null>;
  claimDueAcrossTenants(leaseSeconds: number, max: number): Promise<readonly CohortRun[]>;
  /** Ends a run with what it counted; false when it is not the one that counts any more. */
  finish(run: CohortRun, counted: CohortComputed, record: ExecutionRecorded): Promise<boolean>;
  /** Ends a run that failed; false when it is not the one that counts any more. */
  fail(
    run: CohortRun,
    error: { readonly code: string; readonly detail: string },
    record: ExecutionRecorded,
  ): Promise<boolean>;
}

interface Deps {
  /** How much is kept. */
  readonly kept: CohortKept;
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly nowMs: NowMs;
}

/** Definitions told that name a cohort. */
const MAX_USERS = 100;
const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;

const keep = async (transaction: SqlTransaction, tenantId: TenantId, draft: CohortDraft): Promise<void> => {
  await transaction.run(statements.dropReferencesStatement(tenantId, draft.id), nothing);
  await transaction.run(statements.insertReferencesStatement(tenantId, draft.id, draft.refersTo), nothing);
};

const found = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: string,
  nowMs: number,
): Promise<Cohort | null> =>
  (await transaction.run(statements.findCohortsStatement(tenantId, [id]), cohortOf(nowMs)))[0] ?? null;

const saved = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: string,
  nowMs: number,
): Promise<SaveOutcome> => {
  const cohort = await found(transaction, tenantId, id, nowMs);
  if (cohort === null) throw new Error("The cohort was not stored.");
  return { kind: "SAVED", cohort };
};

const createCohort =
  ({ sql, nowMs, kept }: Deps): CohortStore["create"] =>
  (tenantId, createdBy, draftOf) =>
    sql.transaction(tenantId, async (transaction): Promise<SaveOutcome> => {
      const now = nowMs();
      await transaction.run(statements.lockCohortsStatement(tenantId), nothing);
      const known = await transaction.run(statements.allCohortsStatement(tenantId), cohortOf(now));
      const draft = draftOf(known);
      if (known.some(({ name }) => name === draft.name)) return { kind: "NAME_TAKEN", name: draft.name };
      if (known.length >= kept.cohorts) return { kind: "TOO_MANY", limit: kept.cohorts };
      await transaction.run(statements.insertCohortStatement(tenantId, draft, createdBy, now), nothing);
      await transaction.run(statements.insertVersionStatement(tenantId, draft, 1, now), nothing);
      await keep(transaction, tenantId, draft);
      return saved(transaction, tenantId, draft.id, now);
    });

/** When a changed cohort is due: now for another definition, by another schedule from now on, else as before. */
const dueAfter = (before: Cohort, draft: CohortDraft, redefined: boolean, now: number): number | null => {
  if (redefined) return now;
  const { dueAtMs } = before.computation;
  if (draft.recomputeEverySeconds === before.recomputeEverySeconds) return dueAtMs;
  if (dueAtMs !== null && dueAtMs <= now) return dueAtMs;
  return draft.recomputeEverySeconds === null ? null : now + draft.recomputeEverySeconds * 1_000;
};

const changeCohort =
  ({ sql, nowMs }: Deps): CohortStore["change"] =>
  (tenantId, id, draftOf) =>
    sql.transaction(tenantId, async (transaction): Promise<SaveOutcome> => {
      const now = nowMs();
      await transaction.run(statements.lockCohortsStatement(tenantId), nothing);
      const known = await transaction.run(statements.allCohortsStatement(tenantId), cohortOf(now));
      const before = known.find((one) => one.id === id);
      if (before === undefined) return { kind: "NOT_FOUND", id };
      const draft = draftOf(before, known);
      if (known.some((one) => one.id !== id && one.name === draft.name))
        return { kind: "NAME_TAKEN", name: draft.name };
      const redefined = draft.definition !== before.definition;
      const version = redefined ? before.version + 1 : before.version;
      if (redefined) {
        await transaction.run(statements.insertVersionStatement(tenantId, draft, version, now), nothing);
        await keep(transaction, tenantId, draft);
      }
      const dueAtMs = dueAfter(before, draft, redefined, now);
      await transaction.run(statements.updateCohortStatement(tenantId, draft, { version, dueAtMs }, now), nothing);
      return saved(transaction, tenantId, id, now);
    });

const removeCohort =
  ({ sql, nowMs }: Deps): CohortStore["remove"] =>
  (tenantId, id) =>
    sql.transaction(tenantId, async (transaction): Promise<CohortUsers | null> => {
      // Whoever defines a metric or segment meanwhile is waited for, so that none is left that names a cohort that has gone.
      await transaction.run(lockDefinitionsStatement(tenantId), nothing);
      await transaction.run(statements.lockCohortsStatement(tenantId), nothing);
      const usedBy = await transaction.run(statements.usedByStatement(tenantId, id), cohortOf(nowMs()));
      const definitionIds = await transaction.run(cohortDefinitionsStatement(tenantId, id, MAX_USERS), idRow);
      if (usedBy.length + definitionIds.length > 0) return { usedBy, definitionIds };
      const gone = await transaction.run(statements.deleteCohortStatement(tenantId, id), idRow);
      return gone.length === 0 ? null : { usedBy, definitionIds };
    });

const endOfRuns = ({ sql, eventLog, kept }: Deps): Pick<CohortStore, "finish" | "fail"> => ({
  finish: (run, counted, record) =>
    sql.transaction(run.cohort.tenantId, async (transaction): Promise<boolean> => {
      const { tenantId, id } = run.cohort;
      const ended = await transaction.run(statements.finishStatement(run, counted.size), idRow);
      if (ended.length === 0) return false;
      await transaction.run(statements.insertSizeStatement(run, counted), nothing);
      await transaction.run(statements.pruneSizesStatement(tenantId, id, kept.sizes), nothing);
      await eventLog.appendWith(transaction, executionEntry(record));
      return true;
    }),
  fail: (run, error, record) =>
    sql.transaction(run.cohort.tenantId, async (transaction): Promise<boolean> => {
      const ended = await transaction.run(statements.failStatement(run, error), idRow);
      if (ended.length === 0) return false;
      await eventLog.appendWith(transaction, executionEntry(record));
      return true;
    }),
});

/** Builds {@link CohortStore}. */
export const createCohortStore = (deps: Deps): CohortStore => {
  const { sql, nowMs, kept } = deps;
  const findMany: CohortStore["findMany"] = (tenantId, ids) =>
    sql.run(tenantId, statements.findCohortsStatement(tenantId, ids), cohortOf(nowMs()));
  return {
    findMany,
    all: (tenantId) => sql.run(tenantId, statements.allCohortsStatement(tenantId), cohortOf(nowMs())),
    list: (tenantId, first, after) =>
      sql.run(tenantId, statements.listCohortsStatement(tenantId, first, after), cohortOf(nowMs())),
    create: createCohort(deps),
    change: changeCohort(deps),
    remove: removeCohort(deps),
    namedBy: (tenantId, id) => sql.run(tenantId, cohortDefinitionsStatement(tenantId, id, MAX_USERS), idRow),
    usedBy: (tenantId, id) => sql.run(tenantId, statements.usedByStatement(tenantId, id), cohortOf(nowMs())),
    sizes: (tenantId, id, first) => sql.run(tenantId, statements.sizesStatement(tenantId, id, first), cohortSizeRow),
    madeOf: async (tenantId, id, asOfMs) => {
      const [parts] = await sql.run(tenantId, statements.madeOfStatement(tenantId, id, asOfMs), cohortMadeOfRow);
      return parts ?? [];
    },
    versions: (tenantId, id) =>
      sql.run(tenantId, statements.versionsStatement(tenantId, id, kept.versions), cohortVersionRow),
    request: async (tenantId, id) => {
      const asked = await sql.run(tenantId, statements.requestCohortStatement(tenantId, id, nowMs()), idRow);
      return asked.length === 0 ? null : ((await findMany(tenantId, [id]))[0] ?? null);
    },
    claimDueAcrossTenants: (leaseSeconds, max) => {
      const now = nowMs();
      return sql.runAcrossTenants(statements.claimStatement(now, leaseSeconds, max), cohortRunOf(now));
    },
    ...endOfRuns(deps),
  };
};
