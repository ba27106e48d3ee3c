import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { storeError } from "./store-errors.ts";

/** Seconds one table may take to be rewritten without rows, or with other values in them. */
const MAX_REWRITE_SECONDS = 3_600;
/** What is written into a statement is a name of our own migrations; checked all the same. */
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Rows of one table that are to go, or to lose what they say; other tenants' rows are never among them. */
export interface Rewriting {
  readonly table: string;
  /** Condition on the rows, with `{place: Type}`. */
  readonly where: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Columns that are to be empty, with what empty is in them; the rows themselves go when left out. */
  readonly blank?: Readonly<Record<string, "''" | "0">>;
}

const countRow = z.array(z.object({ rows: z.coerce.number() })).min(1);

const named = (name: string): string => {
  if (!NAME.test(name)) throw new Error(`"${name}" is no name of the event store.`);
  return name;
};

/**
 * Rewrites the parts of a table that hold such rows, and waits until the old parts are read by nobody; answers how many rows there were. The same when done twice. A
 * table without such rows is only looked at.
 */
export const rewriteRows = async (
  client: ClickHouseClient,
  tenantId: TenantId,
  { table, where, params, blank }: Rewriting,
): Promise<number> => {
  const of = `WHERE tenant_id = {tenant: String} AND (${where})`;
  const query = () => ({
    query_params: { ...params, tenant: tenantId },
    query_id: `${tenantId}:${randomUUID()}`,
    clickhouse_settings: { max_execution_time: MAX_REWRITE_SECONDS },
  });
  const change =
    blank === undefined
      ? "DELETE"
      : `UPDATE ${Object.entries(blank)
          .map(([column, empty]) => `${named(column)} = ${empty}`)
          .join(", ")}`;
  try {
    const shown = await client.query({
      ...query(),
      query: `SELECT count() AS rows FROM tessera.${named(table)} ${of}`,
      format: "JSONEachRow",
    });
    const [counted] = countRow.parse(await shown.json());
    const rows = counted?.rows ?? 0;
    if (rows === 0) return 0;
    const { clickhouse_settings, ...asked } = query();
    await client.command({
      ...asked,
      query: `ALTER TABLE tessera.${named(table)} ${change} ${of}`,
      clickhouse_settings: { ...clickhouse_settings, mutations_sync: "2" },
    });
    return rows;
  } catch (error) {
    throw storeError(error);
  }
};
