import { wholeTenant } from "./data-policy.ts";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
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
