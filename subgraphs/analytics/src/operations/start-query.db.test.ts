import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { featuresOf, TIERS, tiersWith, type Tier } from "@tessera/contracts/features";
import type { TenantId } from "@tessera/contracts/ids";
import { openFeatures } from "@tessera/platform/features/features";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { jobRecord } from "../domain/job-record.ts";
import { mayReadNow } from "../jobs/may-read-now.ts";
import { createJobStore } from "../store/job-store.ts";
import { startQuery } from "./start-query.ts";

jest.setTimeout(60_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const OLAP = {
  range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
  measures: [{ function: "COUNT" }],
} as const;

const startIn = (tier: Tier, tenantId: TenantId) => {
  const { resources } = world;
  const features = openFeatures(
    (id) => Promise.resolve({ tenantId: id, tier, features: featuresOf(tier), limits: [] }),
    `start-query-${tier}`,
  );
  const jobs = createJobStore({ ...resources, recordOf: jobRecord });
  const dispatch = () => Promise.resolve();
  const { newId, logger } = resources;
  const input = { olap: OLAP, maxRows: 10 };
  return startQuery({ jobs, dispatch, newId, logger, features })(callerWith(tenantId, ["analytics:read"]), input);
};

describe("a long query", () => {
  test.each(TIERS)("is started by a tenant of the tier %s exactly when the tier includes them", async (tier) => {
    const tenantId = freshTenantId();
    await world.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
    const started = startIn(tier, tenantId);
    if (tiersWith("long-queries").includes(tier)) await expect(started).resolves.toMatchObject({ kind: "STARTED" });
    else
      await expect(started).rejects.toMatchObject({
        code: "FEATURE_NOT_IN_TIER",
        extras: { feature: "long-queries", tier, includedIn: "TEAM, BUSINESS, ENTERPRISE" },
      });
  });

  test("does not begin while the ledger says that the tenant's rows of the day are used up", async () => {
    const tenantId = freshTenantId();
    const knowing = (standing: "WITHIN" | "GRACE" | "BLOCKED") => ({
      of: () => ({
        quotas: [],
        limits: {
          ...{ tenantId, tier: "FREE", features: [] },
          limits: [{ metric: "ROWS_READ_PER_DAY", hard: 1, standing, levels: [] } as const],
        },
      }),
    });
    expect(await mayReadNow(knowing("WITHIN"))(tenantId)).toBe(true);
    expect(await mayReadNow(knowing("GRACE"))(tenantId)).toBe(true);
    expect(await mayReadNow(knowing("BLOCKED"))(tenantId)).toBe(false);
    expect(await mayReadNow({ of: () => ({ quotas: [], limits: null }) })(tenantId)).toBe(true);
  });
});
