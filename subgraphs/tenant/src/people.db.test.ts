import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { MAX_USERS } from "./operations/create-user.ts";
import { createTenantSubgraph } from "./subgraph.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const apiKeyPepper = "a pepper for tests, long enough to be one";

let test: TestResources;
let subgraph: Subgraph;
let tenantId: TenantId;
let manager: Caller;

beforeAll(() => {
  test = openTestResources();
  subgraph = createTenantSubgraph(test.resources, { apiKeyPepper });
});
beforeEach(async () => {
  tenantId = freshTenantId();
  manager = callerWith(tenantId, TENANT_PERMISSIONS);
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
});
afterAll(() => test.close());

const CREATE = `mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename
  ... on UserCreated { user { id email name roles permissions tenant { id } } } ... on EmailTaken { user { id name } }
  ... on PermissionsNotHeld { permissions } ... on UserLimitReached { limit } } }`;

const create = (input: object, caller = manager) =>
  askSubgraph(subgraph, caller, CREATE, {
    input: { email: "ada@example.org", name: "Ada", roles: ["VIEWER"], ...input },
  });

describe("users", () => {
  it("are added with roles that amount to permissions, and read back by id and in the list", async () => {
    const { data } = await create({ email: " Ada@Example.ORG ", name: " Ada ", roles: ["VIEWER", "VIEWER"] });
    const user = {
      email: "ada@example.org",
      name: "Ada",
      roles: ["VIEWER"],
      permissions: ["analytics:read", "anomaly:read", "dashboards:comment", "governance:read", "jobs:read", "ml:read"],
      tenant: { id: tenantId },
    };
    expect(data).toMatchObject({ createUser: { __typename: "UserCreated", user } });
    const { id } = z.object({ createUser: z.object({ user: z.object({ id: z.string() }) }) }).parse(data)
      .createUser.user;
    const read = await askSubgraph(
      subgraph,
      manager,
      "query ($id: ID!) { user(id: $id) { id email } users { nodes { id } } }",
      { id },
    );
    expect(read).toEqual({ data: { user: { id, email: "ada@example.org" }, users: { nodes: [{ id }] } } });
  });

  it("one address is one user, in whatever case and however many ask at the same time", async () => {
    const answers = await Promise.all(
      ["ada@example.org", "ADA@example.org", "Ada@Example.Org", "ada@EXAMPLE.org"].map((email) => create({ email })),
    );
    const kinds = answers.map(({ data }) =>
      z.object({ createUser: z.looseObject({ __typename: z.string() }) }).parse(data),
    );
    expect(kinds.map(({ createUser }) => createUser.__typename).toSorted()).toEqual([
      "EmailTaken",
      "EmailTaken",
      "EmailTaken",
      "UserCreated",
    ]);
  });

  it("a caller gives no role that amounts to more than it holds itself", async () => {
    const limited = callerWith(tenantId, ["tenant:manage", "tenant:read", "analytics:read"]);
    expect(await create({ roles: ["VIEWER"] }, limited)).toEqual({
      data: {
        createUser: {
          __typename: "PermissionsNotHeld",
          permissions: ["anomaly:read", "dashboards:comment", "governance:read", "jobs:read", "ml:read"],
        },
      },
    });
  });

  it.each([
    ["input.email", { email: "nobody" }],
    ["input.email", { email: "a b@c" }],
    ["input.email", { email: `${"x".repeat(250)}@b.cd` }],
    ["input.name", { name: "" }],
    ["input.roles", { roles: [] }],
  ])("%s %j is refused with BAD_INPUT", async (field, wrong) => {
    expect((await create(wrong)).errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
  });

  it("a tenant has a bounded number of users", async () => {
    await test.owner.query(
      `INSERT INTO tenant_user (id, tenant_id, email, name, roles)
       SELECT gen_random_uuid(), $1, n || '@example.org', 'x', '{VIEWER}' FROM generate_series(1, $2) AS n`,
      [tenantId, MAX_USERS],
    );
    expect(await create({})).toEqual({ data: { createUser: { __typename: "UserLimitReached", limit: MAX_USERS } } });
  });

  it("50 users of the federation with their tenant cost two statements", async () => {
    const { rows } = await test.owner.query<{ id: string }>(
      `INSERT INTO tenant_user (id, tenant_id, email, name, roles)
       SELECT gen_random_uuid(), $1, n || '@example.org', 'x', '{VIEWER}' FROM generate_series(1, 50) AS n RETURNING id`,
      [tenantId],
    );
    const pool = new TenantPool(testEngines().postgres.appUrl);
    const statements = jest.spyOn(pool, "query");
    const served = createTenantSubgraph({ ...test.resources, pool }, { apiKeyPepper });
    const of = rows.map(({ id }) => ({ __typename: "User", id }));
    const ASK = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { id tenant { id name } } } }";
    const { data } = await askSubgraph(served, manager, ASK, { of });
    expect(data).toEqual({ _entities: rows.map(({ id }) => ({ id, tenant: { id: tenantId, name: "Test" } })) });
    expect(statements).toHaveBeenCalledTimes(2);
    await pool.end();
  });
});

