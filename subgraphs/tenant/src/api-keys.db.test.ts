import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { newApiKey, parseApiKey } from "@tessera/platform/auth/api-key";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { MAX_WORKING_API_KEYS } from "./operations/create-api-key.ts";
import { createTenantSubgraph } from "./subgraph.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const apiKeyPepper = "a pepper for tests, long enough to be one";
const HOUR_MS = 3_600_000;

let test: TestResources;
let subgraph: Subgraph;
let nowMs: number;
let tenantId: TenantId;
let manager: Caller;

const putTenant = (id: TenantId) =>
  test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [id]);

beforeAll(() => {
  test = openTestResources({ nowMs: () => nowMs });
  subgraph = createTenantSubgraph(test.resources, { apiKeyPepper });
});
beforeEach(async () => {
  nowMs = Date.parse("2026-11-20T12:00:00.000Z");
  tenantId = freshTenantId();
  await putTenant(tenantId);
  manager = callerWith(tenantId, TENANT_PERMISSIONS);
});
afterAll(() => test.close());

const service: Caller = {
  tenantId: parseTenantId("00000000-0000-0000-0000-000000000000") ?? freshTenantId(),
  subject: { kind: "SERVICE", id: "gateway" },
  permissions: new Set(["platform:authenticate"]),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
};

