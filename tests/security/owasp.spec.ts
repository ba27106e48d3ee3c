import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { createTesseraClient } from "../testing/tessera-client.ts";
import { startTwoTenants, type TwoTenants } from "../testing/two-tenants.ts";
import { askGraph, askHttp, readAnswer } from "./outside.ts";
import { makeApiKey } from "./own-things.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(60_000);
const START_MS = 240_000;

let instance: TwoTenants;
beforeAll(async () => {
  instance = await startTwoTenants();
}, START_MS);
afterAll(() => instance.stop(), 60_000);

const ask = (apiKey: string, query: string, variables = {}) => askGraph(instance.url, apiKey, { query, variables });
const codesOf = (text: string): readonly unknown[] =>
  (readAnswer({ status: 0, contentType: "", text }).errors ?? []).map(({ extensions }) => extensions?.["code"]);
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const withToken = (token: string) => ask(token, "{ whoAmI { expiresAt } }");
const claims = () => {
  const now = Math.floor(Date.now() / 1_000);
  const times = { iat: now, nbf: now, exp: now + 300 };
  return {
    ...times,
    iss: instance.url,
    aud: instance.url,
    sub: "c",
    client_id: "c",
    jti: "j",
    tenant: instance.alpha.tenantId,
    scope: "tenant:manage",
  };
};

describe("API1: broken object level authorization", () => {
  it("a thing of another tenant is read, changed and removed by nobody else", async () => {
    const { id } = await makeApiKey(createTesseraClient(instance.url, instance.alpha.apiKey), "mine", [
      "analytics:read",
    ]);
    const revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }";
    const foreign = await ask(instance.beta.apiKey, revoke, { id });
    expect(foreign.text).toContain("ApiKeyNotFound");
    const path = `/api/v2/analytics/realtime/metrics?tenant_id=${instance.alpha.tenantId}`;
    expect((await askHttp(`${instance.url}${path}`, instance.beta.apiKey)).status).toBe(403);
    expect((await ask(instance.alpha.apiKey, revoke, { id })).text).toContain("ApiKeyRevoked");
  });
});

