import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { FEATURES, TIERS, tiersWith, type Feature } from "@tessera/contracts/features";
import { askSubgraph } from "@tessera/platform/testing/ask-subgraph";
import { openAdministrationRoom, type AdministrationRoom } from "./testing/administration-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(120_000);

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

const publicKey = JSON.stringify(generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }));

interface Use {
  readonly source: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const roleInput = { name: "readers", description: "Read.", permissions: ["tenant:read"] };
/** Where each feature of this room is used; long queries are used in the analytics room, whose own test holds them to it. */
const USES: Readonly<Record<Exclude<Feature, "long-queries" | "shared-indicators">, readonly Use[]>> = {
  "custom-roles": ["createRole", "updateRole"].map((name) => ({
    source: `mutation ($input: RoleInput!) { ${name}(input: $input) { __typename } }`,
    input: roleInput,
  })),
  "identity-providers": [
    {
      source: "mutation ($input: TrustIssuerInput!) { trustIssuer(input: $input) { __typename } }",
      input: { issuer: "https://id.example.com", roleClaim: "roles", roles: [{ value: "staff", role: "VIEWER" }] },
    },
  ],
  "signed-requests": [
    {
      source: "mutation ($input: RegisterRequestKeyInput!) { registerRequestKey(input: $input) { __typename } }",
      input: { credentialKind: "API_KEY", credentialId: "unknown", publicKey },
    },
  ],
};
const SET_TIER = "mutation ($input: SetTenantTierInput!) { setTenantTier(input: $input) { tier features } }";
const setTier = (tier: string) => room.ask(room.operator, SET_TIER, { input: { tenantId: room.tenantId, tier } });

describe.each(Object.entries(USES))("%s", (name, uses) => {
  const feature = FEATURES.find((one) => one === name);
  if (feature === undefined) throw new Error(`${name} is no feature.`);

  it.each(TIERS)(
    "is used by a tenant of the tier %s exactly when the tier includes it, from the change on",
    async (tier) => {
      await setTier(tier);
      for (const { source, input } of uses) {
        const { errors, data } = await askSubgraph(room.subgraph, room.manager, source, { input });
        if (tiersWith(feature).includes(tier)) {
          expect(errors).toBeUndefined();
          expect(data).not.toBeNull();
        } else
          expect(errors?.[0]?.extensions).toMatchObject({
            ...{ code: "FEATURE_NOT_IN_TIER", feature, tier },
            includedIn: tiersWith(feature).join(", "),
          });
      }
    },
  );

  it("goes on as it was set up when the tenant gets a smaller tier, and can't be set up any more", async () => {
    await setTier("ENTERPRISE");
    const [use] = uses;
    const input = use?.input ?? {};
    await room.ask(room.manager, use?.source ?? "", { input });
    await setTier("FREE");
    expect(await room.refusalOf(room.manager, use?.source ?? "", { input })).toBe("FEATURE_NOT_IN_TIER");
    if (name === "custom-roles")
      expect(await room.ask(room.manager, "{ roles { name } }")).toMatchObject({
        roles: expect.arrayContaining([{ name: "readers" }]),
      });
  });
});
