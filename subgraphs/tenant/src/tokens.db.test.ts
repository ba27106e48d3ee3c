import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { audienceOf } from "./domain/trusted-issuer.ts";
import { createTenantSubgraph } from "./subgraph.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const apiKeyPepper = "a pepper for tests, long enough to be one";
let test: TestResources;
let subgraph: Subgraph;
let tenantId: TenantId;
let manager: Caller;
let service: Caller;
let issuer: Server;
let issuerUrl = "";
let key: CryptoKey;
let publicJwk: JWK;
let foreign: CryptoKey;

beforeAll(async () => {
  test = openTestResources();
  subgraph = createTenantSubgraph(test.resources, {
    apiKeyPepper,
    publicUrl: () => "https://tessera.example",
    allowLoopbackIssuers: true,
  });
  const [own, other] = [await generateKeyPair("RS256", { extractable: true }), await generateKeyPair("RS256")];
  [key, foreign] = [own.privateKey, other.privateKey];
  publicJwk = { ...(await exportJWK(own.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  issuer = createServer((request, response) => {
    const documents: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` },
      "/keys": { keys: [publicJwk] },
    };
    response.end(JSON.stringify(documents[request.url ?? ""] ?? {}));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  const address = issuer.address();
  issuerUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
beforeEach(async () => {
  tenantId = freshTenantId();
  manager = callerWith(tenantId, TENANT_PERMISSIONS);
  const permissions = new Set(["platform:authenticate"] as const);
  service = {
    tenantId: freshTenantId(),
    subject: { kind: "SERVICE", id: "gateway" },
    permissions,
    expiresAtMs: null,
    ...PLAIN_ACCESS,
  };
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
});
afterAll(async () => {
  issuer.close();
  await test.close();
});

const CREATE = `mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) { __typename
  ... on OAuthClientCreated { secret client { id kind redirectUris permissions revokedAt } } ... on PermissionsNotHeld { permissions } } }`;
const TRUST = `mutation ($input: TrustIssuerInput!) { trustIssuer(input: $input) { __typename
  ... on IssuerTrusted { issuer { id issuer audience } } ... on PermissionsNotHeld { permissions } } }`;
const STANDING = `query ($claims: TokenClaimsInput!) { authenticateToken(claims: $claims) { tenantId subject { kind id } permissions } }`;
const EXTERNAL = `query ($token: String!) { authenticateExternalToken(token: $token) { tenantId subject { kind id } permissions roles } }`;

const createdShape = z.object({
  createOAuthClient: z.object({ secret: z.string().nullable(), client: z.object({ id: z.string() }) }),
});
const createService = async (permissions: readonly string[]) => {
  const input = { name: "Export", kind: "SERVICE", permissions };
  return createdShape.parse((await askSubgraph(subgraph, manager, CREATE, { input })).data).createOAuthClient;
};
const standingOf = async (clientId: string, scopes: readonly string[], more: object = {}) =>
  (await askSubgraph(subgraph, service, STANDING, { claims: { tokenId: randomUUID(), clientId, scopes, ...more } }))
    .data?.["authenticateToken"];
const trust = async (roles: readonly object[] = [{ value: "analysts", role: "ANALYST" }], caller = manager) =>
  (await askSubgraph(subgraph, caller, TRUST, { input: { issuer: issuerUrl, roleClaim: "groups", roles } })).data?.[
    "trustIssuer"
  ];
const token = (claims: object = {}, header: object = {}, signer: CryptoKey = key): Promise<string> =>
  new SignJWT({ sub: "grace", groups: ["analysts", "others"], iss: issuerUrl, aud: audienceOf(tenantId), ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT", ...header })
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(signer);
const externalOf = async (text: string) =>
  (await askSubgraph(subgraph, service, EXTERNAL, { token: text })).data?.["authenticateExternalToken"];

describe("OAuth clients", () => {
  it("are made with a secret that is shown once, listed without it, and revoked", async () => {
    const { secret, client } = await createService(["analytics:read"]);
    expect(secret).toMatch(/^tsr_secret_[A-Za-z0-9_-]{43}$/);
    const list = await askSubgraph(subgraph, manager, "{ oauthClients { nodes { id name revokedAt } } }");
    expect(list.data).toMatchObject({ oauthClients: { nodes: [{ id: client.id, name: "Export", revokedAt: null }] } });
    const { rows } = await test.owner.query("SELECT c::text AS row FROM oauth_client c WHERE id = $1", [client.id]);
    expect(JSON.stringify(rows)).not.toContain(secret);
    const stranger = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    const revoke = `mutation ($id: ID!) { revokeOAuthClient(id: $id) { __typename } }`;
    const refused = await askSubgraph(subgraph, stranger, revoke, { id: client.id });
    expect(refused.data).toEqual({ revokeOAuthClient: { __typename: "OAuthClientNotFound" } });
    await askSubgraph(subgraph, manager, revoke, { id: client.id });
    expect(await standingOf(client.id, ["analytics:read"])).toBeNull();
  });

  it("get no permission their maker lacks", async () => {
    const poor = callerWith(tenantId, ["tenant:manage", "analytics:read"]);
    const input = { name: "x", kind: "SERVICE", permissions: ["analytics:read", "jobs:run"] };
    const { data } = await askSubgraph(subgraph, poor, CREATE, { input });
    expect(data).toMatchObject({ createOAuthClient: { __typename: "PermissionsNotHeld", permissions: ["jobs:run"] } });
  });

  it.each([
    ["WEB", "http://app.example/callback"],
    ["WEB", "https://app.example/callback#x"],
    ["WEB", "https://*.example/callback"],
    ["WEB", "https://user:pass@app.example/"],
    ["WEB", "com.example.app:/callback"],
    ["WEB", "http://localhost/callback"],
    ["PUBLIC", "javascript:alert(1)"],
    ["PUBLIC", "myapp:/callback"],
    ["PUBLIC", "/callback"],
  ])("of kind %s are not sent back to %s", async (kind, uri) => {
    const input = { name: "x", kind, permissions: ["analytics:read"], redirectUris: [uri] };
    const { errors } = await askSubgraph(subgraph, manager, CREATE, { input });
    expect(errors?.[0]?.extensions?.["code"]).toBe("BAD_INPUT");
  });
});

describe("what a verified token still amounts to", () => {
  it("is its scopes as far as its client has them", async () => {
    const { client } = await createService(["analytics:read", "tenant:read"]);
    expect(await standingOf(client.id, ["analytics:read", "jobs:run", "platform:authenticate", "nonsense"])).toEqual({
      tenantId,
      subject: { kind: "CLIENT", id: client.id },
      permissions: ["analytics:read"],
    });
  });

  it("for a person, ends where the person's roles end, and with the person", async () => {
    const { client } = await createService(["analytics:read", "tenant:manage"]);
    const userId = randomUUID();
    const text =
      "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, 'v@example.org', 'V', '{VIEWER}')";
    await test.owner.query(text, [userId, tenantId]);
    const scopes = ["analytics:read", "tenant:manage"];
    expect(await standingOf(client.id, scopes, { userId })).toMatchObject({
      subject: { kind: "USER", id: userId },
      permissions: ["analytics:read"],
    });
    await test.owner.query("DELETE FROM tenant_user WHERE id = $1", [userId]);
    expect(await standingOf(client.id, scopes, { userId })).toBeNull();
  });

  it("is nothing while its tenant is suspended", async () => {
    const { client } = await createService(["analytics:read"]);
    await test.owner.query("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", [tenantId]);
    expect(await standingOf(client.id, ["analytics:read"])).toBeNull();
  });

  it("of a subject that nobody presents a credential of is what it may now; nothing of one that was ended, or of another tenant", async () => {
    const text = `query ($tenantId: ID!, $kind: CallerKind!, $id: ID!) {
      accessOfSubject(tenantId: $tenantId, subjectKind: $kind, subjectId: $id) { tenantId subject { kind id } permissions roles } }`;
    const may = async (kind: string, id: string, of: string = tenantId): Promise<unknown> =>
      (await askSubgraph(subgraph, service, text, { tenantId: of, kind, id })).data?.["accessOfSubject"];
    const { client } = await createService(["analytics:read"]);
    const itself = { tenantId, subject: { kind: "CLIENT", id: client.id }, permissions: ["analytics:read"], roles: [] };
    expect(await may("CLIENT", client.id)).toEqual(itself);
    expect([await may("CLIENT", client.id, freshTenantId()), await may("USER", client.id)]).toEqual([null, null]);
    const [userId, keyId] = [randomUUID(), randomUUID().replaceAll("-", "").slice(0, 16)];
    await test.owner.query(
      "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, 'w@example.org', 'W', '{VIEWER}')",
      [userId, tenantId],
    );
    expect(await may("USER", userId)).toMatchObject({
      roles: ["VIEWER"],
      permissions: expect.arrayContaining(["analytics:read"]),
    });
    await test.owner.query("DELETE FROM tenant_user WHERE id = $1", [userId]);
    await test.owner.query(
      "INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id) VALUES ($1, $2, 'k', sha256('x'), '{ml:read}', 'USER', 'x')",
      [keyId, tenantId],
    );
    expect([await may("USER", userId), await may("API_KEY", keyId)]).toMatchObject([
      null,
      { permissions: ["ml:read"] },
    ]);
    await test.owner.query("UPDATE api_key SET revoked_at = '2020-01-01' WHERE id = $1", [keyId]);
    expect([await may("API_KEY", keyId), await may("SERVICE", "gateway")]).toEqual([null, null]);
    await test.owner.query("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", [tenantId]);
    expect(await may("CLIENT", client.id)).toBeNull();
  });

  it("is asked by the platform's own processes alone", async () => {
    const { errors } = await askSubgraph(subgraph, manager, STANDING, {
      claims: { tokenId: "x", clientId: "y", scopes: [] },
    });
    expect(errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
  });
});

describe("a trusted issuer's token", () => {
  it("stands for a person of the tenant that trusts it, with the roles its claim maps to", async () => {
    expect(await trust()).toMatchObject({ __typename: "IssuerTrusted", issuer: { audience: audienceOf(tenantId) } });
    expect(await externalOf(await token())).toMatchObject({ tenantId, subject: { kind: "USER" }, roles: ["ANALYST"] });
    expect(await externalOf(await token({ groups: ["others"] }))).toMatchObject({ permissions: [], roles: [] });
    expect(await externalOf(await token({ groups: { analysts: true } }))).toMatchObject({ permissions: [] });
  });

  it("stands for nobody in a tenant that does not trust the issuer, in two at once, or after the trust ended", async () => {
    const elsewhere = freshTenantId();
    await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'E', $1::text)", [elsewhere]);
    const { issuer: trusted } = z.object({ issuer: z.object({ id: z.string() }) }).parse(await trust());
    expect(await externalOf(await token({ aud: audienceOf(elsewhere) }))).toBeNull();
    expect(await externalOf(await token({ aud: [audienceOf(tenantId), audienceOf(elsewhere)] }))).toBeNull();
    expect(await externalOf(await token({ aud: "an-app-of-the-issuer" }))).toBeNull();
    expect(await externalOf(await token())).not.toBeNull();
    await askSubgraph(subgraph, manager, "mutation ($id: ID!) { distrustIssuer(id: $id) { __typename } }", trusted);
    expect(await externalOf(await token())).toBeNull();
  });

  it.each([
    ["signed by somebody else", {}, {}],
    ["expired", { exp: 1 }, {}],
    ["of an unknown kid", {}, { kid: "k2" }],
    ["with its own jwk", {}, { jwk: { kty: "RSA", n: "n", e: "AQAB" } }],
    ["with jku", {}, { jku: "https://evil.example" }],
    ["without a subject", { sub: undefined }, {}],
  ])("%s stands for nobody", async (what, claims, header) => {
    await trust();
    const signer = what === "signed by somebody else" ? foreign : key;
    const made = new SignJWT({ sub: "grace", groups: ["analysts"], iss: issuerUrl, aud: audienceOf(tenantId) })
      .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT", ...header })
      .setIssuedAt();
    const text =
      "exp" in claims ? await made.setExpirationTime(claims.exp).sign(signer) : await token(claims, header, signer);
    expect(await externalOf(text)).toBeNull();
  });

  it("brings no roles its truster lacks", async () => {
    const poor = callerWith(tenantId, ["tenant:manage"]);
    expect(await trust([{ value: "a", role: "OWNER" }], poor)).toMatchObject({ __typename: "PermissionsNotHeld" });
  });

  it.each(["http://169.254.169.254", "https://idp.example/?x=1", "file:///etc/passwd", "idp.example"])(
    "of %s is not even trusted",
    async (address) => {
      const input = { issuer: address, roleClaim: "groups", roles: [{ value: "a", role: "VIEWER" }] };
      const { errors } = await askSubgraph(subgraph, manager, TRUST, { input });
      expect(errors?.[0]?.extensions?.["code"]).toBe("BAD_INPUT");
    },
  );

  it("leads nowhere but to public addresses outside of tests: an issuer on this machine is never asked", async () => {
    await trust();
    const strict = createTenantSubgraph(test.resources, { apiKeyPepper });
    const { data } = await askSubgraph(strict, service, EXTERNAL, { token: await token() });
    expect(data).toEqual({ authenticateExternalToken: null });
  });
});

describe("an invitation", () => {
  it("is made for nobody who may more than the caller", async () => {
    const userId = randomUUID();
    const text =
      "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, 'o@example.org', 'O', '{OWNER}')";
    await test.owner.query(text, [userId, tenantId]);
    const invite = "mutation ($id: ID!) { inviteUser(userId: $id) { __typename ... on UserInvited { link } } }";
    const poor = callerWith(tenantId, ["tenant:manage", "analytics:read"]);
    const refused = await askSubgraph(subgraph, poor, invite, { id: userId });
    expect(refused.data).toMatchObject({ inviteUser: { __typename: "PermissionsNotHeld" } });
    const { data } = await askSubgraph(subgraph, manager, invite, { id: userId });
    expect(JSON.stringify(data)).toMatch(/https:\/\/tessera\.example\/oauth\/invitation\/[A-Za-z0-9_-]{43}"/);
    const stranger = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    const unknown = await askSubgraph(subgraph, stranger, invite, { id: userId });
    expect(unknown.data).toEqual({ inviteUser: { __typename: "InvitedUserNotFound" } });
  });
});
