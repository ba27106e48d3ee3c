import type { DataPolicy } from "./data-policy.ts";
import type { TenantId } from "./ids.ts";
import type { Permission } from "./permissions.ts";

/** What kinds of subject there are. */
export const SUBJECT_KINDS = ["API_KEY", "USER", "SERVICE", "CLIENT", "LINK"] as const;

/**
 * Who stands behind a request: an API key, a person, a process of the platform acting for a tenant, an OAuth client of the tenant, or whoever presents a
 * share link.
 */
export type Subject =
  | { readonly kind: "API_KEY"; readonly id: string }
  | { readonly kind: "USER"; readonly id: string }
  | { readonly kind: "SERVICE"; readonly id: string }
  | { readonly kind: "CLIENT"; readonly id: string }
  | { readonly kind: "LINK"; readonly id: string };

/** A verified caller: one tenant, one subject, a closed set of permissions. Never built from unverified input. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly subject: Subject;
  readonly permissions: ReadonlySet<Permission>;
  /** When the credential behind the caller stops being valid, milliseconds since the epoch; null when it does not expire. */
  readonly expiresAtMs: number | null;
  /** Names of the roles that the permissions come from, besides those given to the credential itself. */
  readonly roles: readonly string[];
  /** What of the tenant's events the caller may see; null: all of it. Every read of the event store is given it. */
  readonly dataPolicy: DataPolicy | null;
  /** Networks (CIDR) the credential may be used from; null: from anywhere. */
  readonly networks: readonly string[] | null;
  /** The grant under which somebody from outside acts in the tenant; null for the tenant's own. */
  readonly grantId: string | null;
}

/** What a caller has that no role, data policy, network list or grant says anything about. */
export const PLAIN_ACCESS = { roles: [], dataPolicy: null, networks: null, grantId: null } as const satisfies Pick<
  Caller,
  "roles" | "dataPolicy" | "networks" | "grantId"
>;
