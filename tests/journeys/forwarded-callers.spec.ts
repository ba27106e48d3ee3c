import { createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createSigner, httpbis } from "http-message-signatures";
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { WebSocket } from "ws";
import { z } from "zod";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { createForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import { createIdentitySigner, IDENTITY_HEADER } from "@tessera/platform/auth/identity";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { systemNowMs } from "@tessera/platform/time/clock";
import { eventually } from "../testing/eventually.ts";
import { runMigrate, SECRETS, seedTenant, startEngines, storeEnvironment } from "../testing/running-engines.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

const ALL = [
  ...["analytics", "anomaly", "ml", "governance", "tenant", "ingest", "worker", "gateway", "identity"],
  ...["bridge", "second bridge"],
] as const satisfies readonly RoleName[];
const METRICS = "/api/v2/analytics/realtime/metrics";
const STREAM = "/api/v2/analytics/realtime/stream";
/** Where the caller is, as the proxy before the bridge tells. */
const HOME = "203.0.113.7";
const ELSEWHERE = "198.51.100.1";
const PATIENCE_MS = 60_000;

let directory: TemporaryDirectory;
let engines: EmbeddedEngines;
let roles: RunningRoles;
let administrator: TesseraClient;
let tenantId: string;

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  engines = await startEngines(directory.home("engines"));
  await runMigrate(engines.connections);
  const seeded = await seedTenant(engines.connections);
  tenantId = seeded.tenantId;
  roles = await planRoles({ ...storeEnvironment(engines.connections), TRUSTED_PROXIES: "loopback" }, directory.path);
  roles.start(ALL);
  await roles.ready(ALL);
  administrator = createTesseraClient(roles.url("gateway"), seeded.apiKey);
}, 300_000);
afterAll(async () => {
  await roles?.stop();
  await engines?.stop();
  await directory?.remove();
}, 120_000);

/** The address clients use; every role verifies proofs and signatures against it. */
const publicUrl = (): string => roles.url("gateway");
const ask = (role: RoleName, path: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${roles.url(role)}${path}`, { headers: { "x-forwarded-for": HOME, ...headers } });

const auditShape = z.object({
  auditLog: z.object({
    nodes: z.array(
      z.object({
        subject: z.object({ kind: z.string(), id: z.string() }),
        operationName: z.string().nullable(),
        fields: z.array(z.string()),
        transport: z.string(),
        clientAddress: z.string().nullable(),
        decision: z.string(),
        code: z.string().nullable(),
      }),
    ),
  }),
});
const AUDIT = `query Audit($filter: AuditFilterInput) { auditLog(first: 100, filter: $filter) { nodes {
  subject { kind id } operationName fields transport clientAddress decision code } } }`;
/** The one record under the trace of an answer. */
const recordOf = (answer: Response) =>
  eventually(async () => {
    const filter = { traceId: answer.headers.get("x-trace-id") };
    const { nodes } = (await administrator.ask(auditShape, AUDIT, { filter })).auditLog;
    expect(nodes).toHaveLength(1);
    return nodes[0];
  }, PATIENCE_MS);

const clientShape = z.object({
  createOAuthClient: z.object({ client: z.object({ id: z.string() }), secret: z.string() }),
});
const MAKE_CLIENT = `mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) {
  ... on OAuthClientCreated { client { id } secret } } }`;
const tokenShape = z.object({ access_token: z.string(), token_type: z.string() });

/** A client whose tokens are bound to a key of its own. */
interface Holder {
  readonly clientId: string;
  readonly token: string;
  proofFor(path: string): Promise<string>;
}

const proofOf = async (key: CryptoKey, jwk: JWK, method: string, path: string, token?: string): Promise<string> => {
  const ath = token === undefined ? {} : { ath: createHash("sha256").update(token).digest("base64url") };
  return new SignJWT({ jti: randomUUID(), htm: method, htu: `${publicUrl()}${path}`, ...ath })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
    .setIssuedAt()
    .sign(key);
};

const makeHolder = async (): Promise<Holder> => {
  const input = { name: "bound", kind: "SERVICE", permissions: ["analytics:read"], dpopRequired: true };
  const { createOAuthClient: made } = await administrator.ask(clientShape, MAKE_CLIENT, { input });
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  const answer = await fetch(`${roles.url("identity")}/oauth/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${made.client.id}:${made.secret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
      dpop: await proofOf(privateKey, jwk, "POST", "/oauth/token"),
    },
    body: "grant_type=client_credentials",
  });
  const { access_token: token } = tokenShape.parse(await answer.json());
  expect(decodeJwt(token)["cnf"]).toEqual({ jkt: await calculateJwkThumbprint(jwk) });
  const proofFor = (path: string): Promise<string> => proofOf(privateKey, jwk, "GET", path, token);
  return { clientId: made.client.id, token, proofFor };
};

