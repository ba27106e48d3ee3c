import { describe, expect, it } from "@jest/globals";
import type { ReadEffectiveLimits } from "@tessera/contracts/limits";
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
});
