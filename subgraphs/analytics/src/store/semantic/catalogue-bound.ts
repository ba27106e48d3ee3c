import type { TenantId } from "@tessera/contracts/ids";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";

/** Forgets the rarest of a tenant's catalogue: all but a number of names of events and as many pairs of a path and a name. Answers how many rows went. */
export type ForgetRarest = (tenantId: TenantId, kept: number) => Promise<number>;

// The tenant is placed by the rewriting. What stays does not depend on what is gone already, so that parts may be rewritten one after another.
const RAREST = `(path, name, type) NOT IN (
  SELECT path, name, type FROM tessera.property_catalogue WHERE tenant_id = {tenant: String}
  GROUP BY path, name, type ORDER BY sum(events) DESC, max(last_seen) DESC, path, name, type LIMIT {kept: UInt64} BY path = '')`;

/** Builds {@link ForgetRarest} over the event store of workers. */
export const createForgetRarest =
  (longQueries: Pick<LongQueryStore, "rewrite">): ForgetRarest =>
  (tenantId, kept) =>
    longQueries.rewrite(tenantId, { table: "property_catalogue", where: RAREST, params: { kept } });
