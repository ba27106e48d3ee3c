import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { assign, openAccessRoom, role, type AccessRoom } from "./testing/access-room.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

let room: AccessRoom;
let tenantId: TenantId;
let owner: Caller;

beforeAll(() => {
  room = openAccessRoom();
});
beforeEach(async () => {
  room.clock.nowMs = Date.parse("2026-11-20T12:00:00.000Z");
  tenantId = await room.newTenant();
  owner = room.ownerOf(tenantId);
});
afterAll(() => room.test.close());

const without = (...lacking: readonly Permission[]): Caller => room.without(tenantId, ...lacking);
const ask = (source: string, variables: object = {}, caller = owner) => room.ask(caller, source, variables);
const authenticate = (secret: string) => room.authenticate(secret);
const makeKey = (input: object = {}, caller = owner) => room.makeKey(caller, input);

const CREATE_ROLE = `mutation ($input: RoleInput!) { createRole(input: $input) { __typename
  ... on RoleSaved { role { name permissions builtIn } } ... on PermissionsNotHeld { permissions } } }`;
const UPDATE_ROLE = `mutation ($input: RoleInput!) { updateRole(input: $input) { __typename ... on PermissionsNotHeld { permissions } } }`;
const ASSIGN = `mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { __typename
  ... on RolesAssigned { roles permissions } ... on UnknownRoles { names } ... on PermissionsNotHeld { permissions } } }`;

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
      permissions: ["analytics:read", "anomaly:read", "dashboards:comment", "governance:read", "jobs:read", "ml:read"],
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
    await room.test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Other', $1::text)", [
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
    const until = room.clock.nowMs + HOUR_MS;
    const answer = await ask(ROTATE, { id: apiKey.id, until: at(until) });
    expect(answer).toMatchObject({
      apiKey: { id: apiKey.id, oldSecretUntil: at(until), rotatedAt: at(room.clock.nowMs) },
    });
    const second = rotated.parse(answer).secret;
    expect(await authenticate(secret)).toMatchObject({ permissions: ["ml:read"], expiresAt: at(until) });
    expect(await authenticate(second)).toMatchObject({ permissions: ["ml:read"], expiresAt: null });
    room.clock.nowMs = until;
    expect(await authenticate(secret)).toBeNull();
    expect(await authenticate(second)).not.toBeNull();
    const third = rotated.parse(await ask(ROTATE, { id: apiKey.id })).secret;
    expect(await authenticate(secret)).toBeNull();
    expect(await authenticate(second)).toMatchObject({ expiresAt: at(room.clock.nowMs + DAY_MS) });
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
    expect(await ask(ROTATE, { id: apiKey.id, until: at(room.clock.nowMs + offset) })).toBe("BAD_INPUT");
  });

  it("keeps what it was as a hash that the application can't read", async () => {
    await expect(room.test.resources.pool.query("SELECT previous_key_hash FROM api_key")).rejects.toThrow(
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
