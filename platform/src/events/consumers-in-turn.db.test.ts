import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { createTenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { createConsumersInTurn } from "./consumers-in-turn.ts";
import { createLogConsumer } from "./log-consumer.ts";
import { createLogStore } from "./log-store.ts";

const { ownerUrl, appUrl } = testEngines().postgres;
const logger = createLogger("test", "silent");
const pool = new TenantPool(appUrl);
const sql = createTenantSql(pool);
const store = createLogStore(sql);
let prefix: string;
let seen: string[];
let underWay = { now: 0, most: 0 };

const topicOf = (name: string): string => `${prefix}.${name}`;
/** A consumer that notes what it takes, and fails as often as it is told to. */
const consumer = (name: string, failures = 0) => {
  let left = failures;
  return createLogConsumer({
    ...{ sql, logger, name: topicOf(name), topic: topicOf(name) },
    handle: async (_transaction, _tenantId, entries) => {
      underWay.most = Math.max(underWay.most, (underWay.now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      underWay.now -= 1;
      if (left > 0) {
        left -= 1;
        throw new Error("not yet");
      }
      seen.push(...entries.map(() => name));
    },
  });
};
const append = (name: string) =>
  store.append([{ tenantId: freshTenantId(), topic: topicOf(name), dedupeKey: randomUUID(), payload: {} }]);
/** Polls until so much was seen: other tests' transactions can hold entries back for a moment. */
const until = async (count: number): Promise<void> => {
  while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
};

beforeEach(() => {
  [prefix, seen, underWay] = [`test.${randomUUID()}`, [], { now: 0, most: 0 }];
});
afterEach(async () => {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query("DELETE FROM event_log_consumer WHERE topic LIKE $1", [`${prefix}%`]);
  await owner.end();
});
afterAll(() => pool.end());

describe("consumers in turn", () => {
  test("take what each finds, before and after they began, one after the other, and stop when they are told to", async () => {
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map(append));
    const turns = createConsumersInTurn({ name: "turns", sql, logger, consumers: names.map((name) => consumer(name)) });
    await turns.start();
    await until(4);
    await append("c");
    await until(5);
    await Promise.all(names.map(append));
    await until(9);
    await turns.stop();
    expect(seen.toSorted()).toEqual(["a", "a", "b", "b", "c", "c", "c", "d", "d"]);
    expect(underWay.most).toBe(1);
    await append("a");
    expect(seen).toHaveLength(9);
  });

  test("one that fails is tried again, and holds up no other", async () => {
    await append("bad");
    const turns = createConsumersInTurn({
      ...{ name: "turns", sql, logger, consumers: [consumer("bad", 2), consumer("good")] },
    });
    await turns.start();
    await append("good");
    await until(2);
    await turns.stop();
    expect(seen).toEqual(["good", "bad"]);
  });
});
