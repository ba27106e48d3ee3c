import { PERSON_ERASED, type PersonErased } from "@tessera/contracts/events/person-erasure";
import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Erasure, ErasureRun, ErasureStep } from "../../domain/people/erasure.ts";
import type { IdentityKey } from "../../domain/people/identity.ts";
import { erasureRow, erasureRunRow, linkedRow, type Linked } from "./erasure-rows.ts";
import * as statements from "./erasure-statements.ts";
import { ensureStateStatement, stateStatement } from "./people-statements.ts";

/** A wish to erase somebody. */
export interface ErasureWish {
  readonly id: string;
  readonly key: IdentityKey;
  readonly reason: string;
  readonly by: string;
}

/** Erasures of persons, and what the control plane knows of those who are erased. */
export interface ErasureStore {
  /** Keeps a wish; answers the erasure of the id that is under way when there is one, and null when a tenant has too many of them. */
  wish(tenantId: TenantId, wish: ErasureWish): Promise<Erasure | null>;
  /** The same within a transaction. */
  wishWith(transaction: SqlTransaction, tenantId: TenantId, wish: ErasureWish): Promise<Erasure | null>;
  find(tenantId: TenantId, id: string): Promise<Erasure | null>;
  /** One more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    first: number,
    after: { readonly createdAtMs: number; readonly id: string } | null,
  ): Promise<readonly Erasure[]>;
  claimAcrossTenants(leaseSeconds: number, max: number): Promise<readonly ErasureRun[]>;
  /** Ids that are linked with some ids now. */
  linkedWith(tenantId: TenantId, keys: readonly IdentityKey[]): Promise<readonly Linked[]>;
  /** Tells whether somebody said since a moment who is who of some ids, other than by events. */
  linkedByHand(tenantId: TenantId, keys: readonly IdentityKey[], sinceMs: number): Promise<boolean>;
  /** What follows answers null when the run is not the one that counts any more. */
  found(
    run: ErasureRun,
    found: {
      readonly identities: readonly IdentityKey[];
      readonly numbers: readonly string[];
      readonly digests: readonly string[];
    },
  ): Promise<ErasureRun | null>;
  renew(run: ErasureRun, leaseSeconds: number): Promise<boolean>;
  stepped(run: ErasureRun, step: ErasureStep, count: number): Promise<ErasureRun | null>;
  endPass(run: ErasureRun, nextMs: number | null, record: ExecutionRecorded): Promise<boolean>;
  /** Forgets who is who of the ids; answers how many were known, or null when more ids belong to the person than are named. */
  forgetLinks(run: ErasureRun, users: readonly string[]): Promise<number | null>;
  matchesAfter(
    tenantId: TenantId,
    after: string,
    first: number,
  ): Promise<readonly { readonly id: string; readonly events: readonly string[] }[]>;
  forgetMatches(tenantId: TenantId, ids: readonly string[]): Promise<void>;
  /** Removes what reports told until the end of the first pass to those who may see who people are; answers how many runs there were. */
  forgetReportRuns(run: ErasureRun): Promise<number>;
  jobsAsking(tenantId: TenantId, texts: readonly string[]): Promise<readonly string[]>;
  forgetJobs(tenantId: TenantId, ids: readonly string[]): Promise<void>;
}

interface Deps {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly nowMs: NowMs;
  /** Erasures of a tenant that may be open. */
  readonly most: number;
}

const nothing = (): null => null;
const openRow = (row: unknown): number => z.object({ open: z.number() }).parse(row).open;
const goneRow = (row: unknown) => z.object({ ids: z.number(), links: z.number() }).parse(row);
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const matchRow = (row: unknown) => z.object({ id: z.string(), events: z.array(z.string()) }).parse(row);

const wishWith =
  ({ nowMs, most }: Deps): ErasureStore["wishWith"] =>
  async (transaction, tenantId, wish) => {
    await transaction.run(statements.lockErasuresStatement(tenantId), nothing);
    const [open] = await transaction.run(statements.openErasureStatement(tenantId, wish.key), erasureRow);
    if (open !== undefined) return open;
    const [count = 0] = await transaction.run(statements.countOpenStatement(tenantId), openRow);
    if (count >= most) return null;
    const kept = statements.insertErasureStatement(tenantId, { ...wish, atMs: nowMs() });
    const [made] = await transaction.run(kept, erasureRow);
    if (made !== undefined) return made;
    const [known] = await transaction.run(statements.findErasureStatement(tenantId, wish.id), erasureRow);
    return known ?? null;
  };

