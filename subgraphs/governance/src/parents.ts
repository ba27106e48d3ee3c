import type { TenantId } from "@tessera/contracts/ids";
import type { AuditRecord } from "./domain/audit-record.ts";
import type { StoredSeal } from "./domain/audit-seal.ts";
import type { EventLineage } from "./domain/lineage.ts";
import type { AuditExport } from "./operations/export-audit.ts";
import type { Page } from "./operations/list-audit.ts";
import type { ConsistencyProof, InclusionProof } from "./operations/prove-audit.ts";

/** What a resolver of `Event` receives: the reference another room gave. */
export interface EventParent {
  readonly id: string;
}
/** What a resolver of `Tenant` receives. */
export interface TenantParent {
  readonly id: TenantId;
}
/** What a resolver of `EventLineage` receives. */
export type EventLineageParent = EventLineage;
/** What a resolver of `LineageBatch` receives. */
export type LineageBatchParent = EventLineage;
/** What a resolver of `AuditRecord` receives. */
export type AuditRecordParent = AuditRecord;
/** What a resolver of `AuditRecordConnection` receives. */
export type AuditRecordConnectionParent = Page<AuditRecord>;
/** What a resolver of `AuditRecordEdge` receives. */
export type AuditRecordEdgeParent = AuditRecord;
/** What a resolver of `AuditSeal` receives. */
export type AuditSealParent = StoredSeal;
/** What a resolver of `AuditSealConnection` receives. */
export type AuditSealConnectionParent = Page<StoredSeal>;
/** What a resolver of `AuditSealEdge` receives. */
export type AuditSealEdgeParent = StoredSeal;
/** What a resolver of `AuditInclusionProof` receives. */
export type AuditInclusionProofParent = InclusionProof;
/** What a resolver of `AuditConsistencyProof` receives. */
export type AuditConsistencyProofParent = ConsistencyProof;
/** What a resolver of `AuditExport` receives. */
export type AuditExportParent = AuditExport;
