import { afterAll, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { parseBatchId } from "@tessera/contracts/ids";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { checkProperties } from "../domain/properties.ts";
import { prepareEvent } from "../domain/validate-event.ts";
import { freshTenant } from "../testing/running-ingest.ts";
import { createEventBlock } from "./event-block.ts";
import { createStoreWriter } from "./store-writer.ts";

const { clickhouse } = testEngines();
const store = createStoreWriter({
  url: clickhouse.url,
  username: "tessera_writer",
  password: clickhouse.passwords.tessera_writer,
});
const resources = openTestResources();

afterAll(async () => {
  await store.close();
  await resources.close();
});

/** What the store holds of some properties, row by row: all of it as text, and the type of every path. */
const stored = async (rows: readonly object[]): Promise<readonly unknown[]> => {
  const [tenantId, batchId] = [freshTenant(), parseBatchId(randomUUID())];
  if (batchId === null) throw new Error("randomUUID made no UUID");
  const block = createEventBlock();
  for (const [sequence, properties] of rows.entries()) {
    const prepared = prepareEvent({ name: "n", properties }, { nowMs: Date.now(), newId: randomUUID });
    if ("rejection" in prepared) throw new Error(prepared.rejection.reason);
    block.append({ tenantId, event: prepared.event, sequence });
  }
  await store.insert(block.finish(batchId, Date.now()), batchId);
  const result = await resources.storeOwner.query({
    query:
      "SELECT toString(properties), JSONAllPathsWithTypes(properties) FROM tessera.events WHERE tenant_id = {tenant:String} ORDER BY batch_row",
    query_params: { tenant: tenantId },
    format: "JSONCompactEachRow",
  });
  return result.json();
};

/** The same as the store's own JSON parser has it. */
const parsed = async (rows: readonly object[]): Promise<readonly unknown[]> => {
  const result = await resources.storeOwner.query({
    query: `SELECT toString(json), JSONAllPathsWithTypes(json) FROM
      (SELECT row, text::JSON(max_dynamic_paths = 128) AS json FROM
        (SELECT {texts:Array(String)} AS texts) ARRAY JOIN texts AS text, arrayEnumerate(texts) AS row) ORDER BY row`,
    query_params: { texts: rows.map((row) => JSON.stringify(row)) },
    clickhouse_settings: { input_format_try_infer_dates: 0, input_format_try_infer_datetimes: 0 },
    format: "JSONCompactEachRow",
  });
  return result.json();
};

const key = fc.oneof(
  fc.constantFrom("a", "b", "c", "a.b", "b.c.d", "plan", "é", "名", "a b", "it's", "x\ty"),
  fc.string({ minLength: 1, maxLength: 5, unit: "grapheme-ascii" }),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("", "2026-01-01", "2026-01-01T10:00:00Z", "12", "1.5", "true", "null", "{}"),
);
const whole = fc.oneof(fc.integer(), fc.maxSafeInteger());
const value = fc.oneof(
  text,
  whole,
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
  fc.boolean(),
  fc.constantFrom(null, -0, {}),
  // The type that the parser gives an empty list depends on the rows before it.
  fc.array(text, { minLength: 1, maxLength: 4 }),
  fc.array(whole, { minLength: 1, maxLength: 4 }),
);
const properties = fc
  .dictionary(key, fc.oneof({ weight: 4, arbitrary: value }, fc.dictionary(key, value, { maxKeys: 4 })), { maxKeys: 6 })
  .map((made) => ({ ...made }))
  .filter((made) => "length" in checkProperties(made));

describe("properties written path by path", () => {
  it("are to the store what its own parser makes of their JSON text, value for value and type for type", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(properties, { minLength: 1, maxLength: 25 }), async (rows) => {
        expect(await stored(rows)).toEqual(await parsed(rows));
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 60_000);

  it("keep empty lists", async () => {
    expect(await stored([{ a: [] }])).toEqual(await parsed([{ a: [] }]));
  });

  it("are kept beyond the paths that have a column of their own", async () => {
    const rows = Array.from({ length: 400 }, (_, row) => ({ [`p${row % 200}`]: row, always: "x" }));
    expect(await stored(rows)).toEqual(await parsed(rows));
  });

  it("that only the store's parser can type are stored beside plain ones", async () => {
    const rows = [{ a: 1 }, { a: [1, "x", { b: 2 }] }, { a: [0.5, 1], c: 2 ** 60 }, { d: "2026-01-01" }];
    expect(await stored(rows)).toEqual(await parsed(rows));
  });
});
