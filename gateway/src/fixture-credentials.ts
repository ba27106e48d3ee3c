import { randomUUID } from "node:crypto";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";

const READER: readonly Permission[] = ["analytics:read", "analytics:ingest"];

/** A fresh tenant. */
export const newTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("randomUUID gave no UUID");
  return tenantId;
};

/** A caller of one tenant with the permissions of a reader, unless told otherwise. */
export const callerWith = (parts: Partial<Caller> = {}): Caller => ({
  tenantId: newTenant(),
  subject: { kind: "API_KEY", id: randomUUID() },
  permissions: new Set(READER),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
  ...parts,
});

/** Credentials of a test: issued, changed, revoked, and checked by `authenticate`. */
export const createCredentials = () => {
  const callers = new Map<string, Caller>();
  let broken = false;
  return {
    issue: (parts: Partial<Caller> = {}) => {
      const header = `Bearer ${randomUUID()}`;
      callers.set(header, callerWith(parts));
      return header;
    },
    change: (header: string, caller: Caller) => void callers.set(header, caller),
    revoke: (header: string) => void callers.delete(header),
    breakAuthentication: (value: boolean) => {
      broken = value;
    },
    callerOf: (header: string) => {
      const caller = callers.get(header);
      if (caller === undefined) throw refuse("UNAUTHENTICATED", "The key is not known.");
      return caller;
    },
    authenticate: (header: string | undefined): Promise<Caller> => {
      if (broken) return Promise.reject(new Error("the key store is down"));
      const caller = callers.get(header ?? "");
      return caller === undefined
        ? Promise.reject(refuse("UNAUTHENTICATED", "The key is not known."))
        : Promise.resolve(caller);
    },
  };
};