describe("a token that is bound to a key (RFC 9449), at a bridge that is a process of its own", () => {
  it("is let in with a proof made for the bridge's own request, and the record names the caller and its true address", async () => {
    const holder = await makeHolder();
    const answer = await ask("bridge", METRICS, {
      authorization: `DPoP ${holder.token}`,
      dpop: await holder.proofFor(METRICS),
    });
    expect(answer.status).toBe(200);
    expect(await recordOf(answer)).toEqual({
      subject: { kind: "CLIENT", id: holder.clientId },
      operationName: expect.any(String),
      fields: ["Query.realtimeMetrics"],
      transport: "REST",
      clientAddress: HOME,
      decision: "ALLOWED",
      code: null,
    });
  }, 120_000);

  it("is refused without a proof, with one for another address, and with one that was used, at another process too", async () => {
    const holder = await makeHolder();
    const authorization = `DPoP ${holder.token}`;
    const dpop = await holder.proofFor(METRICS);
    expect((await ask("bridge", METRICS, { authorization })).status).toBe(401);
    expect((await ask("bridge", METRICS, { authorization, dpop: await holder.proofFor("/graphql") })).status).toBe(401);
    expect((await ask("bridge", METRICS, { authorization, dpop })).status).toBe(200);
    expect((await ask("bridge", METRICS, { authorization, dpop })).status).toBe(401);
    expect((await ask("second bridge", METRICS, { authorization, dpop })).status).toBe(401);
  }, 60_000);

  it("opens a stream, which ends when its client does", async () => {
    const holder = await makeHolder();
    const headers = { authorization: `DPoP ${holder.token}`, dpop: await holder.proofFor(STREAM) };
    const socket = new WebSocket(`${roles.url("bridge").replace("http", "ws")}${STREAM}`, { headers });
    const types: unknown[] = [];
    socket.on("message", (data: Buffer) =>
      types.push(z.object({ type: z.string() }).parse(JSON.parse(data.toString("utf8"))).type),
    );
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await eventually(() => expect(types).toContain("metrics"));
    await administrator.tell("mutation($id: ID!) { revokeOAuthClient(id: $id) { __typename } }", {
      id: holder.clientId,
    });
    expect(await closed).toBe(4401);
  }, 90_000);
});

