import type { TenantId } from "./ids.ts";
import type { Permission } from "./permissions.ts";

/** Who stands behind a request: an API key, a person, or a process of the platform acting for a tenant. */
export type Subject =
  | { readonly kind: "API_KEY"; readonly id: string }
  | { readonly kind: "USER"; readonly id: string }
  | { readonly kind: "SERVICE"; readonly id: string };

/** A verified caller: one tenant, one subject, a closed set of permissions. Never built from unverified input. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly subject: Subject;
  readonly permissions: ReadonlySet<Permission>;
  /** When the credential behind the caller stops being valid, milliseconds since the epoch; null when it does not expire. */
  readonly expiresAtMs: number | null;
}
