import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";

const NO_TENANT = "00000000-0000-0000-0000-000000000000";

/** A process of the platform calling on nobody's behalf: the nil tenant, which owns nothing, and the few permissions named. */
export const platformCaller = (role: string, permissions: readonly Permission[]): Caller => {
  const tenantId = parseTenantId(NO_TENANT);
  if (tenantId === null) throw new Error("The nil UUID is a UUID.");
  return {
    tenantId,
    subject: { kind: "SERVICE", id: role },
    permissions: new Set(permissions),
    expiresAtMs: null,
    ...PLAIN_ACCESS,
  };
};
