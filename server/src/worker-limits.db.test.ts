import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createTenantSubgraph } from "@tessera/subgraph-tenant/subgraph";
import { openResources, type OpenResources } from "./open-resources.ts";
import { openBackground } from "./roles/worker-role.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const PEPPER = "a pepper for tests, long enough to be one";
const SET = "mutation ($input: SetLimitsInput!) { setLimits(input: $input) { tenantId } }";

let test: TestResources;
let opened: OpenResources;
beforeAll(() => {
  test = openTestResources();
  const { postgres, clickhouse } = testEngines();
  const access = (username: keyof typeof clickhouse.passwords) => ({
    url: clickhouse.url,
    username,
    password: clickhouse.passwords[username],
  });
  opened = openResources(
    {
      appUrl: postgres.appUrl,
      queue: { backend: "postgres", url: postgres.queueUrl },
      reader: access("tessera_reader"),
      writer: access("tessera_writer"),
      jobs: access("tessera_jobs"),
    },
    test.resources,
  );
  const ports = {
    ingest: { ingest: () => Promise.reject(new Error("Nothing is ingested here.")) },
    apiKeyPepper: PEPPER,
    auditSecrets: ["a secret of at least thirty-two characters"],
  } as const;
  openBackground(opened, ports, test.resources.logger);
});
afterAll(async () => {
  await opened.close();
  await test.close();
});

describe("a worker", () => {
  it("holds its queries to what the tenant may run at a time, and features to what its tier includes", async () => {
    const tenantId = freshTenantId();
    await test.owner.query("INSERT INTO tenant (id, name, slug, tier) VALUES ($1::uuid, 'Test', $1::text, 'TEAM')", [
      tenantId,
    ]);
    const room = createTenantSubgraph(test.resources, { apiKeyPepper: PEPPER });
    const operator = callerWith(tenantId, ["tenant:manage", "platform:tenants"]);
    const limits = [{ metric: "CONCURRENT_QUERIES", scope: "TENANT", hard: 1 }];
    const { errors } = await askSubgraph(room, operator, SET, { input: { limits } });
    expect(errors).toBeUndefined();
    const ask = (text: string, signal?: AbortSignal) =>
      opened.resources.eventStore.query(
        wholeTenant(tenantId),
        { name: "asked", text, params: {} },
        (row) => row,
        signal === undefined ? {} : { signal },
      );
    // One that would run on takes the one slot there is; without the tenant's limit the other would be answered beside it.
    const leaving = new AbortController();
    const slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1";
    const running = expect(ask(slow, leaving.signal)).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    await expect(ask("SELECT 1")).rejects.toMatchObject({
      code: "OVERLOADED",
      extras: { quota: "tenant-concurrency", limit: 1 },
    });
    leaving.abort();
    await running;
    await expect(ask("SELECT 1")).resolves.toMatchObject({ rows: [expect.anything()] });
    expect(await opened.features.isEnabled(tenantId, "long-queries")).toBe(true);
    expect(await opened.features.isEnabled(tenantId, "custom-roles")).toBe(false);
  });
});
