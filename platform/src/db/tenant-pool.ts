import pg from "pg";
import { currentTenant } from "../auth/tenant-scope.ts";
import { errorMessage } from "../errors/error-message.ts";
import { refuse } from "../errors/refusal.ts";

/** Connections one process may hold to PostgreSQL; above it requests wait in line. */
export const MAX_POOL_CONNECTIONS = 20;
/** Milliseconds a request waits for a connection before it is refused. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Milliseconds a statement may run on the request path. */
export const STATEMENT_TIMEOUT_MS = 15_000;
/** Milliseconds a transaction may wait for its process: of one that stands still the database lets go what others wait for, whoever runs that. */
const IDLE_IN_TRANSACTION_MS = 60_000;

const SET_TENANT = { name: "set-tenant", text: "SELECT set_config('app.tenant_id', $1, false)" };

/** The tenant each live connection was last set to; absent when unknown, so that it is set again before use. */
type ServedTenants = WeakMap<pg.PoolClient, string>;

const setTenant = async (client: pg.PoolClient, served: ServedTenants): Promise<void> => {
  const tenant = currentTenant() ?? "";
  if (served.get(client) === tenant) return;
  served.delete(client);
  await client.query({ ...SET_TENANT, values: [tenant] });
  served.set(client, tenant);
};

/** The pool's words when no connection came free in time; it says the same when all of them are still being made. */
const NONE_CAME_FREE = /timeout exceeded when trying to connect/;
/** Seconds after which a burst of requests has usually passed. */
const RETRY_AFTER_BURST_SECONDS = 1;

/**
 * A pg.Pool whose every query and connection is bound to the tenant of the running async scope by the session setting
 * `app.tenant_id`, set only when the connection last served another tenant. Outside a scope the setting is empty and row-level
 * security shows nothing. Waiting in vain for one of its live connections is refused with OVERLOADED: the database is there, this process is busy.
 */
export class TenantPool extends pg.Pool {
  readonly #served: ServedTenants = new WeakMap();
  #live = 0;

  constructor(connectionString: string, options: pg.PoolConfig = {}) {
    super({
      connectionString,
      max: MAX_POOL_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      idleTimeoutMillis: 30_000,
      ...options,
    });
    this.on("connect", (client) => {
      this.#live += 1;
      // Lost while it is lent out and waits for its next statement, which then fails; without a listener it would end the process.
      client.on("error", () => undefined);
    });
    this.on("remove", () => {
      this.#live -= 1;
    });
    // An idle connection lost to a restart of the server is replaced by the next request; without a listener it would end the process.
    this.on("error", () => undefined);
  }

  /** A connection bound to the tenant of the scope it was asked in; the caller releases it. */
  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void;
  override connect(
    callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): Promise<pg.PoolClient> | void {
    const connected = this.#connectBound();
    if (callback === undefined) return connected;
    connected.then(
      (client) => callback(undefined, client, (release) => client.release(release === undefined ? undefined : true)),
      (error: unknown) =>
        callback(error instanceof Error ? error : new Error(String(error)), undefined, () => undefined),
    );
  }

  async #connectBound(): Promise<pg.PoolClient> {
    const client = await super.connect().catch((error: unknown) => {
      throw this.#meaningful(error);
    });
    try {
      await setTenant(client, this.#served);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  #meaningful(error: unknown): unknown {
    if (this.#live === 0 || !NONE_CAME_FREE.test(errorMessage(error))) return error;
    const detail = "All connections to the control plane's database are in use.";
    return refuse("OVERLOADED", detail, { retryAfterSeconds: RETRY_AFTER_BURST_SECONDS }, error);
  }
}
