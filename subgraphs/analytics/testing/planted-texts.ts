import { randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import type { TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";

/** What looking through both stores needs: the owners, from whom nothing is hidden. */
type Owners = Pick<TestResources, "owner" | "storeOwner">;

const namedRow = z.object({ name: z.string(), columns: z.array(z.string()) });
const countRow = z.object({ rows: z.coerce.number() });
const asOwner = async <Row>(
  { storeOwner }: Owners,
  tenantId: TenantId,
  query: string,
  row: z.ZodType<Row>,
  texts: readonly string[] = [],
) => {
  const result = await storeOwner.query({
    ...{ query, query_id: `${tenantId}:${randomUUID()}`, format: "JSONEachRow" },
    query_params: { tenant: tenantId, texts },
  });
  return z.array(row).parse(await result.json());
};

/** Tables of both stores in which a row of the tenant holds one of the texts, in any column, with how many rows do. */
export const placesOf = async (
  owners: Owners,
  tenantId: TenantId,
  texts: readonly string[],
): Promise<Readonly<Record<string, number>>> => {
  const found: Record<string, number> = {};
  const tables = await asOwner(
    owners,
    tenantId,
    `SELECT c.table AS name, groupArray(c.name) AS columns FROM system.columns AS c WHERE c.database = 'tessera' AND c.default_kind != 'EPHEMERAL'
     GROUP BY c.table HAVING has(columns, 'tenant_id') AND NOT endsWith(c.table, '_view')`,
    namedRow,
  );
  for (const { name, columns } of tables) {
    const told = columns
      .filter((column) => column !== "tenant_id")
      .map((column) => `ifNull(toString(t.${column}), '')`);
    const shown = name.startsWith("rollup_") ? told.filter((one) => !/persons|sessions/.test(one)) : told;
    const [count] = await asOwner(
      owners,
      tenantId,
      `SELECT count() AS rows FROM tessera.${name} AS t WHERE tenant_id = {tenant: String}
         AND arrayExists(text -> position(concatWithSeparator(' ', ${shown.join(", ")}), text) > 0, {texts: Array(String)})`,
      countRow,
      texts,
    );
    if (count !== undefined && count.rows > 0) found[name] = count.rows;
  }
  const kept = await owners.owner.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`,
  );
  for (const { name } of kept.rows) {
    const { rows } = await owners.owner.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${name} t WHERE tenant_id::text = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS s(one) WHERE strpos(t::text, one) > 0)`,
      [tenantId, texts],
    );
    if (Number(rows[0]?.rows) > 0) found[name] = Number(rows[0]?.rows);
  }
  return found;
};

/** The numbers that events of users and of visitors are stored with. */
export const numbersOf = async (
  owners: Owners,
  tenantId: TenantId,
  users: readonly string[],
  visitors: readonly string[],
): Promise<readonly string[]> => {
  const rows = await asOwner(
    owners,
    tenantId,
    `SELECT toString(cityHash64({tenant: String}, one, toUInt8(1))) AS name, [''] AS columns FROM (SELECT arrayJoin({texts: Array(String)}) AS one)`,
    namedRow,
    users,
  );
  const others = await asOwner(
    owners,
    tenantId,
    `SELECT toString(cityHash64({tenant: String}, one, toUInt8(0))) AS name, [''] AS columns FROM (SELECT arrayJoin({texts: Array(String)}) AS one)`,
    namedRow,
    visitors,
  );
  return [...rows, ...others].map(({ name }) => name);
};

/** How many events of a tenant are known by their ids. */
export const knownEvents = async (owners: Owners, tenantId: TenantId): Promise<number> => {
  const text = "SELECT count() AS rows FROM tessera.event_ids WHERE tenant_id = {tenant: String}";
  return (await asOwner(owners, tenantId, text, countRow))[0]?.rows ?? 0;
};