const KEY = "id name prefix permissions createdAt createdBy { kind id } expiresAt lastUsedAt revokedAt state";
const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
  ... on ApiKeyCreated { secret apiKey { ${KEY} } } ... on ApiKeyAlreadyCreated { apiKey { ${KEY} } }
  ... on PermissionsNotHeld { permissions } ... on ApiKeyLimitReached { limit } } }`;
const REVOKE = `mutation ($id: ID!) { revokeApiKey(id: $id) { __typename ... on ApiKeyRevoked { apiKey { ${KEY} } } } }`;
const LIST = `query ($first: Int!, $after: Cursor) { apiKeys(first: $first, after: $after) {
  nodes { ${KEY} } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
const AUTHENTICATE = `query Authenticate($keyId: ID!, $credentialHash: String!) {
  authenticate(keyId: $keyId, credentialHash: $credentialHash) { tenantId subject { kind id } permissions expiresAt } }`;

const created = z.object({
  createApiKey: z.object({ secret: z.string(), apiKey: z.looseObject({ id: z.string() }) }),
});

const createKey = async (input: object, caller = manager) => {
  const answer = await askSubgraph(subgraph, caller, CREATE, {
    input: { name: "importer", permissions: ["analytics:ingest", "analytics:read"], ...input },
  });
  return created.parse(answer.data).createApiKey;
};

const presentedOf = (secret: string) => {
  const presented = parseApiKey(secret);
  if (presented === null) throw new Error("The key does not read back.");
  return presented;
};

const authenticate = async (presented: object): Promise<unknown> => {
  const answer = await askSubgraph(subgraph, service, AUTHENTICATE, { ...presented });
  expect(answer.errors).toBeUndefined();
  return answer.data?.["authenticate"];
};

const lastUsedAt = async (id: string): Promise<unknown> =>
  (await test.owner.query<{ last_used_at: Date | null }>("SELECT last_used_at FROM api_key WHERE id = $1", [id]))
    .rows[0]?.last_used_at;

/** Waits for what happens beside the request, up to ten seconds. */
const eventually = async (look: () => Promise<unknown>, expected: unknown): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (JSON.stringify(await look()) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await look()).toEqual(expected);
};

describe("the life of an API key", () => {
  it("made, listed without its secret, used, revoked, refused", async () => {
    const { secret, apiKey } = await createKey({ name: "  importer  " });
    const listed = {
      id: presentedOf(secret).keyId,
      name: "importer",
      prefix: secret.slice(0, 25),
      state: "ACTIVE",
      permissions: ["analytics:ingest", "analytics:read"],
      createdAt: "2026-11-20T12:00:00.000Z",
      createdBy: { kind: "API_KEY", id: "0000000000000000" },
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
    };
    expect(apiKey).toEqual(listed);
    const list = await askSubgraph(subgraph, manager, LIST, { first: 10 });
    expect(JSON.stringify(list)).not.toContain(secret.slice(26));
    expect(list.data).toMatchObject({ apiKeys: { nodes: expect.arrayContaining([listed]) } });

    const caller = {
      tenantId,
      subject: { kind: "API_KEY", id: apiKey.id },
      expiresAt: null,
      permissions: ["analytics:ingest", "analytics:read"],
    };
    expect(await authenticate(presentedOf(secret))).toEqual(caller);

    nowMs += HOUR_MS;
    const revoked = {
      ...listed,
      lastUsedAt: "2026-11-20T12:00:00.000Z",
      revokedAt: "2026-11-20T13:00:00.000Z",
      state: "REVOKED",
    };
    await eventually(() => lastUsedAt(apiKey.id), new Date("2026-11-20T12:00:00.000Z"));
    const answer = { data: { revokeApiKey: { __typename: "ApiKeyRevoked", apiKey: revoked } } };
    expect(await askSubgraph(subgraph, manager, REVOKE, { id: apiKey.id })).toEqual(answer);
    nowMs += HOUR_MS;
    expect(await askSubgraph(subgraph, manager, REVOKE, { id: apiKey.id })).toEqual(answer);
    expect(await authenticate(presentedOf(secret))).toBeNull();
  });

  it("an expired key is refused from the very millisecond", async () => {
    const { secret } = await createKey({ expiresAt: "2026-11-20T13:00:00.000Z" });
    nowMs += HOUR_MS - 1;
    expect(await authenticate(presentedOf(secret))).toMatchObject({ expiresAt: "2026-11-20T13:00:00.000Z" });
    nowMs += 1;
    expect(await authenticate(presentedOf(secret))).toBeNull();
  });

  it("a suspended tenant's keys are refused and work again afterwards", async () => {
    const { secret } = await createKey({});
    const suspend = (state: string) =>
      test.owner.query("UPDATE tenant SET state = $2 WHERE id = $1", [tenantId, state]);
    await suspend("SUSPENDED");
    expect(await authenticate(presentedOf(secret))).toBeNull();
    await suspend("ACTIVE");
    expect(await authenticate(presentedOf(secret))).toMatchObject({ tenantId });
  });

  it("the right id with another secret, an unknown id and malformed parts are all refused alike", async () => {
    const { keyId, credentialHash } = presentedOf((await createKey({})).secret);
    const other = newApiKey(randomBytes);
    expect(await authenticate({ keyId, credentialHash: other.credentialHash })).toBeNull();
    expect(await authenticate(other)).toBeNull();
    expect(await authenticate({ keyId: "' OR 1=1 --", credentialHash })).toBeNull();
    expect(await authenticate({ keyId, credentialHash: credentialHash.toUpperCase() })).toBeNull();
    expect(await authenticate({ keyId, credentialHash: "" })).toBeNull();
  });

  it("a process with another pepper accepts none of the keys: what the database holds proves nothing alone", async () => {
    const presented = presentedOf((await createKey({})).secret);
    const elsewhere = createTenantSubgraph(test.resources, { apiKeyPepper: `${apiKeyPepper}!` });
    expect(await askSubgraph(elsewhere, service, AUTHENTICATE, { ...presented })).toEqual({
      data: { authenticate: null },
    });
    const { rows } = await test.owner.query<{ key_hash: Buffer }>("SELECT key_hash FROM api_key WHERE id = $1", [
      presented.keyId,
    ]);
    expect(rows[0]?.key_hash.toString("hex")).not.toBe(presented.credentialHash);
  });

  it("a short pepper does not start", () => {
    expect(() => createTenantSubgraph(test.resources, { apiKeyPepper: "short" })).toThrow("at least 32 characters");
  });

  it("use is noted at most once a minute", async () => {
    const presented = presentedOf((await createKey({})).secret);
    const at = (text: string) => new Date(text);
    await authenticate(presented);
    await eventually(() => lastUsedAt(presented.keyId), at("2026-11-20T12:00:00.000Z"));
    nowMs += 59_999;
    await authenticate(presented);
    nowMs += 1;
    await authenticate(presented);
    await eventually(() => lastUsedAt(presented.keyId), at("2026-11-20T12:01:00.000Z"));
  });
});

describe("who may make which key", () => {
  it("a caller hands on only permissions it holds itself", async () => {
    const limited = callerWith(tenantId, ["tenant:manage", "analytics:read"]);
    const input = { name: "x", permissions: ["ml:read", "analytics:read", "analytics:ingest"] };
    expect(await askSubgraph(subgraph, limited, CREATE, { input })).toEqual({
      data: { createApiKey: { __typename: "PermissionsNotHeld", permissions: ["analytics:ingest", "ml:read"] } },
    });
  });

  it("permissions of the installation are handed on by nobody, not even by who holds them", async () => {
    const held = callerWith(tenantId, [...TENANT_PERMISSIONS, "platform:authenticate"]);
    const input = { name: "x", permissions: ["platform:authenticate"] };
    const { errors } = await askSubgraph(subgraph, held, CREATE, { input });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.permissions" } }]);
  });

  it.each([
    ["input.name", { name: "   " }],
    ["input.name", { name: "x".repeat(121) }],
    ["input.name", { name: "a\u0000b" }],
    ["input.permissions", { permissions: [] }],
    ["input.permissions", { permissions: ["root"] }],
    ["input.expiresAt", { expiresAt: "2026-11-20T12:00:00.000Z" }],
    ["input.idempotencyKey", { idempotencyKey: "" }],
    ["input.idempotencyKey", { idempotencyKey: "x".repeat(201) }],
  ])("%s %j is refused with BAD_INPUT", async (field, wrong) => {
    const input = { name: "x", permissions: ["analytics:read"], ...wrong };
    const { errors } = await askSubgraph(subgraph, manager, CREATE, { input });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
  });

  it("a key made by an expiring key expires with it at the latest", async () => {
    const expiring = { ...manager, expiresAtMs: nowMs + HOUR_MS };
    expect((await createKey({}, expiring)).apiKey).toMatchObject({ expiresAt: "2026-11-20T13:00:00.000Z" });
    const later = { name: "x", permissions: ["ml:read"], expiresAt: "2026-11-20T13:00:00.001Z" };
    const { errors } = await askSubgraph(subgraph, expiring, CREATE, { input: later });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.expiresAt" } }]);
  });

  it("the same idempotency key makes one key, also for calls at the same time, and shows its secret once", async () => {
    const input = { name: "x", permissions: ["ml:read"], idempotencyKey: "deploy-1" };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => askSubgraph(subgraph, manager, CREATE, { input })),
    );
    const outcome = z.object({
      createApiKey: z.looseObject({ __typename: z.string(), apiKey: z.object({ id: z.string() }) }),
    });
    const outcomes = answers.map(({ data }) => outcome.parse(data).createApiKey);
    expect(new Set(outcomes.map(({ apiKey }) => apiKey.id)).size).toBe(1);
    expect(outcomes.filter((one) => one.__typename === "ApiKeyCreated")).toHaveLength(1);
    expect(outcomes.filter((one) => one.__typename === "ApiKeyAlreadyCreated")).toHaveLength(7);
    expect(JSON.stringify(answers).split("secret")).toHaveLength(2);
  });

  it("idempotency keys of two tenants have nothing to do with each other", async () => {
    const other = freshTenantId();
    await putTenant(other);
    const first = await createKey({ idempotencyKey: "deploy-1" });
    const second = await createKey({ idempotencyKey: "deploy-1" }, callerWith(other, TENANT_PERMISSIONS));
    expect(first.apiKey.id).not.toBe(second.apiKey.id);
  });

  it("a tenant has a bounded number of working keys; revoked and expired ones do not count", async () => {
    await test.owner.query(
      `INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id, revoked_at, expires_at)
       SELECT substr(md5(random()::text), 1, 16), $1, 'x', sha256('x'), '{tenant:read}', 'SERVICE', 'test',
         CASE WHEN n % 3 = 1 THEN now() END, CASE WHEN n % 3 = 2 THEN timestamptz '2026-11-20T11:00Z' END
       FROM generate_series(1, $2) AS n`,
      [tenantId, 3 * (MAX_WORKING_API_KEYS - 1)],
    );
    const { apiKey } = await createKey({});
    const input = { name: "x", permissions: ["ml:read"] };
    expect(await askSubgraph(subgraph, manager, CREATE, { input })).toEqual({
      data: { createApiKey: { __typename: "ApiKeyLimitReached", limit: MAX_WORKING_API_KEYS } },
    });
    await askSubgraph(subgraph, manager, REVOKE, { id: apiKey.id });
    await createKey({});
  });
});

