import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import * as client from "openid-client";
import { openInstallation, errorOf, type Installation } from "./testing/installation.ts";
import { makeClient, startIdentity, type TestClient } from "./testing/running-identity.ts";

let here: Installation;
let service: client.Configuration;
let credentials: TestClient;
beforeAll(async () => {
  here = await openInstallation();
  const made = { kind: "SERVICE", permissions: ["analytics:read"], dpopRequired: true } as const;
  credentials = await makeClient(here.opened, here.tenantId, made);
  service = await here.configure(credentials);
});
afterAll(() => here.close());

const handleOf = async (of: client.Configuration) => {
  const key = await client.randomDPoPKeyPair("ES256", { extractable: true });
  return { key, handle: client.getDPoPHandle(of, key) };
};

describe("a client that asks for DPoP (RFC 9449)", () => {
  it("gets tokens bound to its key, and none without a proof", async () => {
    const { handle } = await handleOf(service);
    const tokens = await client.clientCredentialsGrant(service, {}, { DPoP: handle });
    expect(tokens.token_type).toBe("dpop");
    expect(decodeJwt(tokens.access_token)["cnf"]).toEqual({ jkt: await handle.calculateThumbprint() });
    expect(await errorOf(client.clientCredentialsGrant(service, {}))).toMatchObject([
      400,
      expect.stringMatching(/^invalid_/),
    ]);
  });

  it("introspection tells the binding", async () => {
    const { handle } = await handleOf(service);
    const { access_token: token } = await client.clientCredentialsGrant(service, {}, { DPoP: handle });
    const told = await client.tokenIntrospection(service, token);
    expect(told).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt: await handle.calculateThumbprint() } });
  });

  it("a proof serves once, also when two replicas get it at the same time", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const proof = await new SignJWT({ jti: randomUUID(), htm: "POST", htu: `${here.urls[0]}/oauth/token` })
      .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey);
    const authorization = `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString("base64")}`;
    const send = (url: string) =>
      fetch(`${url}/oauth/token`, {
        method: "POST",
        headers: { authorization, dpop: proof, "content-type": "application/x-www-form-urlencoded" },
        body: "grant_type=client_credentials",
      }).then(({ status }) => status);
    const statuses = await Promise.all([...here.urls, ...here.urls].map(send));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400]);
  });

  it("where nonces are asked for gets one with the refusal, and a token with the proof that carries it", async () => {
    const strict = await startIdentity(here.opened, { requireProofNonces: true });
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const authorization = `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString("base64")}`;
    const send = async (nonce?: string) => {
      const claims = { jti: randomUUID(), htm: "POST", htu: `${strict.url}/oauth/token` };
      const dpop = await new SignJWT(nonce === undefined ? claims : { ...claims, nonce })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
        .setIssuedAt()
        .sign(privateKey);
      const answer = await fetch(`${strict.url}/oauth/token`, {
        method: "POST",
        headers: { authorization, dpop, "content-type": "application/x-www-form-urlencoded" },
        body: "grant_type=client_credentials",
      });
      return { status: answer.status, nonce: answer.headers.get("dpop-nonce"), body: await answer.text() };
    };
    const refused = await send();
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining("use_dpop_nonce")]);
    expect((await send("made up")).status).toBe(400);
    expect((await send(refused.nonce ?? "")).status).toBe(200);
    await strict.stop();
  });

  it("a refresh token of a public client is bound as well: another key can't use it", async () => {
    const made = {
      kind: "PUBLIC",
      permissions: ["analytics:read"],
      redirectUris: ["https://app.example/callback"],
    } as const;
    const { id } = await makeClient(here.opened, here.tenantId, made);
    const found = await client.discovery(new URL(here.urls[0]), id, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const browser = here.browse();
    const asked = await here.ask({ client_id: id });
    const allowed = await browser.submit(await here.signIn(browser, await browser.open(asked.url)), "/consent", {});
    const { handle } = await handleOf(found);
    const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state };
    const left = allowed.left ?? new URL("https://nowhere.example");
    const tokens = await client.authorizationCodeGrant(found, left, checks, {}, { DPoP: handle });
    const other = await handleOf(found);
    const stolen = client.refreshTokenGrant(found, tokens.refresh_token ?? "", {}, { DPoP: other.handle });
    expect(await errorOf(stolen)).toEqual([400, "invalid_grant"]);
    const own = await client.refreshTokenGrant(found, tokens.refresh_token ?? "", {}, { DPoP: handle });
    expect(own.token_type).toBe("dpop");
  });
});
