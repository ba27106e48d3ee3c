import type { Caller } from "@tessera/contracts/caller";
import { isUuid, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { newApiKey, type RandomBytes } from "@tessera/platform/auth/api-key";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ApiKey } from "../domain/api-key.ts";
import { grantablePermissions } from "../domain/grant.ts";
import { notHeldOf, requireWholeAccess } from "../domain/hand-on.ts";
import { descriptionText } from "../domain/input-text.ts";
import { grantEnd, MAX_OPEN_GRANTS, requireGrantable, type OperatorGrant } from "../domain/operator-grant.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";
import type { GrantStore, Organisation } from "../store/grant-store.ts";
import { MAX_WORKING_API_KEYS } from "./create-api-key.ts";

/** Grants that are listed: all that hold, and the history of some months. */
export const MAX_LISTED_GRANTS = 1_000;

/** Who shall be let in, as the caller wrote it. */
export interface GrantRequest {
  readonly tenantId: string;
  readonly operatorId: string;
  readonly permissions: readonly string[];
  readonly reason: string;
  readonly until: string;
}

/** What came of letting an operator in. */
export type GrantOutcome =
  | { readonly kind: "GRANTED"; readonly grant: OperatorGrant }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** What came of entering a tenant. */
export type EnterOutcome =
  | { readonly kind: "ENTERED"; readonly tenantId: TenantId; readonly apiKey: ApiKey; readonly secret: string }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

interface GrantDeps {
  readonly grants: GrantStore;
  readonly nowMs: NowMs;
}

const noTenant = () => refuse("NOT_FOUND", "There is no such tenant.");

/** A tenant's own people open their own tenant; others only with break-glass, and for themselves alone. To all others it looks unknown. */
const doorOf = (
  caller: Caller,
  request: GrantRequest,
): { readonly tenantId: TenantId; readonly breakGlass: boolean } => {
  const tenantId = parseTenantId(request.tenantId);
  if (tenantId === caller.tenantId && caller.permissions.has("operators:grant")) return { tenantId, breakGlass: false };
  if (tenantId === caller.tenantId)
    throw refuse("FORBIDDEN", "Letting an operator in needs the permission operators:grant.", {
      permission: "operators:grant",
    });
  if (tenantId === null || !caller.permissions.has("platform:break-glass")) throw noTenant();
  if (request.operatorId !== caller.subject.id)
    throw refuse("BAD_INPUT", "Who breaks the glass lets in nobody but themselves.", { field: "input.operatorId" });
  return { tenantId, breakGlass: true };
};

/** Builds `grantOperatorAccess`: told in the tenant's log, whoever makes it; its own people hand on only what they hold. */
export const createGrantOperatorAccess =
  ({ grants, nowMs, newId }: GrantDeps & { readonly newId: () => string }) =>
  async (caller: Caller, request: GrantRequest): Promise<GrantOutcome> => {
    requireWholeAccess(caller);
    const { tenantId, breakGlass } = doorOf(caller, request);
    const at = nowMs();
    const permissions = grantablePermissions(request.permissions, "input.permissions");
    requireGrantable(permissions);
    const expiresAtMs = grantEnd(request.until, at);
    const reason = descriptionText(request.reason, "input.reason");
    if (reason === "") throw refuse("BAD_INPUT", "A grant needs a reason.", { field: "input.reason" });
    const operatorId = request.operatorId.trim();
    if (operatorId === "" || operatorId.length > 100)
      throw refuse("BAD_INPUT", "A grant names its operator, in 1 to 100 characters.", { field: "input.operatorId" });
    const lacking = breakGlass ? [] : notHeldOf(caller, permissions);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const grant: OperatorGrant = {
      ...{ id: newId(), tenantId, operatorId, permissions, reason, breakGlass, expiresAtMs },
      ...{ grantedBy: caller.subject, createdAtMs: at, revokedAtMs: null },
    };
    const added = await grants.addAcrossTenants(grant, MAX_OPEN_GRANTS);
    if (added === "NO_TENANT") throw noTenant();
    return added === "FULL" ? { kind: "FULL", limit: MAX_OPEN_GRANTS } : { kind: "GRANTED", grant };
  };

/** Builds `revokeOperatorAccess`: what acts under the grant is refused within five seconds; null when the tenant has no such grant. */
export const createRevokeOperatorAccess =
  ({ grants, nowMs }: GrantDeps) =>
  (caller: Caller, id: string): Promise<OperatorGrant | null> => {
    requireWholeAccess(caller);
    return isUuid(id) ? grants.revoke(caller.tenantId, id, nowMs()) : Promise.resolve(null);
  };

/** Builds `enterTenant`: a key of the tenant with the grant's permissions, which carries the grant and ends with it. */
export const createEnterTenant =
  (deps: GrantDeps & { apiKeys: ApiKeyStore; keyedHash: KeyedHash; randomBytes: RandomBytes }) =>
  async (caller: Caller, grantId: string): Promise<EnterOutcome> => {
    const at = deps.nowMs();
    const held = isUuid(grantId) ? await deps.grants.findHeldAcrossTenants(grantId, caller.subject.id, at) : null;
    if (held === null || caller.grantId !== null) return { kind: "NOT_FOUND", id: grantId };
    const made = newApiKey(deps.randomBytes);
    const key: ApiKey = {
      ...{ id: made.keyId, tenantId: held.tenantId, name: `Operator ${caller.subject.id}`.slice(0, 120) },
      ...{ permissions: held.permissions, roles: [], networks: caller.networks, createdAtMs: at },
      ...{ createdBy: caller.subject, expiresAtMs: held.expiresAtMs, lastUsedAtMs: null, revokedAtMs: null },
      ...{ rotatedAtMs: null, previousValidUntilMs: null, grantId },
    };
    const addition = { key, keyHash: deps.keyedHash.of(made.credentialHash), idempotencyKey: null };
    const added = await deps.apiKeys.add(addition, MAX_WORKING_API_KEYS);
    if (added.kind !== "ADDED") throw refuse("OVERLOADED", "The tenant has as many working keys as it may have.");
    await deps.grants.tellUse(held.tenantId, grantId, at);
    return { kind: "ENTERED", tenantId: held.tenantId, apiKey: added.key, secret: made.secret };
  };

/** Builds the list of a tenant's grants, newest first. */
export const createListGrants =
  ({ grants }: Pick<GrantDeps, "grants">) =>
  (tenantId: TenantId): Promise<readonly OperatorGrant[]> =>
    grants.list(tenantId, MAX_LISTED_GRANTS);

/** Builds `organisation`: its name and the names of its tenants; null when the caller's tenant stands alone. */
export const createReadOrganisation =
  ({ grants }: Pick<GrantDeps, "grants">) =>
  (tenantId: TenantId): Promise<Organisation | null> =>
    grants.organisation(tenantId);
