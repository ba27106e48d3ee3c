import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { randomBytes, randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import { inTenantScope } from "@tessera/platform/auth/tenant-scope";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { newApiKey } from "@tessera/platform/auth/api-key";
import { createTenantSubgraph } from "./subgraph.ts";

// Many operations wait for few processors; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const apiKeyPepper = "a pepper for tests, long enough to be one";
const TABLES = ["tenant", "tenant_user", "api_key"] as const;
const MANAGER = ["tenant:read", "tenant:manage"] as const;

let test: TestResources;
let subgraph: Subgraph;

beforeAll(() => {
  test = openTestResources();
  subgraph = createTenantSubgraph(test.resources, { apiKeyPepper });
});
afterAll(() => test.close());

/** A tenant with one user and one API key, put there by the owner of the tables. */
const seeded = async (): Promise<{ tenantId: TenantId; userId: string; keyId: string }> => {
  const [tenantId, userId, { keyId }] = [freshTenantId(), randomUUID(), newApiKey(randomBytes)];
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Demo', $1::text)", [tenantId]);
  await test.owner.query(
    "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, 'owner@demo.example', 'Owner', '{OWNER}')",
    [userId, tenantId],
  );
  await test.owner.query(
    `INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id)
     VALUES ($1, $2, 'x', sha256('x'), '{tenant:read}', 'SERVICE', 'test')`,
    [keyId, tenantId],
  );
  return { tenantId, userId, keyId };
};

const refusedWith = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "accepted",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describe("the application's database role", () => {
  it("is no superuser, bypasses no policy and owns no table", async () => {
    const { rows } = await test.resources.pool.query(
      `SELECT rolsuper, rolbypassrls, (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS owned
       FROM pg_roles r WHERE rolname = current_user`,
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, owned: 0 }]);
  });

  it.each(TABLES)("sees no row of %s outside a tenant's scope, and only the tenant's own inside", async (table) => {
    const [first, second] = [await seeded(), await seeded()];
    const column = table === "tenant" ? "id" : "tenant_id";
    const seen = async (): Promise<unknown[]> =>
      (await test.resources.pool.query<{ tenant: string }>(`SELECT DISTINCT ${column} AS tenant FROM ${table}`)).rows;
    expect(await seen()).toEqual([]);
    expect(await inTenantScope(first.tenantId, seen)).toEqual([{ tenant: first.tenantId }]);
    expect(await inTenantScope(second.tenantId, seen)).toEqual([{ tenant: second.tenantId }]);
  });

  it("may not read what is kept of a key's secret, in any scope", async () => {
    const { tenantId } = await seeded();
    const read = () => test.resources.pool.query("SELECT key_hash FROM api_key");
    expect(await refusedWith(inTenantScope(tenantId, read))).toBe("42501");
  });

  it.each([
    ["tenant", "INSERT INTO tenant (id, name, slug) VALUES ($1, 'x', gen_random_uuid()::text)"],
    [
      "tenant_user",
      "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES (gen_random_uuid(), $1, 'a@b', 'x', '{OWNER}')",
    ],
    [
      "api_key",
      `INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id)
       VALUES (substr(md5(random()::text), 1, 16), $1, 'x', sha256('x'), '{tenant:read}', 'SERVICE', 'x')`,
    ],
  ])("may not insert a row of %s for another tenant", async (table, insert) => {
    const [own, other] = [await seeded(), await seeded()];
    const free = freshTenantId();
    const into = (tenantId: TenantId) => () => test.resources.pool.query(insert, [tenantId]);
    expect(await refusedWith(inTenantScope(own.tenantId, into(other.tenantId)))).toBe("42501");
    expect(await refusedWith(into(own.tenantId)())).toBe("42501");
    const allowed = table === "tenant" ? free : own.tenantId;
    expect(await refusedWith(inTenantScope(allowed, into(allowed)))).toBe("accepted");
  });

  it.each([
    "UPDATE tenant SET name = 'taken over' WHERE id = $1",
    "UPDATE api_key SET revoked_at = now() WHERE tenant_id = $1",
  ])("changes nothing of another tenant: %s", async (update) => {
    const [own, other] = [await seeded(), await seeded()];
    const change = () => test.resources.pool.query(update, [other.tenantId]);
    expect((await inTenantScope(own.tenantId, change)).rowCount).toBe(0);
    expect((await inTenantScope(other.tenantId, change)).rowCount).toBe(1);
  });

  it.each([
    "DELETE FROM tenant",
    "DELETE FROM tenant_user",
    "DELETE FROM api_key",
    "UPDATE tenant SET state = 'ACTIVE'",
  ])("may not %s", async (statement) => {
    const { tenantId } = await seeded();
    expect(await refusedWith(inTenantScope(tenantId, () => test.resources.pool.query(statement)))).toBe("42501");
  });
});