describe("API2: broken authentication", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const jwk = publicKey.export({ format: "jwk" });
  const signed = (header: object, payload: object): string => {
    const input = `${base64url(header)}.${base64url(payload)}`;
    return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
  };
  const publishedKid = async (): Promise<string> => {
    const answer: unknown = await (await fetch(`${instance.url}/oauth/jwks`)).json();
    return z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }).parse(answer).keys[0]?.kid ?? "";
  };

  it.each<readonly [string, (kid: string) => string]>([
    ["no algorithm", (kid) => `${base64url({ alg: "none", typ: "at+jwt", kid })}.${base64url(claims())}.`],
    [
      "no algorithm, in other letters",
      (kid) => `${base64url({ alg: "nOnE", typ: "at+jwt", kid })}.${base64url(claims())}.`,
    ],
    ["another's key under a published kid", (kid) => signed({ alg: "EdDSA", typ: "at+jwt", kid }, claims())],
    ["a key that it brings itself", (kid) => signed({ alg: "EdDSA", typ: "at+jwt", kid, jwk }, claims())],
    [
      "a key that it names by address",
      (kid) => signed({ alg: "EdDSA", typ: "at+jwt", kid, jku: "https://evil.example/jwks" }, claims()),
    ],
    [
      "a certificate that it names by address",
      (kid) => signed({ alg: "EdDSA", typ: "at+jwt", kid, x5u: "https://evil.example/c" }, claims()),
    ],
    ["a kid that is a path", () => signed({ alg: "EdDSA", typ: "at+jwt", kid: "../../dev/null" }, claims())],
    ["a kid that is SQL", () => signed({ alg: "EdDSA", typ: "at+jwt", kid: "' OR 1=1 --" }, claims())],
    [
      "extensions that must be understood",
      (kid) => signed({ alg: "EdDSA", typ: "at+jwt", kid, crit: ["x"], x: 1 }, claims()),
    ],
    ["another type", (kid) => signed({ alg: "EdDSA", typ: "JWT", kid }, claims())],
    [
      "the public key as a shared secret",
      (kid) => {
        const input = `${base64url({ alg: "HS256", typ: "at+jwt", kid })}.${base64url(claims())}`;
        return `${input}.${createHmac("sha256", JSON.stringify(jwk)).update(input).digest("base64url")}`;
      },
    ],
    ["the type of a service's identity", (kid) => signed({ alg: "EdDSA", typ: "tessera-identity+jwt", kid }, claims())],
  ])("a token with %s is no token", async (_what, token) => {
    const { status, text } = await withToken(token(await publishedKid()));
    expect(status).toBe(401);
    expect(codesOf(text).concat(text.includes("UNAUTHENTICATED") ? ["UNAUTHENTICATED"] : [])).toContain(
      "UNAUTHENTICATED",
    );
  });

  it("a service's identity header from outside counts for nothing", async () => {
    const identity = signed({ alg: "EdDSA", typ: "tessera-identity+jwt" }, claims());
    const answer = await fetch(`${instance.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-tessera-identity": identity },
      body: JSON.stringify({ query: "{ whoAmI { expiresAt } }" }),
    });
    expect(answer.status).toBe(401);
  });
});

describe("API3: broken object property level authorization", () => {
  it("a property that is not offered is refused, not assigned", async () => {
    for (const extra of ["tenantId", "id", "createdAt", "state"]) {
      const input = { name: "mass", permissions: ["analytics:read"], [extra]: instance.beta.tenantId };
      const create = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }";
      expect(codesOf((await ask(instance.alpha.apiKey, create, { input })).text)).toEqual(["BAD_USER_INPUT"]);
    }
  });

  it("a secret is no property of what is listed", async () => {
    for (const field of ["secret", "keyHash", "key_hash", "previousKeyHash"])
      expect(codesOf((await ask(instance.alpha.apiKey, `{ apiKeys { edges { node { ${field} } } } }`)).text)).toEqual([
        "GRAPHQL_VALIDATION_FAILED",
      ]);
  });
});

describe("API4: unrestricted resource consumption", () => {
  it("a page, a range and a body are bounded", async () => {
    expect((await ask(instance.alpha.apiKey, "{ users(first: 100000) { edges { node { id } } } }")).status).toBe(400);
    const body = JSON.stringify(Array.from({ length: 200_000 }, () => ({ name: "x" })));
    const events = await askHttp(`${instance.url}/api/v2/events`, instance.alpha.apiKey, { method: "POST", body });
    expect([400, 413, 422]).toContain(events.status);
  });
});

describe("API5: broken function level authorization", () => {
  it("what concerns the installation is no tenant's to call", async () => {
    for (const query of [
      'mutation { suspendTenant(tenantId: "00000000-0000-4000-8000-000000000001") { __typename } }',
      `mutation { createTenant(input: { name: "x", slug: "x" }) { __typename } }`,
    ]) {
      const { text } = await ask(instance.alpha.apiKey, query);
      expect(text).not.toContain('"data":{"');
      expect(codesOf(text).join()).toMatch(/FORBIDDEN|GRAPHQL_VALIDATION_FAILED/);
    }
  });
});

describe("API6: unrestricted access to sensitive business flows", () => {
  it("keys are handed out in a bounded number, and a repeated wish is one key", async () => {
    const create =
      "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on ApiKeyCreated { apiKey { id } } } }";
    const input = { name: "once", permissions: ["analytics:read"], idempotencyKey: "the-same-wish-twice" };
    const [first, second] = [
      await ask(instance.alpha.apiKey, create, { input }),
      await ask(instance.alpha.apiKey, create, { input }),
    ];
    const idIn = (text: string) => /"id":"([^"]+)"/.exec(text)?.[1];
    expect(first.status).toBe(200);
    expect([idIn(first.text), undefined]).toContain(idIn(second.text));
  });
});

describe("API7: server side request forgery", () => {
  let listener: Server;
  let hits = 0;
  let port = 0;
  beforeAll(async () => {
    listener = createServer((_request, response) => {
      hits += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const address = listener.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => void listener.close());

  it("an issuer's address inside the network is never asked", async () => {
    const trust = "mutation ($input: TrustIssuerInput!) { trustIssuer(input: $input) { __typename } }";
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `[::1]:${port}`,
      `2130706433:${port}`,
      "169.254.169.254",
      `0.0.0.0:${port}`,
    ])
      for (const scheme of ["http", "https"]) {
        const issuer = `${scheme}://${host}`;
        const input = { issuer, roleClaim: "groups", roles: [{ value: "a", role: "VIEWER" }] };
        await ask(instance.alpha.apiKey, trust, { input });
        const payload = { ...claims(), iss: issuer, aud: `urn:tessera:tenant:${instance.alpha.tenantId}` };
        const { status } = await withToken(
          `${base64url({ alg: "RS256", typ: "JWT", kid: "k" })}.${base64url(payload)}.AAAA`,
        );
        expect({ issuer, status }).toEqual({ issuer, status: 401 });
      }
    expect(hits).toBe(0);
  });
});

