import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { callerOf, openSemanticRoom, RANGE } from "../../../testing/semantic-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: tables are rewritten, and a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
let longQueries: LongQueryStore;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
  const { url, passwords } = testEngines().clickhouse;
  longQueries = createLongQueryStore({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
});
afterAll(async () => {
  await longQueries.close();
  await world.close();
});

const row = z.object({ path: z.string(), name: z.string(), type: z.string(), events: z.coerce.number() });
const rowsOf = async ({ tenantId }: Caller, query: string) => {
  const result = await world.storeOwner.query({
    query: `SELECT path, name, type, sum(events) AS events, min(first_seen) AS first, max(last_seen) AS last FROM (${query}) GROUP BY path, name, type ORDER BY path, name, type`,
    query_params: { tenant: tenantId },
    // The owner's row policies read whose rows it sees from the query's id as everybody's do.
    query_id: `${tenantId}:${randomUUID()}`,
    format: "JSONEachRow",
  });
  return z.array(row.extend({ first: z.string(), last: z.string() })).parse(await result.json());
};
const COUNTED = "SELECT * FROM tessera.property_catalogue WHERE tenant_id = {tenant: String}";

/** What the migration counts of everything that was stored before the view was made, here of one tenant. */
const counting = (): string => {
  const migration = readFileSync(
    new URL("../../../../../clickhouse/migrations/0049_property_catalogue.sql", import.meta.url),
    "utf8",
  );
  const statement = migration.slice(migration.lastIndexOf("SELECT tenant_id"));
  return statement
    .replace(/WHERE received_at < .*\n/, "WHERE tenant_id = {tenant: String}\n")
    .replace(/SETTINGS [^;]*;\s*$/, "");
};

const shop = async (): Promise<Caller> => {
  const caller = callerOf();
  const event = (index: number): TestEvent => ({
    ...{ id: randomUUID(), name: index % 3 === 0 ? "buy" : "view", userId: `u${index}` },
    timeMs: Date.parse(RANGE.from) + index,
    properties: { plan: index % 2 === 0 ? "pro" : 1, cart: { total: index }, [`k${index % 4}`]: true },
  });
  for (const from of [0, 7, 9])
    await storeEvents(
      world.writer,
      caller.tenantId,
      Array.from({ length: 7 }, (_, index) => event(from + index)),
    );
  return caller;
};
const listed = async (caller: Caller): Promise<readonly number[]> => [
  (await room.operations.listProperties(caller, { prefix: "", first: 500 })).edges.length,
  (await room.operations.listEventNames(caller, { prefix: "", first: 500 })).edges.length,
];

describe("the catalogue's life", () => {
  test("what the migration counts of events that were there before it is what the view counts of events as they come", async () => {
    const caller = await shop();
    const counted = await rowsOf(caller, counting());
    expect(counted.length).toBeGreaterThan(10);
    expect(counted).toEqual(await rowsOf(caller, COUNTED));
  });

  test("erasing a tenant erases its catalogue, and no other's", async () => {
    const [erased, kept] = [await shop(), await shop()];
    expect([await listed(erased), await listed(kept)]).toEqual([
      [6, 2],
      [6, 2],
    ]);
    await longQueries.eraseTenant(erased.tenantId);
    expect([await listed(erased), await rowsOf(erased, COUNTED)]).toEqual([[0, 0], []]);
    expect(await listed(kept)).toEqual([6, 2]);
  });

  test("nothing of it is of a person: no value and no id is in it, so that erasing somebody has nothing to take", async () => {
    const caller = callerOf();
    const mark = randomUUID();
    const texts = { email: `${mark}@example.org`, nested: { note: mark, list: [mark] } };
    await storeEvents(world.writer, caller.tenantId, [
      ...[{ id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from), userId: mark, properties: texts }],
      ...[{ id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from), anonymousId: mark, sessionId: mark }],
    ]);
    const rows = await rowsOf(caller, COUNTED);
    expect([rows.length, JSON.stringify(rows).includes(mark)]).toEqual([4, false]);
  });
});
