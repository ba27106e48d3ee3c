import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { newApiKey, parseApiKey } from "@tessera/platform/auth/api-key";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createTenantSubgraph } from "./subgraph.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let test: TestResources;
let subgraph: Subgraph;
let nowMs: number;
let tenantId: TenantId;
let owner: Caller;

beforeAll(() => {
  test = openTestResources({ nowMs: () => nowMs });
  subgraph = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
});
beforeEach(async () => {
  nowMs = Date.parse("2026-11-20T12:00:00.000Z");
  tenantId = freshTenantId();
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
  owner = callerWith(tenantId, TENANT_PERMISSIONS);
});
afterAll(() => test.close());

const without = (...lacking: readonly Permission[]): Caller =>
  callerWith(
    tenantId,
    TENANT_PERMISSIONS.filter((permission) => !lacking.includes(permission)),
  );

const ask = async (source: string, variables: object = {}, caller = owner): Promise<unknown> => {
  const { data, errors } = await askSubgraph(subgraph, caller, source, { ...variables });
  if (errors !== undefined) return errors.map(({ extensions }) => extensions?.["code"]).join();
  const values = Object.values(data ?? {});
  return values[0];
};

const service: Caller = {
  ...callerWith(freshTenantId(), ["platform:authenticate"]),
  ...PLAIN_ACCESS,
  subject: { kind: "SERVICE", id: "gateway" },
};
const authenticate = (secret: string): Promise<unknown> => {
  const presented = parseApiKey(secret) ?? { keyId: "", credentialHash: "" };
  return ask(
    `query ($keyId: ID!, $credentialHash: String!) { authenticate(keyId: $keyId, credentialHash: $credentialHash) {
      permissions roles networks dataPolicy grantId expiresAt } }`,
    presented,
    service,
  );
};

const madeKey = z.object({ secret: z.string(), apiKey: z.object({ id: z.string() }) });
const makeKey = async (input: object = {}, caller = owner) =>
  madeKey.parse(
    await ask(
      `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { secret apiKey { id } } } }`,
      { input: { name: "key", permissions: ["ml:read"], ...input } },
      caller,
    ),
  );

const CREATE_ROLE = `mutation ($input: RoleInput!) { createRole(input: $input) { __typename
  ... on RoleSaved { role { name permissions builtIn } } ... on PermissionsNotHeld { permissions } } }`;
const UPDATE_ROLE = `mutation ($input: RoleInput!) { updateRole(input: $input) { __typename ... on PermissionsNotHeld { permissions } } }`;
const ASSIGN = `mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { __typename
  ... on RolesAssigned { roles permissions } ... on UnknownRoles { names } ... on PermissionsNotHeld { permissions } } }`;
const role = (name: string, ...permissions: readonly string[]) => ({ input: { name, permissions } });
const assign = (id: string, ...roles: readonly string[]) => ({ input: { subject: { kind: "API_KEY", id }, roles } });

