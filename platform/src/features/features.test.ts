import { describe, expect, it } from "@jest/globals";
import { featuresOf, type Tier } from "@tessera/contracts/features";
import type { ReadEffectiveLimits } from "@tessera/contracts/limits";
import { createQuotas, QUOTAS_USED_FOR_MS } from "../limits/quotas.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { openFeatures } from "./features.ts";

const [team, none] = [freshTenantId(), freshTenantId()];
const read: ReadEffectiveLimits = (tenantId) =>
  Promise.resolve(
    tenantId === team
      ? {
          tenantId,
          tier: "TEAM",
          features: ["long-queries"],
          limits: [
            { metric: "JOBS", hard: 4, standing: "WITHIN", levels: [] },
            { metric: "SUBSCRIPTIONS", hard: null, standing: "WITHIN", levels: [] },
          ],
        }
      : null,
  );

describe("features by OpenFeature", () => {
  it("a feature is on when the tenant's tier includes it, and off for everybody else", async () => {
    const features = openFeatures(read, "features-test");
    expect(await features.isEnabled(team, "long-queries")).toBe(true);
    expect(await features.isEnabled(team, "custom-roles")).toBe(false);
    expect(await features.isEnabled(none, "long-queries")).toBe(false);
  });

  it("an answer says why: the tier as its variant, or what is wrong with the question", async () => {
    const { client } = openFeatures(read, "features-test-details");
    const asked = { targetingKey: team };
    expect(await client.getBooleanDetails("long-queries", false, asked)).toMatchObject({
      ...{ value: true, variant: "TEAM", reason: "TARGETING_MATCH" },
    });
    expect(await client.getStringValue("tier", "NONE", asked)).toBe("TEAM");
    expect(await client.getNumberValue("limit.JOBS", 1, asked)).toBe(4);
    expect(await client.getNumberValue("limit.SUBSCRIPTIONS", 77, asked)).toBe(77);
    expect(await client.getNumberDetails("limit.NOTHING", 1, asked)).toMatchObject({
      value: 1,
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await client.getBooleanDetails("long-queries", false)).toMatchObject({ errorCode: "TARGETING_KEY_MISSING" });
    expect(await client.getObjectDetails("long-queries", {}, asked)).toMatchObject({ errorCode: "TYPE_MISMATCH" });
  });

  it("when nobody answers, nothing is switched on", async () => {
    const features = openFeatures(() => Promise.reject(new Error("away")), "features-test-away");
    expect(await features.isEnabled(team, "long-queries")).toBe(false);
  });

  it("whoever asks for a feature its tier lacks is told the feature and the tiers that have it", async () => {
    const features = openFeatures(read, "features-test-require");
    await expect(features.require(team, "long-queries")).resolves.toBeUndefined();
    await expect(features.require(team, "custom-roles")).rejects.toMatchObject({
      code: "FEATURE_NOT_IN_TIER",
      extras: { feature: "custom-roles", tier: "TEAM", includedIn: "BUSINESS, ENTERPRISE" },
    });
    await expect(features.require(none, "long-queries")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("a changed tier holds within five seconds where answers about limits are kept", async () => {
    const clock = { nowMs: 1_000_000 };
    let tier: Tier = "FREE";
    const quotas = createQuotas({
      read: (tenantId) => Promise.resolve({ tenantId, tier, features: featuresOf(tier), limits: [] }),
      nowMs: () => clock.nowMs,
      logger: createLogger("test", "silent"),
    });
    const subject = { kind: "SERVICE", id: "features" } as const;
    const features = openFeatures(
      async (tenantId) => (await quotas.of({ tenantId, subject })).limits,
      "features-test-kept",
    );
    expect(await features.isEnabled(team, "long-queries")).toBe(false);
    tier = "TEAM";
    clock.nowMs += QUOTAS_USED_FOR_MS;
    expect(await features.isEnabled(team, "long-queries")).toBe(true);
    tier = "FREE";
    clock.nowMs += QUOTAS_USED_FOR_MS;
    await expect(features.require(team, "long-queries")).rejects.toMatchObject({ code: "FEATURE_NOT_IN_TIER" });
  });
});
