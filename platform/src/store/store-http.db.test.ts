import { afterAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { wholeTenant } from "./data-policy.ts";
import { createEventStore, type EventStore } from "./event-store.ts";

const { url, passwords } = testEngines().clickhouse;
const reader = { username: "tessera_reader", password: passwords.tessera_reader };
const opened: EventStore[] = [];
const open = (at: string): EventStore => {
  const store = createEventStore({ ...reader, url: at });
  opened.push(store);
  return store;
};
const store = open(url);
afterAll(() => Promise.all(opened.map((one) => one.close())));

const ask = (text: string, params: Readonly<Record<string, unknown>> = {}, of = store) =>
  of.query(wholeTenant(freshTenantId()), { name: "test", text, params }, (row) => row, {
    settings: { max_threads: 1 },
  });

const text = fc.string({ unit: "binary", maxLength: 40 });

describe("a query of the event store", () => {
  it("is given its parameters as they are, whatever is in them", async () => {
    const given = fc.record({
      one: text,
      texts: fc.array(text, { maxLength: 5 }),
      whole: fc.maxSafeInteger(),
      wholes: fc.array(fc.maxSafeInteger(), { maxLength: 5 }),
      real: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      some: fc.option(text),
    });
    const statement = `SELECT {one: String} AS one, {texts: Array(String)} AS texts, {whole: Int64} AS whole,
      {wholes: Array(Int64)} AS wholes, {real: Float64} AS real, {some: Nullable(String)} AS some`;
    await fc.assert(
      fc.asyncProperty(given, async (params) => {
        expect((await ask(statement, params)).rows).toEqual([params]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it("that fails after part of its answer was written is an error of the engine and not the part", async () => {
    const late = "SELECT throwIf(number = 99000, 'too far'), number FROM numbers(100000)";
    await expect(ask(late)).rejects.toMatchObject({ type: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO" });
  });

  it("that the engine refuses is told by the engine's error, or what it means", async () => {
    await expect(ask("SELECT nothing FROM nowhere")).rejects.toMatchObject({ type: "UNKNOWN_TABLE" });
    await expect(ask("SELECT number FROM numbers(100001)")).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
  });

  it("is answered again after many at a time, more than there are connections", async () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number);
    const answers = await Promise.all(numbers.map((number) => ask("SELECT {number: UInt8} AS n", { number })));
    expect(answers.map(({ rows: [row] }) => row)).toEqual(numbers.map((n) => ({ n })));
    await store.ping();
  });

  it("tells a store that is not there as one that is not there", async () => {
    const nobody = open("http://127.0.0.1:9");
    await expect(ask("SELECT 1", {}, nobody)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    await expect(nobody.ping()).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });
});
