import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";

/** Milliseconds a grant may hold: a working day. */
export const MAX_GRANT_MS = 8 * 3_600_000;
/** Grants of a tenant that may hold at once. */
export const MAX_OPEN_GRANTS = 20;

/** What nobody from outside gets: deciding about access, and letting others in. */
const NEVER_GRANTED: ReadonlySet<Permission> = new Set(["access:manage", "operators:grant", "tenant:manage"]);

/** An operator's way into a tenant. Times are milliseconds since the epoch. */
export interface OperatorGrant {
  readonly id: string;
  readonly tenantId: TenantId;
  /** The subject who may act under it. */
  readonly operatorId: string;
  readonly permissions: readonly Permission[];
  readonly reason: string;
  /** True when an operator let themselves in, without the tenant. */
  readonly breakGlass: boolean;
  readonly grantedBy: Subject;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** Whether a grant holds at a time. */
export const isOpen = (grant: Pick<OperatorGrant, "expiresAtMs" | "revokedAtMs">, nowMs: number): boolean =>
  grant.revokedAtMs === null && grant.expiresAtMs > nowMs;

/** When a grant ends, milliseconds since the epoch; refuses the past and more than {@link MAX_GRANT_MS} with BAD_INPUT. */
export const grantEnd = (until: string, nowMs: number): number => {
  const untilMs = Date.parse(until);
  if (untilMs > nowMs && untilMs <= nowMs + MAX_GRANT_MS) return untilMs;
  throw refuse("BAD_INPUT", `A grant ends within ${MAX_GRANT_MS / 3_600_000} hours from now.`, {
    field: "input.until",
  });
};

/** Refuses with BAD_INPUT permissions that nobody from outside gets. */
export const requireGrantable = (permissions: readonly Permission[]): void => {
  const never = permissions.filter((permission) => NEVER_GRANTED.has(permission));
  if (never.length > 0)
    throw refuse("BAD_INPUT", `Nobody from outside is given ${never.join(", ")}.`, { field: "input.permissions" });
};