const forgetLinks =
  ({ sql }: Deps): ErasureStore["forgetLinks"] =>
  (run, users) =>
    sql.transaction(run.tenantId, async (transaction) => {
      const { tenantId, id, identities } = run;
      const keys = identities ?? [];
      await transaction.run(ensureStateStatement(tenantId), nothing);
      // Whoever changes who is who waits for the same row.
      await transaction.run(stateStatement(tenantId, true), nothing);
      const linked = await transaction.run(statements.linkedWithStatement(tenantId, keys), linkedRow);
      if (linked.some(({ key }) => !keys.includes(key))) return null;
      const [gone] = await transaction.run(statements.forgetIdentitiesStatement(tenantId, keys), goneRow);
      await transaction.run(statements.forgetSeenStatement(tenantId, users), nothing);
      await transaction.run(statements.blankChangesStatement(tenantId, keys, id), nothing);
      if (gone !== undefined && gone.ids > 0)
        await transaction.run(statements.fewerLinksStatement(tenantId, gone.links), nothing);
      return gone?.ids ?? 0;
    });

const endPass =
  ({ sql, eventLog, nowMs }: Deps): ErasureStore["endPass"] =>
  (run, nextMs, record) =>
    sql.transaction(run.tenantId, async (transaction) => {
      const { tenantId, id } = run;
      const [ended] = await transaction.run(statements.endPassStatement(run, nowMs(), nextMs), erasureRow);
      if (ended === undefined) return false;
      const { passes } = ended;
      const told: PersonErased = { tenantId, erasureId: id, passes, done: nextMs === null };
      await eventLog.appendWith(transaction, {
        tenantId,
        topic: PERSON_ERASED,
        dedupeKey: `${id}/${passes}`,
        payload: told,
      });
      await eventLog.appendWith(transaction, {
        ...{ tenantId, topic: EXECUTION_RECORDED, dedupeKey: record.executionId, payload: record },
      });
      return true;
    });

/** Builds {@link ErasureStore}. */
export const createErasureStore = (deps: Deps): ErasureStore => {
  const { sql, nowMs } = deps;
  const wished = wishWith(deps);
  const one = async (tenantId: TenantId, statement: SqlStatement): Promise<ErasureRun | null> =>
    (await sql.run(tenantId, statement, erasureRunRow))[0] ?? null;
  return {
    wishWith: wished,
    wish: (tenantId, wish) => sql.transaction(tenantId, (transaction) => wished(transaction, tenantId, wish)),
    find: async (tenantId, id) =>
      (await sql.run(tenantId, statements.findErasureStatement(tenantId, id), erasureRow))[0] ?? null,
    list: (tenantId, first, after) =>
      sql.run(tenantId, statements.listErasuresStatement(tenantId, first, after), erasureRow),
    claimAcrossTenants: (leaseSeconds, max) =>
      sql.runAcrossTenants(statements.claimErasuresStatement(nowMs(), leaseSeconds, max), erasureRunRow),
    linkedWith: (tenantId, keys) => sql.run(tenantId, statements.linkedWithStatement(tenantId, keys), linkedRow),
    linkedByHand: async (tenantId, keys, sinceMs) =>
      (await sql.run(tenantId, statements.linkedByHandStatement(tenantId, keys, sinceMs), idRow)).length > 0,
    found: (run, found) => one(run.tenantId, statements.foundStatement(run, found)),
    renew: async (run, leaseSeconds) =>
      (await one(run.tenantId, statements.renewStatement(run, nowMs() + leaseSeconds * 1_000))) !== null,
    stepped: (run, step, count) => one(run.tenantId, statements.stepStatement(run, run.step + 1, step, count)),
    endPass: endPass(deps),
    forgetLinks: forgetLinks(deps),
    matchesAfter: (tenantId, after, first) =>
      sql.run(tenantId, statements.matchesAfterStatement(tenantId, after, first), matchRow),
    forgetMatches: async (tenantId, ids) => {
      await sql.run(tenantId, statements.forgetMatchesStatement(tenantId, ids), nothing);
    },
    forgetReportRuns: async ({ tenantId, erasedAtMs }) =>
      (await sql.run(tenantId, statements.forgetReportRunsStatement(tenantId, erasedAtMs ?? nowMs()), idRow)).length,
    jobsAsking: (tenantId, texts) => sql.run(tenantId, statements.jobsAskingStatement(tenantId, texts), idRow),
    forgetJobs: async (tenantId, ids) => {
      await sql.run(tenantId, statements.forgetJobsStatement(tenantId, ids), nothing);
    },
  };
};
