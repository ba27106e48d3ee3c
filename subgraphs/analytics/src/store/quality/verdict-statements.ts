import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { ExpectationVerdict } from "../../domain/quality/verdict.ts";
import type { ExpectationRun } from "./verdict-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

/** Begins tests that are due, at most one of a tenant. */
export const claimExpectationsStatement = (nowMs: number, leaseSeconds: number, most: number) =>
  statement(
    "claim-due-expectations-across-tenants",
    "SELECT tenant_id, id, run FROM claim_due_expectations_across_tenants($1, $2, $3)",
    [at(nowMs), leaseSeconds, most],
  );
/** Ends the run that counts; the next test is due then, or as it was said since for another version. */
export const endExpectationRunStatement = ({ expectation, run }: ExpectationRun, dueAtMs: number) =>
  statement(
    "end-expectation-run",
    `UPDATE quality_expectation SET lease_until = NULL, due_at = CASE WHEN version = $4 THEN $5 ELSE due_at END
     WHERE tenant_id = $1 AND id = $2 AND run = $3 RETURNING id`,
    [expectation.tenantId, expectation.id, run, expectation.version, at(dueAtMs)],
  );
/** Keeps what a run came to. */
export const insertVerdictStatement = ({ expectation, run }: ExpectationRun, one: ExpectationVerdict) =>
  statement(
    "insert-quality-verdict",
    `INSERT INTO quality_verdict (tenant_id, expectation_id, run, version, verdict, tested_at, from_at, to_at, at_least, tested, passed, code, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      ...[expectation.tenantId, expectation.id, run, one.version, one.verdict, at(one.testedAtMs)],
      ...[at(one.range.fromMs), at(one.range.toMs), one.atLeast, one.tested, one.passed],
      ...[one.error?.code ?? null, one.error?.detail ?? null],
    ],
  );
/** Forgets the oldest verdicts beyond those that are kept. */
export const pruneVerdictsStatement = ({ expectation, run }: ExpectationRun, kept: number) =>
  statement(
    "prune-quality-verdicts",
    "DELETE FROM quality_verdict WHERE tenant_id = $1 AND expectation_id = $2 AND run <= $3",
    [expectation.tenantId, expectation.id, run - kept],
  );
/** Verdicts on an expectation, the newest first. */
export const listVerdictsStatement = (tenantId: TenantId, expectationId: string, first: number) =>
  statement(
    "list-quality-verdicts",
    `SELECT version, verdict, tested_at, from_at, to_at, at_least, tested, passed, code, detail FROM quality_verdict
     WHERE tenant_id = $1 AND expectation_id = $2 ORDER BY run DESC LIMIT $3`,
    [tenantId, expectationId, first],
  );
