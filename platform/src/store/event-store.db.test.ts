import { wholeTenant } from "./data-policy.ts";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { metered, newMeter, whenCounted } from "../executions/meter.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { MAX_QUERY_SECONDS } from "./event-store.ts";
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
});
