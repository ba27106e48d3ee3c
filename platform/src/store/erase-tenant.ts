import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { storeError } from "./store-errors.ts";

/** Seconds the rewriting of one table without a tenant's rows may take. */
const MAX_ERASE_SECONDS = 3_600;
/** Tables are named by our own migrations; what is written into a statement is checked all the same. */
const TABLE = /^[a-z][a-z0-9_]{0,62}$/;

/** Tables with rows of tenants: all the user can see, but for views, which keep nothing. */
const tenantTables = async (client: ClickHouseClient): Promise<readonly string[]> => {
  const shown = await client.query({ query: "SHOW TABLES FROM tessera", format: "JSONEachRow" });
  const names = z.array(z.object({ name: z.string() })).parse(await shown.json());
  return names.map(({ name }) => name).filter((name) => TABLE.test(name) && !name.endsWith("_view"));
};

/** Removes every row of a tenant from every table the user can see, and waits until it is done; the same when done twice. */
export const eraseTenant = async (client: ClickHouseClient, tenantId: TenantId): Promise<void> => {
  try {
    for (const table of await tenantTables(client))
      await client.command({
        query: `ALTER TABLE tessera.${table} DELETE WHERE tenant_id = {tenant: String}`,
        query_params: { tenant: tenantId },
        query_id: `${tenantId}:${randomUUID()}`,
        clickhouse_settings: { mutations_sync: "2", max_execution_time: MAX_ERASE_SECONDS },
      });
  } catch (error) {
    throw storeError(error);
  }
};
