import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { eachOf } from "../runtime/each-of.ts";
import { storeError } from "./store-errors.ts";

/** Seconds the rewriting of one table without a tenant's rows may take. */
const MAX_ERASE_SECONDS = 3_600;
/** Tables that are looked at and rewritten at once: an eighth of the queries a worker may run, so that an erasure, and some beside each other, leave room for every other job. */
const TABLES_AT_ONCE = 2;
/** Tables are named by our own migrations; what is written into a statement is checked all the same. */
const TABLE = /^[a-z][a-z0-9_]{0,62}$/;

/** Tables with rows of tenants: all the user can see, but for views, which keep nothing. */
const tenantTables = async (client: ClickHouseClient): Promise<readonly string[]> => {
  const shown = await client.query({ query: "SHOW TABLES FROM tessera", format: "JSONEachRow" });
  const names = z.array(z.object({ name: z.string() })).parse(await shown.json());
  return names.map(({ name }) => name).filter((name) => TABLE.test(name) && !name.endsWith("_view"));
};

/** Whether a table shows a row of the tenant: a look at the primary key, where a rewrite waits for the merges of everybody's rows. */
const holdsRows = async (client: ClickHouseClient, table: string, tenantId: TenantId): Promise<boolean> => {
  const shown = await client.query({
    query: `SELECT 1 FROM tessera.${table} WHERE tenant_id = {tenant: String} LIMIT 1`,
    query_params: { tenant: tenantId },
    query_id: `${tenantId}:${randomUUID()}`,
    format: "JSONEachRow",
  });
  return (await shown.json()).length > 0;
};

const eraseFrom = async (client: ClickHouseClient, table: string, tenantId: TenantId): Promise<void> => {
  if (!(await holdsRows(client, table, tenantId))) return;
  await client.command({
    query: `ALTER TABLE tessera.${table} DELETE WHERE tenant_id = {tenant: String}`,
    query_params: { tenant: tenantId },
    query_id: `${tenantId}:${randomUUID()}`,
    clickhouse_settings: { mutations_sync: "2", max_execution_time: MAX_ERASE_SECONDS },
  });
};

/** Removes every row of a tenant from every table the user can see, and waits until it is done; the same when done twice. Tables without such rows are left alone. */
export const eraseTenant = async (client: ClickHouseClient, tenantId: TenantId): Promise<void> => {
  try {
    const tables = await tenantTables(client);
    const failures: unknown[] = [];
    await eachOf(tables, TABLES_AT_ONCE, (table) =>
      eraseFrom(client, table, tenantId).catch((error: unknown) => failures.push(error)),
    );
    if (failures.length > 0) throw failures[0];
  } catch (error) {
    throw storeError(error);
  }
};
