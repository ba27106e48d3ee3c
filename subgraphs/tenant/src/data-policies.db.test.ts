import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { assign, openAccessRoom, role, type AccessRoom } from "./testing/access-room.ts";

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

const ask = (source: string, variables: object = {}, caller = owner) => room.ask(caller, source, variables);
const authenticate = (secret: string) => room.authenticate(secret);
const makeKey = () => room.makeKey(owner);

const ASSIGN = "mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { __typename } }";
const CREATE_ROLE = "mutation ($input: RoleInput!) { createRole(input: $input) { __typename } }";
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

  const PROPERTY_SAVE = `mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename
    ... on DataPolicySaved { policy { rowFilters { column operator values property { path type orMissing } } } } } }`;
  const onProperty = (path: string, operator: string, values: readonly string[], rest: object = {}) => ({
    ...{ column: "PROPERTIES", operator, values },
    property: { path, type: "TEXT", orMissing: false, ...rest },
  });

  it("filter by properties of each type and by the beginning of a text, add up, and are told as they were said", async () => {
    const { secret } = await makeKey();
    const rowFilters = [
      onProperty("plan", "IN", ["pro"]),
      onProperty("cart.total", "AT_LEAST", ["2.5"], { type: "NUMBER", orMissing: true }),
      onProperty("beta", "IS", ["false"], { type: "BOOLEAN" }),
      { column: "URL", operator: "STARTS_WITH", values: ["https://shop.example/pricing"], property: null },
      { column: "NAME", operator: "NOT_STARTS_WITH", values: ["internal."], property: null },
    ];
    const saved = await ask(PROPERTY_SAVE, { input: { name: "narrow", everyone: true, rowFilters } });
    expect(saved).toMatchObject({ policy: { rowFilters } });
    const more = [
      onProperty("plan", "IN", ["pro"]),
      { column: "URL", operator: "STARTS_WITH", values: ["https://shop.example/", "https://blog.example/"] },
      { column: "NAME", operator: "NOT_STARTS_WITH", values: ["test."] },
    ];
    await ask(PROPERTY_SAVE, { input: { name: "wide", everyone: true, rowFilters: more } });
    expect(await policyOf(secret)).toMatchObject({
      startsWith: { url: [["https://shop.example/pricing"], ["https://blog.example/", "https://shop.example/"]] },
      notStartsWith: { name: ["internal.", "test."] },
      properties: [
        { path: "plan", orMissing: false, type: "TEXT", operator: "IN", values: ["pro"] },
        { path: "cart.total", orMissing: true, type: "NUMBER", operator: "AT_LEAST", values: [2.5] },
        { path: "beta", orMissing: false, type: "BOOLEAN", operator: "IS", values: [false] },
      ],
    });
  });

  it.each([
    ["a path that is none", [onProperty("a..b", "IN", ["x"])]],
    ["a path with a quotation mark", [onProperty("a`b", "IN", ["x"])]],
    ["an operator of another type", [onProperty("plan", "AT_LEAST", ["x"])]],
    ["a number that is none", [onProperty("plan", "IN", ["x"], { type: "NUMBER" })]],
    ["two bounds in one", [onProperty("plan", "LESS_THAN", ["1", "2"], { type: "NUMBER" })]],
    ["a truth value that is none", [onProperty("plan", "IS", ["yes"], { type: "BOOLEAN" })]],
    ["the beginning of everything", [onProperty("plan", "STARTS_WITH", [""])]],
    ["the beginning of everything, of a column", [{ column: "URL", operator: "STARTS_WITH", values: [""] }]],
    ["the beginning of an amount", [{ column: "REVENUE", operator: "STARTS_WITH", values: ["1"] }]],
    ["a property of a column that has none", [{ ...onProperty("plan", "IN", ["x"]), column: "COUNTRY" }]],
    ["properties without saying which", [{ column: "PROPERTIES", operator: "IN", values: ["x"] }]],
    ["more than a query can carry", Array.from({ length: 9 }, (_, index) => onProperty(`p${index}`, "IN", ["x"]))],
  ])("%s is refused", async (_what, rowFilters) => {
    expect(await ask(PROPERTY_SAVE, { input: { name: "wrong", rowFilters } })).toBe("BAD_INPUT");
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
