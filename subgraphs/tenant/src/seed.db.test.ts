import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { parseApiKey } from "@tessera/platform/auth/api-key";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { seedDemoTenant } from "./seed.ts";

// Each seed compiles an object mapper's first statements on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const apiKeyPepper = "a pepper for tests, long enough to be one";

let test: TestResources;

beforeAll(() => {
  test = openTestResources();
});
afterAll(() => test.close());

const keysOf = async (tenantId: string) => {
  const { rows } = await test.owner.query<{ id: string; revoked: boolean; permissions: string[] }>(
    "SELECT id, revoked_at IS NOT NULL AS revoked, permissions FROM api_key WHERE tenant_id = $1 ORDER BY created_at, id",
    [tenantId],
  );
  return rows;
};
const idOf = (apiKey: string) => parseApiKey(apiKey)?.keyId;

it("a second seed with the present key changes nothing", async () => {
  const tenantId = freshTenantId();
  const options = { apiKeyPepper, tenantId, slug: tenantId };
  const first = await seedDemoTenant(test.resources, options);
  expect(await keysOf(tenantId)).toEqual([
    { id: idOf(first.apiKey), revoked: false, permissions: TENANT_PERMISSIONS.toSorted() },
  ]);
  expect(await seedDemoTenant(test.resources, { ...options, presentApiKey: first.apiKey })).toEqual(first);
  expect(await keysOf(tenantId)).toHaveLength(1);
  const { rows } = await test.owner.query("SELECT email, roles FROM tenant_user WHERE tenant_id = $1", [tenantId]);
  expect(rows).toEqual([{ email: "owner@demo.example", roles: ["OWNER"] }]);
});

it("a lost, foreign, narrow or revoked key is replaced and keys of earlier seeds are ended", async () => {
  const [tenantId, other] = [freshTenantId(), freshTenantId()];
  const options = { apiKeyPepper, tenantId, slug: tenantId };
  const foreign = await seedDemoTenant(test.resources, { apiKeyPepper, tenantId: other, slug: other });
  const first = await seedDemoTenant(test.resources, options);
  const second = await seedDemoTenant(test.resources, { ...options, presentApiKey: foreign.apiKey });
  await test.owner.query("UPDATE api_key SET permissions = '{ml:read}' WHERE id = $1", [idOf(second.apiKey)]);
  const third = await seedDemoTenant(test.resources, { ...options, presentApiKey: second.apiKey });
  expect(new Set((await keysOf(tenantId)).filter(({ revoked }) => revoked).map(({ id }) => id))).toEqual(
    new Set([idOf(first.apiKey), idOf(second.apiKey)]),
  );
  expect((await keysOf(tenantId)).filter(({ revoked }) => !revoked).map(({ id }) => id)).toEqual([idOf(third.apiKey)]);
  expect((await keysOf(other)).map(({ revoked }) => revoked)).toEqual([false]);
});

it("a slug of another tenant is told, and nothing is made", async () => {
  const [tenantId, other] = [freshTenantId(), freshTenantId()];
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [other]);
  await expect(seedDemoTenant(test.resources, { apiKeyPepper, tenantId, slug: other })).rejects.toThrow(
    "another tenant",
  );
  expect(await keysOf(tenantId)).toEqual([]);
});
