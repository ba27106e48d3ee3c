import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";
import { wholeTenant } from "./data-policy.ts";
import { createFairEventStore } from "./fair-event-store.ts";

describe("a query of a tenant", () => {
  let test: TestResources;
  beforeAll(() => {
    test = openTestResources();
  });
  afterAll(() => test.close());

  it("takes as much memory as the tenant's limits give one query, and is refused as too costly beyond", async () => {
    const fair = createFairEventStore(test.resources.eventStore);
    const [small, large] = [wholeTenant(freshTenantId()), wholeTenant(freshTenantId())];
    fair.holdTo((tenantId) => ({
      ...{ slots: 1, weight: 1 },
      memoryBytes: tenantId === small.tenantId ? 8 * 1_048_576 : 512 * 1_048_576,
    }));
    const text = "SELECT length(groupArray(number)) AS n FROM numbers(4000000) SETTINGS max_threads = 1";
    const ask = (reader: typeof small) => fair.query(reader, { name: "memory", text, params: {} }, (row) => row);
    await expect(ask(small)).rejects.toMatchObject({ code: "QUERY_TOO_COSTLY" });
    expect((await ask(large)).rows).toHaveLength(1);
  });
});
