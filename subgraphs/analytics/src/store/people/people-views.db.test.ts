import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { DataReader } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import { storeEvents } from "../../../testing/test-events.ts";

jest.setTimeout(120_000);
const TIME_MS = Date.UTC(2026, 8, 1, 12);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const columnRow = z.object({ database: z.string(), table: z.string(), columns: z.array(z.string()) });
const columnsOf = async (database: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const result = await world.storeOwner.query({
    query: `SELECT database, table, arraySort(groupArray(name)) AS columns FROM system.columns WHERE database = {database: String}
      AND default_kind != 'EPHEMERAL' GROUP BY database, table HAVING has(columns, 'tenant_id')`,
    query_params: { database },
    format: "JSONEachRow",
  });
  const rows = z.array(columnRow).parse(await result.json());
  return new Map(rows.map(({ table, columns }) => [table, columns]));
};

describe("the databases of resolved persons", () => {
  test.each([
    ["tessera_people", "tessera"],
    ["tessera_people_restricted", "tessera_restricted"],
  ])("%s has every table and column of %s but the sketches of persons", async (views, tables) => {
    const [found, wanted] = [await columnsOf(views), await columnsOf(tables)];
    for (const [table, columns] of wanted) {
      if (table.endsWith("_view")) continue;
      const expected = table.startsWith("rollup_") ? columns.filter((column) => column !== "persons") : columns;
      expect([table, found.get(table)]).toEqual([table, expected]);
    }
  });

  test("count an event for whom its person counts as, for each reader within what it may see", async () => {
    const tenantId = freshTenantId();
    const event = (id: number, who: { userId?: string; anonymousId?: string }, country: string) => ({
      ...{ id: `00000000-0000-4000-8000-00000000000${id}`, name: "view", timeMs: TIME_MS + id, country },
      ...who,
    });
    await storeEvents(world.writer, tenantId, [
      event(1, { anonymousId: "v" }, "DE"),
      event(2, { userId: "u", anonymousId: "v" }, "FR"),
      event(3, { userId: "w" }, "FR"),
      event(4, { anonymousId: "v" }, "FR"),
    ]);
    const person = (id: string, user: number): string => `cityHash64('${tenantId}', '${id}', toUInt8(${user}))`;
    const put = (from: string, to: string, version: number) =>
      world.storeOwner.command({
        query: `INSERT INTO tessera.worker_people SELECT '${tenantId}', ${from}, ${to}, ${version}`,
      });
    const count = async (reader: DataReader, table: string): Promise<number> => {
      const text = `SELECT toUInt32(uniqExact(person)) AS people FROM ${table} WHERE tenant_id = {tenant: String}`;
      const statement = { name: "people", text, params: { tenant: tenantId } };
      const parse = (row: unknown) => z.object({ people: z.number() }).parse(row).people;
      const answer = await world.resources.eventStore.query(reader, statement, parse, { persons: "RESOLVED" });
      return answer.rows[0] ?? -1;
    };
    const everything: DataReader = { tenantId, dataPolicy: null };
    const french: DataReader = {
      tenantId,
      dataPolicy: {
        ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {} },
        ...{ synthetic: null, masks: {}, salt: "0".repeat(32) },
      },
    };
    for (const table of ["events", "events_by_person"]) expect(await count(everything, table)).toBe(3);
    expect(await count(french, "events")).toBe(3);
    await put(person("v", 0), person("u", 1), 1);
    for (const table of ["events", "events_by_person", "event_ids"])
      for (const reader of [everything, french]) expect(await count(reader, table)).toBe(2);
    await put(person("v", 0), person("v", 0), 2);
    expect(await count(everything, "events")).toBe(3);
    // Another tenant's links change nothing here.
    expect(await count({ tenantId: freshTenantId(), dataPolicy: null }, "events")).toBe(0);
  });
});
