import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { createClient, type ClickHouseClient } from "@clickhouse/client";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { jobsLimits } from "../engines/clickhouse-users.ts";
import { eraseTenant } from "./erase-tenant.ts";

let client: ClickHouseClient;
beforeAll(() => {
  const { url, database, passwords } = testEngines().clickhouse;
  client = createClient({ url, database, username: "tessera_jobs", password: passwords.tessera_jobs });
});
afterAll(() => client.close());

it("looks at every table of the store, and takes few of a worker's queries at once", async () => {
  const asked: string[] = [];
  let [atOnce, most] = [0, 0];
  const ask = client.query.bind(client);
  const watched = jest.spyOn(client, "query").mockImplementation(async (params) => {
    asked.push(params.query);
    most = Math.max(most, (atOnce += 1));
    try {
      return await ask(params);
    } finally {
      atOnce -= 1;
    }
  });
  await eraseTenant(client, freshTenantId());
  watched.mockRestore();
  expect(asked.length).toBeGreaterThan(jobsLimits.maxConcurrentQueries / 2);
  expect(asked.join("\n")).toMatch(/FROM tessera\.events /);
  expect(most).toBeLessThanOrEqual(jobsLimits.maxConcurrentQueries / 8);
});