describe("API8: security misconfiguration", () => {
  it.each([
    "/.env",
    "/.git/config",
    "/debug",
    "/debug/pprof",
    "/actuator",
    "/admin",
    "/server-status",
    "/graphql/playground",
    "/secrets.json",
    "/demo.json",
    "/graphiql/../../secrets.json",
    "/graphiql/%2e%2e/secrets.json",
    "/docs/..%2f..%2fpackage.json",
  ])("%s: is not there", async (path) => {
    const { status, text } = await askHttp(`${instance.url}${path}`, null);
    expect([400, 404]).toContain(status);
    expect(text).not.toMatch(/identitySecret|apiKey":|DATABASE_URL|"name": "tessera"/);
  });

  it("an error says a code, a trace id and what to do, and nothing of what is inside", async () => {
    const { status, text } = await askHttp(`${instance.url}/api/v2/analytics/realtime/query`, instance.alpha.apiKey, {
      method: "POST",
      body: "{",
    });
    expect(status).toBe(400);
    expect(Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(text)))).toEqual(
      expect.arrayContaining(["type", "title", "status", "detail", "code", "action", "traceId"]),
    );
    expect(text).not.toMatch(/stack|\.ts|node_modules/);
  });
});

describe("API9: improper inventory management", () => {
  const described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  it("what is described answers, what is not does not, and there is no other version", async () => {
    const document: unknown = await (await fetch(`${instance.url}/api/v2/openapi.json`)).json();
    const { paths } = described.parse(document);
    for (const path of Object.keys(paths)) {
      const address = `${instance.url}${path.replaceAll(/\{[^}]+\}/g, instance.alpha.tenantId)}`;
      const { status } = await askHttp(address, null, { method: "OPTIONS" });
      expect({ path, there: status !== 404 }).toEqual({ path, there: true });
    }
    for (const path of [
      "/api",
      "/api/v1/events",
      "/api/v3/events",
      "/v2/events",
      "/api/v2",
      "/internal/ingest",
      "/internal/executions",
    ])
      expect({ path, status: (await askHttp(`${instance.url}${path}`, instance.alpha.apiKey)).status }).toEqual({
        path,
        status: 404,
      });
  });
});

describe("API10: unsafe consumption of APIs", () => {
  it("a token of an issuer nobody trusts is not asked about anywhere", async () => {
    const payload = { ...claims(), iss: "https://issuer.invalid" };
    const { status } = await withToken(
      `${base64url({ alg: "RS256", typ: "JWT", kid: "k" })}.${base64url(payload)}.AAAA`,
    );
    expect(status).toBe(401);
  });
});
