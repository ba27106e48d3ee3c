import type pg from "pg";
import type { TenantId } from "@tessera/contracts/ids";
import { inTenantScope } from "../auth/tenant-scope.ts";
import { errorMessage } from "../errors/error-message.ts";
import { Refusal, refuse } from "../errors/refusal.ts";
import type { TenantPool } from "./tenant-pool.ts";

/** A statement as a value: a stable name (for prepared statements), text with `$1` places, and its parameters. */
export interface SqlStatement {
  readonly name: string;
  readonly text: string;
  readonly params: readonly unknown[];
}

/** Runs statements inside one transaction. */
export interface SqlTransaction {
  run<Row>(statement: SqlStatement, parse: (row: unknown) => Row): Promise<readonly Row[]>;
}

/** PostgreSQL as operations' stores see it: every call names its tenant, and row-level security holds it to that tenant. */
export interface TenantSql {
  /** Runs one statement for a tenant and parses each row. */
  run<Row>(tenantId: TenantId, statement: SqlStatement, parse: (row: unknown) => Row): Promise<readonly Row[]>;
  /** Runs several statements for a tenant in one transaction; any throw rolls all of them back. */
  transaction<T>(tenantId: TenantId, work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** Runs one statement outside every tenant, for the few SECURITY DEFINER functions that cross tenants by name. */
  runAcrossTenants<Row>(statement: SqlStatement, parse: (row: unknown) => Row): Promise<readonly Row[]>;
  /** Several such statements in one transaction. */
  transactionAcrossTenants<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
}

/** The driver's words, and Prisma's codes, for a database that can't be reached or does not answer in time. */
const CONNECTION_TROUBLE =
  /ECONNREFUSED|ECONNRESET|terminat|timeout exceeded when trying to connect|the database system is|57P0[1-3]|\bP10(?:01|02|08|17)\b|DatabaseNotReachable/;
/** Prisma's codes and words for a pool that gave no connection in time: the pool's own refusal, passed on as text, or an earlier one. */
const POOL_TROUBLE = /\bP20(?:24|28)\b|All connections to the control plane's database are in use/;

/**
 * PostgreSQL's codes for text it can't hold: U+0000 anywhere, or half of a surrogate pair within JSON, which callers can write as escapes.
 */
const UNSTORABLE_TEXT = /\b22021\b|\b22P05\b|\b22P02\b.*type json/;

const meaningful = (error: unknown): unknown => {
  if (error instanceof Refusal) return error;
  const words = errorMessage(error);
  if (POOL_TROUBLE.test(words))
    return refuse(
      "OVERLOADED",
      "All connections to the control plane's database are in use.",
      { retryAfterSeconds: 1 },
      error,
    );
  if (UNSTORABLE_TEXT.test(words))
    return refuse("BAD_INPUT", "A text holds U+0000 or half of a surrogate pair, which can't be stored.", {}, error);
  if (CONNECTION_TROUBLE.test(words))
    return refuse(
      "DEPENDENCY_UNAVAILABLE",
      "The control plane's database is not reachable.",
      { retryAfterSeconds: 2 },
      error,
    );
  return error;
};

const query = async <Row>(
  client: pg.Pool | pg.PoolClient,
  statement: SqlStatement,
  parse: (row: unknown) => Row,
): Promise<readonly Row[]> => {
  const result = await client.query<Record<string, unknown>>({
    name: statement.name,
    text: statement.text,
    values: [...statement.params],
  });
  return result.rows.map(parse);
};

const inTransaction = async <T>(pool: TenantPool, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work({ run: (statement, parse) => query(client, statement, parse) });
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    const rolledBack = await client.query("ROLLBACK").then(
      () => true,
      () => false,
    );
    client.release(!rolledBack);
    throw error;
  }
};

/**
 * Gives trouble with the connection its meaning: DEPENDENCY_UNAVAILABLE when the database can't be reached, OVERLOADED when it can and no
 * connection came free in time; and to text that can't be stored: BAD_INPUT. Other errors pass as they are.
 */
export const withMeaning = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw meaningful(error);
  });

/** Builds {@link TenantSql} over a tenant pool. */
export const createTenantSql = (pool: TenantPool): TenantSql => ({
  run: (tenantId, statement, parse) => withMeaning(inTenantScope(tenantId, () => query(pool, statement, parse))),
  transaction: (tenantId, work) => withMeaning(inTenantScope(tenantId, () => inTransaction(pool, work))),
  runAcrossTenants: (statement, parse) => withMeaning(query(pool, statement, parse)),
  transactionAcrossTenants: (work) => withMeaning(inTransaction(pool, work)),
});