describe("roles of a tenant's own", () => {
  it("count for a key from the next look at it: when given, changed and ended", async () => {
    const { secret, apiKey } = await makeKey();
    expect(await ask(CREATE_ROLE, role("support", "anomaly:read"))).toMatchObject({ __typename: "RoleSaved" });
    expect(await ask(ASSIGN, assign(apiKey.id, "support", "VIEWER"))).toMatchObject({
      __typename: "RolesAssigned",
      roles: ["VIEWER", "support"],
    });
    expect(await authenticate(secret)).toMatchObject({
      roles: ["VIEWER", "support"],
      permissions: ["analytics:read", "anomaly:read", "governance:read", "jobs:read", "ml:read"],
    });
    expect(await ask(ASSIGN, assign(apiKey.id, "support"))).toMatchObject({ permissions: ["anomaly:read", "ml:read"] });
    expect(await ask(UPDATE_ROLE, role("support", "jobs:read"))).toEqual({ __typename: "RoleSaved" });
    expect(await authenticate(secret)).toMatchObject({ permissions: ["jobs:read", "ml:read"] });
    expect(await ask(`mutation { deleteRole(name: "support") { deleted } }`)).toEqual({ deleted: true });
    expect(await authenticate(secret)).toMatchObject({ permissions: ["ml:read"], roles: [] });
    // A later role of the same name gives nobody anything.
    await ask(CREATE_ROLE, role("support", "anomaly:manage"));
    expect(await authenticate(secret)).toMatchObject({ permissions: ["ml:read"] });
  });

  it("hold nothing their author lacks, and are changed by nobody who lacks what they hold", async () => {
    const admin = without("analytics:personal-data", "operators:grant");
    const wide = role("wide", "analytics:personal-data", "ml:read");
    const notHeld = { __typename: "PermissionsNotHeld", permissions: ["analytics:personal-data"] };
    expect(await ask(CREATE_ROLE, wide, admin)).toEqual(notHeld);
    await ask(CREATE_ROLE, wide);
    expect(await ask(UPDATE_ROLE, role("wide", "ml:read"), admin)).toEqual(notHeld);
    expect(await ask(`mutation { deleteRole(name: "wide") { deleted } }`, {}, admin)).toBe("FORBIDDEN");
    const { apiKey } = await makeKey();
    expect(await ask(ASSIGN, assign(apiKey.id, "wide"), admin)).toEqual(notHeld);
    expect(await ask(ASSIGN, assign(apiKey.id, "OWNER"), admin)).toMatchObject({ __typename: "PermissionsNotHeld" });
    await ask(ASSIGN, assign(apiKey.id, "wide"));
    // Nor are those brought down who may do more.
    expect(await ask(ASSIGN, assign(apiKey.id), admin)).toEqual(notHeld);
  });

  it.each([
    ["platform permissions", CREATE_ROLE, role("x", "platform:tenants"), "BAD_INPUT"],
    ["the name of a built-in role", CREATE_ROLE, role("OWNER", "ml:read"), "BAD_INPUT"],
    ["no permission", CREATE_ROLE, role("x"), "BAD_INPUT"],
    ["a role that is not there", UPDATE_ROLE, role("x", "ml:read"), { __typename: "RoleNotFound" }],
    ["a holder that is not there", ASSIGN, assign("0".repeat(16), "VIEWER"), { __typename: "RoleHolderNotFound" }],
    ["a holder of no id", ASSIGN, assign("nobody", "VIEWER"), { __typename: "RoleHolderNotFound" }],
  ])("can't be: %s", async (_what, source, variables, expected) => {
    expect(await ask(source, variables)).toEqual(expected);
  });

  it("are of one tenant: another one's are unknown names, and its keys unknown holders", async () => {
    await ask(CREATE_ROLE, role("ours", "ml:read"));
    const { apiKey } = await makeKey();
    const other = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Other', $1::text)", [
      other.tenantId,
    ]);
    expect(await ask(ASSIGN, assign(apiKey.id, "VIEWER"), other)).toEqual({ __typename: "RoleHolderNotFound" });
    const theirs = await makeKey({}, other);
    expect(await ask(ASSIGN, assign(theirs.apiKey.id, "ours"), other)).toMatchObject({ names: ["ours"] });
    expect(await ask(`mutation { deleteRole(name: "ours") { deleted } }`, {}, other)).toEqual({ deleted: false });
    expect(JSON.stringify(await ask("{ roles { name } }", {}, other))).not.toContain("ours");
    expect(JSON.stringify(await ask("{ roles { name } }"))).toContain("ours");
  });
});

describe("a rotated key", () => {
  const ROTATE = `mutation ($id: ID!, $until: DateTime) { rotateApiKey(id: $id, oldSecretUntil: $until) { __typename
    ... on ApiKeyRotated { secret apiKey { id oldSecretUntil rotatedAt } } ... on PermissionsNotHeld { permissions } } }`;
  const rotated = z.object({ secret: z.string() });
  const at = (ms: number) => new Date(ms).toISOString();

  it("has two secrets until the stated time, then the new one alone; a further rotation ends the oldest at once", async () => {
    const { secret, apiKey } = await makeKey();
    const until = nowMs + HOUR_MS;
    const answer = await ask(ROTATE, { id: apiKey.id, until: at(until) });
    expect(answer).toMatchObject({ apiKey: { id: apiKey.id, oldSecretUntil: at(until), rotatedAt: at(nowMs) } });
    const second = rotated.parse(answer).secret;
    expect(await authenticate(secret)).toMatchObject({ permissions: ["ml:read"], expiresAt: at(until) });
    expect(await authenticate(second)).toMatchObject({ permissions: ["ml:read"], expiresAt: null });
    nowMs = until;
    expect(await authenticate(secret)).toBeNull();
    expect(await authenticate(second)).not.toBeNull();
    const third = rotated.parse(await ask(ROTATE, { id: apiKey.id })).secret;
    expect(await authenticate(secret)).toBeNull();
    expect(await authenticate(second)).toMatchObject({ expiresAt: at(nowMs + DAY_MS) });
    expect(await authenticate(third)).not.toBeNull();
    await ask("mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }", { id: apiKey.id });
    for (const each of [second, third]) expect(await authenticate(each)).toBeNull();
    expect(await ask(ROTATE, { id: apiKey.id })).toEqual({ __typename: "ApiKeyNotFound" });
  });

  it("is given a new secret by nobody who may do less than the key", async () => {
    const { apiKey } = await makeKey({ permissions: ["analytics:personal-data"] });
    const notHeld = { __typename: "PermissionsNotHeld", permissions: ["analytics:personal-data"] };
    expect(await ask(ROTATE, { id: apiKey.id }, without("analytics:personal-data"))).toEqual(notHeld);
  });

  it.each([
    ["in the past", -1],
    ["more than 30 days away", 30 * DAY_MS + 1],
  ])("keeps its old secret for no time %s", async (_what, offset) => {
    const { apiKey } = await makeKey();
    expect(await ask(ROTATE, { id: apiKey.id, until: at(nowMs + offset) })).toBe("BAD_INPUT");
  });

  it("keeps what it was as a hash that the application can't read", async () => {
    await expect(test.resources.pool.query("SELECT previous_key_hash FROM api_key")).rejects.toThrow(
      "permission denied",
    );
  });
});

