import { wholeTenant } from "./data-policy.ts";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { metered, newMeter, whenCounted } from "../executions/meter.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { MAX_QUERY_SECONDS } from "./event-store.ts";
import { readNativeColumns } from "./native-columns.ts";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";

/** Milliseconds between looks at the engine's list of running queries. */
const LOOK_EVERY_MS = 50;
/** Milliseconds for the whole test: less than the limit by which the query would end anyway. */
const GIVE_UP_MS = (MAX_QUERY_SECONDS - 5) * 1_000;

describe("a reader's query that is aborted", () => {
  let test: TestResources;
  beforeAll(() => {
    test = openTestResources();
  });
  afterAll(() => test.close());

  const running = async (tenantId: string): Promise<number> => {
    const result = await test.storeOwner.query({
      query: "SELECT query_id FROM system.processes WHERE startsWith(query_id, {tenant: String})",
      query_params: { tenant: tenantId },
      format: "JSONEachRow",
    });
    return (await result.json()).length;
  };
  const until = async (tenantId: string, count: number): Promise<void> => {
    while ((await running(tenantId)) !== count) await wait(LOOK_EVERY_MS);
  };

  it(
    "ends in the engine long before its time limit, because the engine looks whether the reader is still there",
    async () => {
      const tenantId = freshTenantId();
      const caller = new AbortController();
      const text = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1";
      const answer = test.resources.eventStore.query(
        wholeTenant(tenantId),
        { name: "slow", text, params: {} },
        (row) => row,
        {
          signal: caller.signal,
        },
      );
      const ended = expect(answer).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
      await until(tenantId, 1);
      caller.abort();
      await ended;
      await until(tenantId, 0);
    },
    GIVE_UP_MS,
  );
});

describe("an execution's allowance", () => {
  let test: TestResources;
  beforeAll(() => {
    test = openTestResources();
  });
  afterAll(() => test.close());
  const allowance = {
    rows: 1_000,
    quota: "tenant-rows",
    limit: 5_000,
    windowSeconds: 60,
    refillsFromMs: 0,
    refilledByMs: 1,
  };
  const read = (rows: number) =>
    test.resources.eventStore.query(
      wholeTenant(freshTenantId()),
      { name: "numbers", text: `SELECT count() FROM numbers(${rows}) WHERE NOT ignore(number)`, params: {} },
      (row) => row,
    );

  it("holds its queries together: what would read more than is left is refused with what is left, of which quota", async () => {
    const meter = newMeter();
    await metered(
      meter,
      async () => {
        await read(600);
        await expect(read(600)).rejects.toMatchObject({
          code: "QUERY_TOO_COSTLY",
          extras: { quota: "tenant-rows", remaining: 400, limit: 5_000, refilledBy: new Date(1).toISOString() },
        });
        await read(400);
      },
      allowance,
    );
    expect(meter.rowsRead).toBe(1_000);
    await expect(read(1_000_000)).resolves.toMatchObject({ statistics: { rowsRead: 1_000_000 } });
  });

  it("counts what a query has read that was given up in its middle, whoever settles waits for that", async () => {
    const [meter, caller] = [newMeter(), new AbortController()];
    const tenantId = freshTenantId();
    const slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1";
    const asked = metered(meter, () =>
      test.resources.eventStore.query(wholeTenant(tenantId), { name: "slow", text: slow, params: {} }, (row) => row, {
        signal: caller.signal,
      }),
    );
    const ended = expect(asked).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    const seen = async (): Promise<number> => {
      const result = await test.storeOwner.query({
        query: "SELECT read_rows FROM system.processes WHERE startsWith(query_id, {tenant: String})",
        query_params: { tenant: tenantId },
        format: "JSONEachRow",
      });
      const [row] = z.array(z.object({ read_rows: z.coerce.number() })).parse(await result.json());
      return row?.read_rows ?? 0;
    };
    let before = 0;
    while (before === 0) before = await seen();
    caller.abort();
    await whenCounted(meter);
    await ended;
    expect(meter.rowsRead).toBeGreaterThanOrEqual(before);
    expect(meter.storeMs).toBeGreaterThan(0);
  });

  it("is given up when the time of its execution is, which other queries of it have used", async () => {
    const [late, caller] = [newMeter(), new AbortController()];
    const text = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1";
    const ask = () =>
      test.resources.eventStore.query(
        wholeTenant(freshTenantId()),
        { name: "slow", text, params: {} },
        (row) => row,
        caller,
      );
    const ended: string[] = [];
    const onTime = ask().catch(() => ended.push("on time"));
    const tooLate = metered(late, ask, null, performance.now() - 60_000).finally(() => ended.push("too late"));
    await expect(tooLate).rejects.toMatchObject({ code: "QUERY_TIMEOUT" });
    caller.abort();
    await onTime;
    expect(ended).toEqual(["too late", "on time"]);
  });
});

describe("an answer in columns", () => {
  let test: TestResources;
  beforeAll(() => {
    test = openTestResources();
  });
  afterAll(() => test.close());
  const columns = async (text: string, settings = {}) => {
    const { bytes, statistics } = await test.resources.eventStore.native(
      wholeTenant(freshTenantId()),
      { name: "columns", text, params: {} },
      { settings },
    );
    return { ...readNativeColumns(Buffer.from(bytes)), statistics };
  };

  it("holds what the engine answered, block for block, and is counted like any other", async () => {
    const meter = newMeter();
    const text = `SELECT number + 18446744073709451616 AS hash, toUInt8(number % 256) AS small, toFloat64(number) / 2 AS half,
      if(number % 3 = 0, '', concat('text ', toString(number % 5))) AS word, toLowCardinality(toString(number % 1000)) AS known FROM numbers(100000) ORDER BY number`;
    const { rows, columns: found, statistics } = await metered(meter, () => columns(text));
    const [hash, small, half, word, known] = ["hash", "small", "half", "word", "known"].map((name) => found.get(name));
    const at = 99_998;
    expect({
      rows,
      hash: hash?.kind === "WORDS" && [hash.words[2 * at], hash.words[2 * at + 1]],
      small: small?.kind === "NUMBERS" && small.values[at],
      half: half?.kind === "NUMBERS" && half.values[at],
      word: word?.kind === "TEXTS" && [word.texts[word.codes[at] ?? -1], word.texts[word.codes[99_999] ?? -1]],
      known: known?.kind === "TEXTS" && Array.from(known.codes, (code) => Number(known.texts[code])),
    }).toEqual({
      ...{ rows: 100_000, hash: [4294967294, 4294967295], small: 158, half: 49_999, word: ["text 3", ""] },
      known: Array.from({ length: 100_000 }, (_, number) => number % 1_000),
    });
    expect(statistics.rowsRead).toBe(100_000);
    expect(meter).toMatchObject({ rowsRead: 100_000, bytesRead: statistics.bytesRead });
  });

  it("of nothing has no rows, of too much or of what fails in its middle is an error and not the part before", async () => {
    expect((await columns("SELECT number FROM numbers(0)")).rows).toBe(0);
    await expect(columns("SELECT number FROM numbers(2000001)")).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
    await expect(columns("SELECT throwIf(number = 99000) FROM numbers(100000)")).rejects.toThrow();
  });
});
