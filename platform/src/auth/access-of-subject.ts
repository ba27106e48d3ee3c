import type { Caller, Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";

/**
 * Answers what a subject of a tenant may at this moment, for what runs by itself on somebody's behalf; null when the subject was ended or its tenant does
 * not work. Rejects with DEPENDENCY_UNAVAILABLE when nobody can tell.
 */
export type AccessOfSubject = (tenantId: TenantId, subject: Subject) => Promise<Caller | null>;

/** A subject as a caller at this moment, with what it may now as far as it was permitted then; null when it is nobody any more. */
export const callerNow = async (
  accessOfSubject: AccessOfSubject,
  tenantId: TenantId,
  subject: Subject | null,
  permittedThen: readonly string[],
): Promise<Caller | null> => {
  const caller = subject === null ? null : await accessOfSubject(tenantId, subject);
  if (caller === null) return null;
  const permitted = new Set(permittedThen);
  return { ...caller, permissions: new Set([...caller.permissions].filter((permission) => permitted.has(permission))) };
};