describe("the networks of a key", () => {
  const SET = `mutation ($id: ID!, $networks: [String!]) { setApiKeyNetworks(id: $id, networks: $networks) { __typename
    ... on ApiKeyNetworksSet { apiKey { networks } } } }`;

  it("are told to the edge, changed and taken away", async () => {
    const { secret, apiKey } = await makeKey({ networks: ["203.0.113.0/24", "2001:DB8::1"] });
    expect(await authenticate(secret)).toMatchObject({ networks: ["203.0.113.0/24", "2001:db8::1/128"] });
    const one = { id: apiKey.id, networks: ["198.51.100.7"] };
    expect(await ask(SET, one)).toMatchObject({ apiKey: { networks: ["198.51.100.7/32"] } });
    expect(await authenticate(secret)).toMatchObject({ networks: ["198.51.100.7/32"] });
    expect(await ask(SET, { id: apiKey.id })).toMatchObject({ apiKey: { networks: null } });
    expect(await authenticate(secret)).toMatchObject({ networks: null });
    expect(await ask(SET, { id: apiKey.id, networks: ["here"] })).toBe("BAD_INPUT");
    expect(await ask(SET, { id: apiKey.id, networks: [] })).toBe("BAD_INPUT");
  });

  it("bind what a bound caller makes, and are widened by no bound caller", async () => {
    const bound = { ...owner, networks: ["203.0.113.0/24"] };
    const { secret } = await makeKey({}, bound);
    expect(await authenticate(secret)).toMatchObject({ networks: ["203.0.113.0/24"] });
    const { apiKey } = await makeKey();
    expect(await ask(SET, { id: apiKey.id, networks: ["0.0.0.0/0"] }, bound)).toBe("BAD_INPUT");
  });
});

const SAVE = `mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename
  ... on DataPolicySaved { policy { name everyone roles subjects { kind id } rowFilters { column operator values } masks { column mask value } } } } }`;
const inGermany = [{ column: "COUNTRY", operator: "IN", values: ["DE"] }];
const hashed = [{ column: "USER_ID", mask: "HASH" }];