describe("the list of keys", () => {
  it("is walked page by page, newest first, each key once, also when many are of one millisecond", async () => {
    const made = [];
    for (let index = 0; index < 7; index += 1) {
      if (index % 3 === 0) nowMs += 1;
      made.push((await createKey({ name: `key ${index}` })).apiKey.id);
    }
    const page = z.object({
      apiKeys: z.object({
        nodes: z.array(z.looseObject({ id: z.string(), createdAt: z.string() })),
        pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), endCursor: z.string() }),
      }),
    });
    const seen: { id: string; createdAt: string }[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const { apiKeys } = page.parse((await askSubgraph(subgraph, manager, LIST, { first: 3, after })).data);
      expect(apiKeys.pageInfo.hasPreviousPage).toBe(seen.length > 0);
      seen.push(...apiKeys.nodes);
      after = apiKeys.pageInfo.endCursor;
      more = apiKeys.pageInfo.hasNextPage;
    }
    expect(seen).toHaveLength(7);
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(
      seen
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .toReversed(),
    );
    expect(
      seen
        .slice(0, 7)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(made.toSorted());
  });

  it.each([
    [{ first: 0 }, "first"],
    [{ first: 1001 }, "first"],
    [{ first: -1 }, "first"],
    [{ first: 5, after: "not-ours" }, "after"],
    [{ first: 5, after: "9999999999999999.x" }, "after"],
  ])("%j is refused with BAD_INPUT", async (args, field) => {
    const { errors } = await askSubgraph(subgraph, manager, LIST, args);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
  });
});
