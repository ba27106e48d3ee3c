import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { isObjectType, isNonNullType, type GraphQLObjectType } from "graphql";
import type { TenantId } from "@tessera/contracts/ids";
import { PERMISSIONS } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { permissions } from "./permissions.ts";
import { createTenantSubgraph } from "./subgraph.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

let test: TestResources;
let subgraph: Subgraph;
let tenantId: TenantId;
let userId: string;

beforeAll(async () => {
  test = openTestResources();
  subgraph = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
  [tenantId, userId] = [freshTenantId(), randomUUID()];
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
  await test.owner.query(
    "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, 'a@b.example', 'A', '{OWNER}')",
    [userId, tenantId],
  );
});
afterAll(() => test.close());

/** Arguments that a root field can be called with, written as GraphQL. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  "Query.user": `(id: "${randomUUID()}")`,
  "Query.authenticate": `(keyId: "0000000000000000", credentialHash: "${"0".repeat(64)}")`,
  "Query.authenticateToken": `(claims: { tokenId: "x", clientId: "x", scopes: [] })`,
  "Query.authenticateExternalToken": `(token: "x")`,
  "Query.accessOfSubject": `(tenantId: "${randomUUID()}", subjectKind: USER, subjectId: "x")`,
  "Mutation.createOAuthClient": `(input: { name: "x", kind: SERVICE, permissions: ["ml:read"] })`,
  "Mutation.revokeOAuthClient": `(id: "x")`,
  "Mutation.inviteUser": `(userId: "x")`,
  "Mutation.trustIssuer": `(input: { issuer: "https://x.example", roleClaim: "groups", roles: [] })`,
  "Mutation.distrustIssuer": `(id: "x")`,
  "Mutation.issueShareLink": `(input: { tenantId: "${randomUUID()}", sharerKind: USER, sharerId: "x", needs: [], rowFilters: [], masks: [], expiresAt: "2026-01-01T00:00:00Z" })`,
  "Mutation.endShareLink": `(tenantId: "${randomUUID()}", id: "0000000000000000")`,
  "Mutation.createApiKey": `(input: { name: "x", permissions: ["ml:read"] })`,
  "Mutation.revokeApiKey": `(id: "0000000000000000")`,
  "Mutation.createUser": `(input: { email: "x@y.example", name: "x", roles: [VIEWER] })`,
  "Mutation.renameTenant": `(input: { name: "Renamed" })`,
  "Mutation.createRole": `(input: { name: "x", permissions: ["ml:read"] })`,
  "Mutation.updateRole": `(input: { name: "x", permissions: ["ml:read"] })`,
  "Mutation.deleteRole": `(name: "x")`,
  "Mutation.assignRoles": `(input: { subject: { kind: API_KEY, id: "0000000000000000" }, roles: [] })`,
  "Mutation.saveDataPolicy": `(input: { name: "x", masks: [{ column: CITY, mask: NULL }] })`,
  "Mutation.deleteDataPolicy": `(name: "x")`,
  "Mutation.revokeOperatorAccess": `(id: "0")`,
  "Mutation.enterTenant": `(grantId: "0")`,
  "Mutation.rotateApiKey": `(id: "0000000000000000")`,
  "Query.usage": `(interval: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" })`,
  "Query.ledgerHours": `(interval: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" })`,
  "Query.simulateInvoice": `(month: "2026-11")`,
  "Query.chargeback": `(month: "2026-11")`,
  "Mutation.leaseRateBudgets": `(claims: [{ key: "test:permissions", limit: 1, windowSeconds: 1, amount: 1, wanted: 1 }])`,
  "Mutation.adjustRateBudgets": `(adjustments: [])`,
  "Query.effectiveLimits": `(tenantId: "${randomUUID()}", subjectKind: API_KEY, subjectId: "0000000000000000")`,
  "Mutation.createTenant": `(input: { name: "x", slug: "x" })`,
  "Mutation.suspendTenant": `(input: { tenantId: "${randomUUID()}", reason: "x" })`,
  "Mutation.resumeTenant": `(input: { tenantId: "${randomUUID()}", reason: "x" })`,
  "Mutation.deleteTenant": `(input: { tenantId: "${randomUUID()}", reason: "x" })`,
  "Mutation.setTenantTier": `(input: { tenantId: "${randomUUID()}", tier: FREE })`,
  "Mutation.setTenantSettings": `(input: { settings: [{ key: "timeZone", value: "UTC" }] })`,
  "Mutation.setLimits": `(input: { limits: [{ metric: JOBS, scope: API_KEY, scopeId: "0000000000000000", hard: 1 }] })`,
  "Mutation.scaleTenant": `(input: { workerWeight: 1, reason: "x" })`,
  "Mutation.decideScaleRequest": `(input: { id: "${randomUUID()}", approve: false })`,
  "Mutation.setBillingPlan": `(input: { tenantId: "${randomUUID()}", fromMonth: "2026-11", plan: { name: "x", currency: "EUR", parts: [] } })`,
  "Mutation.grantCredit": `(input: { tenantId: "${randomUUID()}", amount: "1", currency: "EUR", fromMonth: "2026-11", note: "x" })`,
  "Mutation.setTeam": `(input: { name: "x", members: [] })`,
  "Mutation.setApiKeyNetworks": `(id: "0000000000000000")`,
  "Query.requestKeysOf": `(tenantId: "${randomUUID()}", credentialKind: API_KEY, credentialId: "0000000000000000")`,
  "Mutation.registerRequestKey": `(input: { credentialKind: API_KEY, credentialId: "0000000000000000", publicKey: "x" })`,
  "Mutation.removeRequestKey": `(id: "${randomUUID()}")`,
  "Mutation.liftThrottle": `(input: { id: "${randomUUID()}", reason: "x" })`,
  "Mutation.reportAuthenticationFailures": `(failures: [])`,
  "Mutation.useRequestNonce": `(tenantId: "${randomUUID()}", keyId: "x", nonce: "x", usableUntil: "2026-12-01T00:00:00Z")`,
};

const selection = (type: string, field: string): string => {
  const operation = type === "Mutation" ? "mutation" : "query";
  const parent = subgraph.schema.getType(type);
  const parentType: GraphQLObjectType | null = isObjectType(parent) ? parent : null;
  const fieldType = parentType?.getFields()[field]?.type;
  const composite = !String(isNonNullType(fieldType) ? fieldType.ofType : fieldType).match(
    /^\[?(String|ID|Int|Boolean|UserRole)/,
  );
  const call = `${field}${ARGUMENTS[`${type}.${field}`] ?? ""}${composite ? " { __typename }" : ""}`;
  if (type === "Query" || type === "Mutation") return `${operation} { ${call} }`;
  const id = type === "Tenant" ? tenantId : userId;
  return `{ _entities(representations: [{ __typename: "${type}", id: "${id}" }]) { ... on ${type} { ${call} } } }`;
};

const gated = Object.entries(permissions).filter(([, permission]) => permission !== "PUBLIC");

describe("the permission table", () => {
  it.each(gated)("%s is refused to a caller that holds everything but %s", async (place, permission) => {
    const [type = "", field = ""] = place.split(".");
    const caller = callerWith(
      tenantId,
      PERMISSIONS.filter((held) => held !== permission),
    );
    const { errors } = await askSubgraph(subgraph, caller, selection(type, field));
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", permission, field: place } }]);
  });

  it.each(Object.entries(permissions))("%s is open to a caller that holds just %s", async (place, permission) => {
    const [type = "", field = ""] = place.split(".");
    const caller = callerWith(
      tenantId,
      PERMISSIONS.filter((held) => held === permission),
    );
    const { errors = [] } = await askSubgraph(subgraph, caller, selection(type, field));
    expect(errors.map(({ extensions }) => extensions?.["code"])).not.toContain("FORBIDDEN");
  });

  it("a refused mutation changes nothing", async () => {
    const before = await test.owner.query("SELECT name FROM tenant WHERE id = $1", [tenantId]);
    await askSubgraph(
      subgraph,
      callerWith(tenantId, ["tenant:read"]),
      `mutation { renameTenant(input: { name: "Taken" }) { id } }`,
    );
    expect((await test.owner.query("SELECT name FROM tenant WHERE id = $1", [tenantId])).rows).toEqual(before.rows);
  });

  it("names every root field of the schema", () => {
    const roots = [subgraph.schema.getQueryType(), subgraph.schema.getMutationType()];
    const fields = roots.flatMap((root) =>
      Object.keys(root?.getFields() ?? {}).map((field) => `${root?.name}.${field}`),
    );
    const named = Object.keys(permissions).filter((place) => /^(Query|Mutation)\./.test(place));
    expect(fields.filter((field) => !/_(service|entities)$/.test(field)).toSorted()).toEqual(named.toSorted());
  });
});
