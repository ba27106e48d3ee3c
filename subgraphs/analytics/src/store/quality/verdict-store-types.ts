import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { KeptExpectation } from "../../domain/quality/kept-expectation.ts";
import type { ExpectationVerdict } from "../../domain/quality/verdict.ts";

/** A test that has begun, of an expectation as it is now. */
export interface ExpectationRun {
  readonly expectation: KeptExpectation;
  /** Fencing token: only the newest run may write its end. */
  readonly run: number;
}

/** What came of testing kept expectations, in PostgreSQL, and which tests are due. */
export interface VerdictStore {
  /** Begins tests that are due, at most one of a tenant. */
  claimDueAcrossTenants(leaseSeconds: number, most: number): Promise<readonly ExpectationRun[]>;
  /** Ends a run with its verdict, and says when the next is due unless the expectation has changed since; false when it is not the run that counts any more. */
  finish(
    run: ExpectationRun,
    end: { readonly verdict: ExpectationVerdict; readonly dueAtMs: number },
    record: ExecutionRecorded,
  ): Promise<boolean>;
  /** Verdicts on an expectation, the newest first. */
  list(tenantId: TenantId, expectationId: string, first: number): Promise<readonly ExpectationVerdict[]>;
}
