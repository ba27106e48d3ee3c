import type { Caller, Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";

/**
 * Answers what a subject of a tenant may at this moment, for what runs by itself on somebody's behalf; null when the subject was ended or its tenant does
 * not work. Rejects with DEPENDENCY_UNAVAILABLE when nobody can tell.
 */
export type AccessOfSubject = (tenantId: TenantId, subject: Subject) => Promise<Caller | null>;
