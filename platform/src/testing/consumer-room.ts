import { randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import pg from "pg";
import { createTenantSql, type TenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createLogConsumer, type LogConsumer, type LogConsumerDeps } from "../events/log-consumer.ts";
import { createLogStore, type LogStore } from "../events/log-store.ts";
import { createLogger } from "../telemetry/logger.ts";
import { testEngines } from "./engines.ts";

/** A consumer of a topic of its own, and what it has seen. */
export interface ConsumerRoom {
  readonly sql: TenantSql;
  readonly store: LogStore;
  /** The owner of the tables: what is asked of it is bound to no tenant. */
  readonly owner: pg.Pool;
  readonly topic: string;
  /** What was handed over, in its order. */
  readonly seen: { readonly tenantId: TenantId; readonly key: unknown }[];
  /** Another topic, of which nothing has been seen. */
  begin(): void;
  /** Takes a note of what is handed over, in a transaction of the tenant whose it is. */
  readonly remember: LogConsumerDeps["handle"];
  consumer(handle?: LogConsumerDeps["handle"], more?: Partial<LogConsumerDeps>): LogConsumer;
  append(tenantId: TenantId, keys: readonly string[]): Promise<void>;
  /** Drains until so many entries were taken: other tests' transactions on the same server can hold them back for a moment. */
  drain(count: number, one?: LogConsumer): Promise<void>;
  /** Keys that were seen of a tenant, each where it came first. */
  keysOf(tenantId: TenantId): readonly unknown[];
  /** Forgets the consumers of the topics, which would keep the log from being forgotten. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** The key of an entry that a test appended. */
export const keyOf = (payload: unknown): unknown =>
  payload !== null && typeof payload === "object" && "key" in payload ? payload.key : null;

/** Opens a {@link ConsumerRoom} over the engines of this test run. */
export const openConsumerRoom = (): ConsumerRoom => {
  const { ownerUrl, appUrl } = testEngines().postgres;
  const pool = new TenantPool(appUrl);
  const sql = createTenantSql(pool);
  const [store, logger] = [createLogStore(sql), createLogger("test", "silent")];
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 2 });
  const seen: { tenantId: TenantId; key: unknown }[] = [];
  let topic = "";
  const topics: string[] = [];
  const current = { name: "current-tenant", text: "SELECT current_tenant_id() AS id", params: [] };
  const remember: LogConsumerDeps["handle"] = async (transaction, tenantId, entries) => {
    const [tenant] = await transaction.run(current, (row) => JSON.stringify(row));
    if (tenant !== JSON.stringify({ id: tenantId })) throw new Error("Entries came in a transaction of another.");
    for (const { payload } of entries) seen.push({ tenantId, key: keyOf(payload) });
  };
  const consumer: ConsumerRoom["consumer"] = (handle = remember, more = {}) =>
    createLogConsumer({ sql, logger, name: topic, topic, handle, ...more });
  return {
    ...{ sql, store, owner, seen, remember, consumer },
    get topic() {
      return topic;
    },
    begin: () => {
      topic = `test.${randomUUID()}`;
      topics.push(topic);
      seen.length = 0;
    },
    append: (tenantId, keys) =>
      store.append(keys.map((key) => ({ tenantId, topic, dedupeKey: key, payload: { key } }))),
    drain: async (count, one = consumer()) => {
      for (let taken = 0; taken < count; taken += await one.drain());
    },
    keysOf: (tenantId) => [...new Set(seen.filter((one) => one.tenantId === tenantId).map(({ key }) => key))],
    end: async () => {
      const text = "DELETE FROM event_log_consumer WHERE split_part(topic, '.other', 1) = ANY ($1)";
      await owner.query(text, [topics.splice(0)]);
    },
    close: async () => {
      await Promise.all([pool.end(), owner.end()]);
    },
  };
};