describe("another tenant's ids look unknown", () => {
  const USER = "query ($id: ID!) { user(id: $id) { email } }";
  const ENTITY =
    "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Tenant { name } ... on User { email } } }";
  const REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename ... on ApiKeyNotFound { id } } }";

  it("as user(id), as a user and as a tenant of the federation, as a key to revoke", async () => {
    const [own, other] = [await seeded(), await seeded()];
    const caller = callerWith(own.tenantId, MANAGER);
    for (const userId of [other.userId, randomUUID(), "no id"]) {
      expect(await askSubgraph(subgraph, caller, USER, { id: userId })).toEqual({ data: { user: null } });
      const of = [{ __typename: "User", id: userId }];
      expect(await askSubgraph(subgraph, caller, ENTITY, { of })).toEqual({ data: { _entities: [null] } });
    }
    for (const tenantId of [other.tenantId, randomUUID(), "no id"]) {
      const of = [{ __typename: "Tenant", id: tenantId }];
      expect(await askSubgraph(subgraph, caller, ENTITY, { of })).toEqual({ data: { _entities: [null] } });
    }
    for (const id of [other.keyId, "0000000000000000", "no id"])
      expect(await askSubgraph(subgraph, caller, REVOKE, { id })).toEqual({
        data: { revokeApiKey: { __typename: "ApiKeyNotFound", id } },
      });
    const { rows } = await test.owner.query("SELECT revoked_at FROM api_key WHERE id = $1", [other.keyId]);
    expect(rows).toEqual([{ revoked_at: null }]);
  });

  it("its own are known", async () => {
    const own = await seeded();
    const caller = callerWith(own.tenantId, MANAGER);
    const of = [
      { __typename: "Tenant", id: own.tenantId },
      { __typename: "User", id: own.userId },
    ];
    expect(await askSubgraph(subgraph, caller, ENTITY, { of })).toEqual({
      data: { _entities: [{ name: "Demo" }, { email: "owner@demo.example" }] },
    });
  });
});

it("2,000 concurrent queries of 50 tenants never mix", async () => {
  const tenants = await Promise.all(Array.from({ length: 50 }, seeded));
  // Waiting in line for a connection is what this test is about, so the line may take as long as the test.
  const pool = new TenantPool(testEngines().postgres.appUrl, { connectionTimeoutMillis: 60_000 });
  const room = createTenantSubgraph({ ...test.resources, pool }, { apiKeyPepper });
  const ASK = `query ($user: ID!) {
    tenant { id users(first: 5) { nodes { id } } apiKeys(first: 5) { nodes { id } } }
    user(id: $user) { id }
  }`;
  try {
    // Four statements each: the tenant, its users, its keys, one user.
    const work = Array.from({ length: 500 }, async (_, index) => {
      const own = tenants[index % tenants.length];
      if (own === undefined) throw new Error("There are 50 tenants.");
      const answer = await askSubgraph(room, callerWith(own.tenantId, MANAGER), ASK, { user: own.userId });
      expect(answer.errors).toBeUndefined();
      const lists = { users: { nodes: [{ id: own.userId }] }, apiKeys: { nodes: [{ id: own.keyId }] } };
      expect(answer.data).toEqual({ tenant: { id: own.tenantId, ...lists }, user: { id: own.userId } });
    });
    expect(await Promise.all(work)).toHaveLength(500);
  } finally {
    await pool.end();
  }
});
