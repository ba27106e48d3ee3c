import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { EVENT_DATABASE } from "../engines/clickhouse-users.ts";
import { wholeTenant } from "./data-policy.ts";
import { PolicyMissing } from "../errors/policy-missing.ts";
import type { EventStore, StoreStatement } from "./event-store.ts";

/** A tenant that nobody is: whatever is seen on its behalf is somebody else's. */
const nobody = (): TenantId => {
  const tenantId = parseTenantId("00000000-0000-0000-0000-000000000000");
  if (tenantId === null) throw new Error("The nil UUID is a tenant id.");
  return tenantId;
};

const TABLE = /^[a-z][a-z0-9_]{0,62}$/;
const named = z.object({ name: z.string().regex(TABLE) });

const tenantTables: StoreStatement = {
  name: "tenantTables",
  text: "SELECT DISTINCT c.table AS name FROM system.columns AS c WHERE c.database = {database: String} AND c.name = 'tenant_id' ORDER BY 1",
  params: { database: EVENT_DATABASE },
};

const seenOf = (tables: readonly string[]): StoreStatement => ({
  name: "seenByNobody",
  text: tables
    .map((table) => `(SELECT '${table}' AS name FROM ${EVENT_DATABASE}.${table} LIMIT 1)`)
    .join(" UNION ALL "),
  params: {},
});

/** Tables of the event store that show rows to a reader whose tenant has none: their row policies don't hold. A table without rows shows none. */
export const unheldTables = async (eventStore: Pick<EventStore, "query">): Promise<readonly string[]> => {
  const reader = wholeTenant(nobody());
  const name = (row: unknown): string => named.parse(row).name;
  const { rows: tables } = await eventStore.query(reader, tenantTables, name);
  if (tables.length === 0) return [];
  return (await eventStore.query(reader, seenOf(tables), name)).rows.toSorted();
};

/** Throws, naming the tables, when a row policy of the event store does not hold its reader to one tenant. */
export const requireRowPolicies = async (eventStore: Pick<EventStore, "query">): Promise<void> => {
  const unheld = await unheldTables(eventStore);
  if (unheld.length > 0)
    throw new PolicyMissing(
      `the event store shows tenants each other's rows: restore the row policies of ${unheld.join(", ")}`,
    );
};