const keyShape = z.object({ createApiKey: z.object({ apiKey: z.object({ id: z.string() }), secret: z.string() }) });
const MAKE_KEY = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on ApiKeyCreated { apiKey { id } secret } } }`;
const makeKey = async (networks: readonly string[] | null) => {
  const input = { name: `a key ${randomUUID()}`, permissions: ["analytics:read"], networks };
  const { apiKey, secret } = (await administrator.ask(keyShape, MAKE_KEY, { input })).createApiKey;
  return { id: apiKey.id, secret };
};
const registeredShape = z.object({ registerRequestKey: z.object({ requestKey: z.object({ id: z.string() }) }) });
const REGISTER = `mutation ($input: RegisterRequestKeyInput!) { registerRequestKey(input: $input) {
  ... on RequestKeyRegistered { requestKey { id } } } }`;

describe("a key whose requests must be signed (RFC 9421), at a bridge that is a process of its own", () => {
  it("is let in by the signature of the bridge's own request once, and refused without one", async () => {
    const made = await makeKey(null);
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const input = {
      ...{ credentialKind: "API_KEY", credentialId: made.id, required: true },
      publicKey: JSON.stringify(publicKey.export({ format: "jwk" })),
    };
    const { requestKey } = (await administrator.ask(registeredShape, REGISTER, { input })).registerRequestKey;
    const authorization = `Bearer ${made.secret}`;
    const signed = await httpbis.signMessage(
      {
        key: createSigner(privateKey, "ed25519", requestKey.id),
        fields: ["@method", "@target-uri", "authorization"],
        params: ["created", "nonce", "keyid"],
        paramValues: { nonce: randomUUID() },
      },
      { method: "GET", url: `${publicUrl()}${METRICS}`, headers: { authorization } },
    );
    const headers = Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name, value]));
    const answer = await ask("bridge", METRICS, headers);
    expect(answer.status).toBe(200);
    expect(await recordOf(answer)).toMatchObject({ subject: { kind: "API_KEY", id: made.id }, clientAddress: HOME });
    expect((await ask("bridge", METRICS, headers)).status).toBe(401);
    expect((await ask("second bridge", METRICS, headers)).status).toBe(401);
    expect((await ask("bridge", METRICS, { authorization })).status).toBe(401);
  }, 120_000);
});

describe("a key that may come from one network alone", () => {
  it("is let in from there through the bridge, and from nowhere else", async () => {
    const { secret } = await makeKey([`${HOME}/32`]);
    const authorization = `Bearer ${secret}`;
    expect((await ask("bridge", METRICS, { authorization })).status).toBe(200);
    expect((await ask("bridge", METRICS, { authorization, "x-forwarded-for": ELSEWHERE })).status).toBe(403);
  }, 60_000);
});

describe("an identity from outside", () => {
  it("that the platform did not sign for the gateway opens neither the gateway nor the bridge, in whatever header it comes", async () => {
    const tenant = parseTenantId(tenantId);
    if (tenant === null) throw new Error("A seeded tenant has an id.");
    const caller: Caller = {
      tenantId: tenant,
      subject: { kind: "SERVICE", id: "forger" },
      permissions: new Set(TENANT_PERMISSIONS),
      expiresAtMs: null,
      ...PLAIN_ACCESS,
    };
    const sign = createIdentitySigner({ secret: SECRETS.IDENTITY_SECRET, nowMs: systemNowMs });
    const forge = createIdentitySigner({ secret: `${SECRETS.IDENTITY_SECRET}!`, nowMs: systemNowMs });
    const question = `/graphql?query=${encodeURIComponent("{ whoAmI { subject { id } } }")}`;
    const askGateway = async (headers: Record<string, string>): Promise<number> =>
      (await ask("gateway", question, { "apollo-require-preflight": "true", ...headers })).status;
    const genuine = await createForwardCaller(sign)(caller, HOME);
    expect(await askGateway({ authorization: genuine })).toBe(200);
    const wrong = [
      { authorization: await createForwardCaller(forge)(caller, HOME) },
      { authorization: `Tessera-Identity ${await sign(caller, "analytics")}` },
      { authorization: `Bearer ${await sign(caller, "gateway", HOME)}` },
      { [IDENTITY_HEADER]: await sign(caller, "gateway", HOME) },
    ];
    for (const headers of wrong) {
      expect(await askGateway(headers)).toBe(401);
      expect((await ask("bridge", METRICS, headers)).status).toBe(401);
    }
    // What the bridge tells the gateway is nothing a client may tell the bridge.
    expect((await ask("bridge", METRICS, { authorization: genuine })).status).toBe(401);
  }, 60_000);
});

describe("a request that the bridge refuses by itself", () => {
  it("leaves one record in the tenant's log, by the process that writes it", async () => {
    const { id, secret } = await makeKey(null);
    const authorization = `Bearer ${secret}`;
    const answer = await ask("bridge", `${METRICS}?timeframe=soon`, { authorization });
    expect(answer.status).toBe(400);
    expect(await recordOf(answer)).toEqual({
      subject: { kind: "API_KEY", id },
      operationName: `GET ${METRICS}`,
      fields: ["Query.realtimeMetrics"],
      transport: "REST",
      clientAddress: HOME,
      decision: "REFUSED",
      code: "BAD_INPUT",
    });
  }, 120_000);
});