describe("data policies", () => {
  const policyOf = async (secret: string): Promise<unknown> => {
    const { dataPolicy } = z.object({ dataPolicy: z.string().nullable() }).parse(await authenticate(secret));
    return dataPolicy === null ? null : JSON.parse(dataPolicy);
  };

  it("apply to everyone, to who has a role, and to single subjects; all that apply take away together", async () => {
    const { secret, apiKey } = await makeKey();
    expect(await policyOf(secret)).toBeNull();
    const subjects = [{ kind: "API_KEY", id: apiKey.id }];
    await ask(SAVE, { input: { name: "germany", subjects, rowFilters: inGermany } });
    expect(await policyOf(secret)).toMatchObject({ allow: { country: ["DE"] }, masks: {} });
    await ask(SAVE, { input: { name: "viewers", roles: ["VIEWER"], masks: hashed } });
    expect(await policyOf(secret)).toMatchObject({ masks: {} });
    await ask(ASSIGN, assign(apiKey.id, "VIEWER"));
    expect(await policyOf(secret)).toMatchObject({ allow: { country: ["DE"] }, masks: { user_id: { kind: "HASH" } } });
    const dach = [{ column: "COUNTRY", operator: "IN", values: ["DE", "AT"] }];
    await ask(SAVE, {
      input: { name: "all", everyone: true, rowFilters: dach, masks: [{ column: "USER_ID", mask: "NULL" }] },
    });
    expect(await policyOf(secret)).toMatchObject({ allow: { country: ["DE"] }, masks: { user_id: { kind: "NULL" } } });
    await ask(`mutation { deleteDataPolicy(name: "germany") { deleted } }`);
    expect(await policyOf(secret)).toMatchObject({ allow: { country: ["AT", "DE"] } });
  });

  it("are told to whom they apply, by name and by what they take away, in whoAmI and in explainAccess", async () => {
    const { apiKey } = await makeKey();
    const subjects = [{ kind: "API_KEY", id: apiKey.id }];
    await ask(SAVE, { input: { name: "germany", subjects, rowFilters: inGermany, masks: hashed } });
    const caller: Caller = {
      ...callerWith(tenantId, ["analytics:read"]),
      subject: { kind: "API_KEY", id: apiKey.id },
      roles: ["VIEWER"],
      dataPolicy: {
        ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
        ...{ masks: { user_id: { kind: "HASH" } }, salt: "0".repeat(32) },
      },
    };
    const told = {
      policies: ["germany"],
      rowFilters: inGermany,
      masks: [{ column: "USER_ID", mask: "HASH", value: null }],
    };
    const fields = "policies rowFilters { column operator values } masks { column mask value }";
    expect(await ask(`{ whoAmI { roles ${fields} } }`, {}, caller)).toEqual({ roles: ["VIEWER"], ...told });
    const explain = (field: string) =>
      ask(
        `query ($field: String!) { explainAccess(field: $field) { allowed permission reason grantedBy { kind name } rolesThatPermit ${fields} } }`,
        { field },
        caller,
      );
    expect(await explain("Query.olap")).toMatchObject({
      allowed: true,
      permission: "analytics:read",
      grantedBy: [{ kind: "ROLE", name: "VIEWER" }],
      ...told,
    });
    expect(await explain("Mutation.createRole")).toMatchObject({
      allowed: false,
      permission: "access:manage",
      grantedBy: [],
      rolesThatPermit: ["OWNER", "ADMIN"],
    });
    expect(await explain("Query.anomalies")).toMatchObject({ allowed: false, permission: "anomaly:read" });
    expect(await explain("Query.whoAmI")).toMatchObject({ allowed: true, permission: null });
    expect(await explain("Query.nothing")).toBe("BAD_INPUT");
  });

  it("are no way around themselves: who is under one decides about nobody's access", async () => {
    const { apiKey } = await makeKey();
    const under: Caller = {
      ...owner,
      dataPolicy: {
        ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: false, masks: {} },
        salt: "0".repeat(32),
      },
    };
    const attempts: readonly (readonly [string, object])[] = [
      [SAVE, { input: { name: "x", masks: hashed } }],
      [`mutation { deleteDataPolicy(name: "x") { deleted } }`, {}],
      [CREATE_ROLE, role("x", "ml:read")],
      [ASSIGN, assign(apiKey.id, "VIEWER")],
      [`mutation ($id: ID!) { rotateApiKey(id: $id) { __typename } }`, { id: apiKey.id }],
      [`mutation { createApiKey(input: { name: "x", permissions: ["ml:read"] }) { __typename } }`, {}],
      [
        `mutation { createUser(input: { email: "${randomUUID()}@x.example", name: "x", roles: [VIEWER] }) { __typename } }`,
        {},
      ],
    ];
    for (const [source, variables] of attempts) expect(await ask(source, variables, under)).toBe("FORBIDDEN");
  });

  it.each([
    ["nothing", { name: "x" }],
    ["a filter on what can't be filtered", { rowFilters: [{ column: "URL", operator: "IN", values: ["/"] }] }],
    ["a range of texts", { rowFilters: [{ column: "COUNTRY", operator: "AT_LEAST", values: ["A"] }] }],
    ["no values", { rowFilters: [{ column: "COUNTRY", operator: "IN", values: [] }] }],
    ["two bounds in one", { rowFilters: [{ column: "REVENUE", operator: "AT_LEAST", values: ["1", "2"] }] }],
    ["an amount that is none", { rowFilters: [{ column: "REVENUE", operator: "AT_LEAST", values: ["1e3"] }] }],
    ["a time that is none", { rowFilters: [{ column: "TIME", operator: "LESS_THAN", values: ["yesterday"] }] }],
    ["neither true nor false", { rowFilters: [{ column: "SYNTHETIC", operator: "IS", values: ["maybe"] }] }],
    ["a mask of what can't be masked", { masks: [{ column: "NAME", mask: "NULL" }] }],
    ["a hash of an amount", { masks: [{ column: "REVENUE", mask: "HASH" }] }],
    ["a constant without a text", { masks: [{ column: "CITY", mask: "CONSTANT" }] }],
    ["two masks of one column", { masks: [...hashed, ...hashed] }],
    [
      "more values than a query can carry",
      {
        rowFilters: ["COUNTRY", "CITY", "REGION"].map((column) => ({
          ...{ column, operator: "NOT_IN" },
          values: Array.from({ length: 100 }, (_, index) => `${"x".repeat(40)}${index}`),
        })),
      },
    ],
  ])("can't be: %s", async (_what, input) => {
    expect(await ask(SAVE, { input: { name: "x", everyone: true, ...input } })).toBe("BAD_INPUT");
  });
});

it("unknown keys cost the same steps whether or not keys can be rotated", async () => {
  expect(await authenticate(newApiKey(randomBytes).secret)).toBeNull();
});
