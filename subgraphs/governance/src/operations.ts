import type { TenantSql } from "@tessera/platform/db/sql";
import type { SigningKeys } from "@tessera/platform/integrity/signing-key";
import { appendRecords } from "./operations/append-records.ts";
import { executionNumbers } from "./operations/execution-numbers.ts";
import { exportAudit, readSegment } from "./operations/export-audit.ts";
import { listAudit, listSeals } from "./operations/list-audit.ts";
import { proveConsistency, proveInclusion } from "./operations/prove-audit.ts";
import { readTree } from "./operations/read-tree.ts";
import { MAX_SEALED_RECORDS, sealLog } from "./operations/seal-log.ts";
import { MAX_VERIFIED_RECORDS, verifyAudit, type VerifyAuditDeps } from "./operations/verify-audit.ts";
import { walkChain } from "./operations/walk-chain.ts";
import type { ExecutionStore } from "./store/execution-store.ts";
import type { AuditStore } from "./store/audit-store.ts";
import type { NodeStore } from "./store/node-store.ts";
import type { SealStore } from "./store/seal-store.ts";

/** Everything the room does with audit logs, ready to be called. */
export const createAuditOperations = (deps: {
  readonly sql: Pick<TenantSql, "transaction">;
  readonly records: AuditStore;
  readonly seals: SealStore;
  readonly nodes: NodeStore;
  readonly executions: ExecutionStore;
  readonly keys: SigningKeys;
  readonly nowMs: () => number;
  readonly source: VerifyAuditDeps["source"];
  /** Other bounds than the usual ones, for tests of what lies beyond them. */
  readonly bounds?: { readonly maxSealed: number; readonly maxVerified: number };
}) => {
  const bounds = { maxSealed: MAX_SEALED_RECORDS, maxVerified: MAX_VERIFIED_RECORDS, ...deps.bounds };
  const all = { ...deps, ...bounds, readTree: readTree(deps.nodes), walk: walkChain(deps) };
  return {
    appendRecords: appendRecords(all),
    executionNumbers: executionNumbers(all),
    exportAudit: exportAudit(all),
    listAudit: listAudit(all),
    listSeals: listSeals(all),
    proveConsistency: proveConsistency(all),
    proveInclusion: proveInclusion(all),
    readSegment: readSegment(all),
    sealLog: sealLog(all),
    verifyAudit: verifyAudit(all),
    auditKeys: deps.keys.publicKeys,
    findRecord: deps.records.find,
  };
};

/** See {@link createAuditOperations}. */
export type AuditOperations = ReturnType<typeof createAuditOperations>;