describe("the tenant", () => {
  const TENANT = "tenant { id name slug state createdAt }";

  it("is the caller's own, the same by tenant and by whoAmI, which tells who is calling", async () => {
    const caller = {
      ...callerWith(tenantId, ["ml:read", "anomaly:read"]),
      expiresAtMs: Date.parse("2026-11-21T00:00:00Z"),
    };
    const ASK = `{ ${TENANT} whoAmI { ${TENANT} subject { kind id } permissions expiresAt } }`;
    const { data, errors } = await askSubgraph(subgraph, caller, ASK);
    expect(errors).toBeUndefined();
    const told = z.object({ tenant: z.looseObject({ createdAt: z.string() }), whoAmI: z.unknown() }).parse(data);
    expect(told.tenant).toMatchObject({ id: tenantId, name: "Test", slug: tenantId, state: "ACTIVE" });
    expect(told.whoAmI).toEqual({
      tenant: told.tenant,
      subject: { kind: "API_KEY", id: "0000000000000000" },
      permissions: ["anomaly:read", "ml:read"],
      expiresAt: "2026-11-21T00:00:00.000Z",
    });
  });

  it("is renamed; slug and id stay", async () => {
    const RENAME = `mutation { renameTenant(input: { name: "  Analytical Engines  " }) { id name slug } }`;
    const renamed = { id: tenantId, name: "Analytical Engines", slug: tenantId };
    expect(await askSubgraph(subgraph, manager, RENAME)).toEqual({ data: { renameTenant: renamed } });
    expect(await askSubgraph(subgraph, manager, "{ tenant { id name slug } }")).toEqual({ data: { tenant: renamed } });
  });

  it("that does not exist is NOT_FOUND for everything that needs one", async () => {
    const nobody = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    for (const ask of [
      "{ tenant { id } }",
      "{ whoAmI { tenant { id } } }",
      `mutation { renameTenant(input: { name: "x" }) { id } }`,
      `mutation { createUser(input: { email: "a@b.example", name: "x", roles: [VIEWER] }) { __typename } }`,
      `mutation { createApiKey(input: { name: "x", permissions: ["ml:read"] }) { __typename } }`,
    ])
      expect((await askSubgraph(subgraph, nobody, ask)).errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  it("can't be reached while the database is down, and says so", async () => {
    const pool = new TenantPool("postgresql://tessera_app:x@127.0.0.1:1/tessera");
    const cut = createTenantSubgraph({ ...test.resources, pool }, { apiKeyPepper });
    const { errors } = await askSubgraph(cut, manager, "{ tenant { id } }");
    expect(errors).toMatchObject([{ extensions: { code: "DEPENDENCY_UNAVAILABLE" } }]);
    await pool.end();
  });
});
