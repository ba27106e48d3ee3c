import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { decodeJwt, decodeProtectedHeader } from "jose";
import * as client from "openid-client";
import type { TenantId } from "@tessera/contracts/ids";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import {
  makeClient,
  makeTenant,
  startIdentity,
  type RunningIdentity,
  type TestClient,
} from "./testing/running-identity.ts";

let opened: TestResources;
let running: RunningIdentity;
let tenantId: TenantId;
let service: TestClient;
let stranger: client.Configuration;

beforeAll(async () => {
  opened = openTestResources();
  running = await startIdentity(opened);
  tenantId = await makeTenant(opened);
  service = await makeClient(opened, tenantId, { kind: "SERVICE", permissions: ["analytics:read", "tenant:read"] });
  stranger = await client.discovery(
    new URL(running.url),
    service.id,
    undefined,
    client.ClientSecretBasic(service.secret),
    { execute: [client.allowInsecureRequests] },
  );
});
afterAll(async () => {
  await running.stop();
  await opened.close();
});

describe("client credentials (RFC 6749, section 4.4)", () => {
  it("a stranger's client discovers the server and gets an at+jwt access token of its tenant (RFC 9068)", async () => {
    const answer = await client.clientCredentialsGrant(stranger, {});
    expect(answer.token_type).toBe("bearer");
    expect(answer.scope?.split(" ").toSorted()).toEqual(["analytics:read", "tenant:read"]);
    expect(decodeProtectedHeader(answer.access_token)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    expect(decodeJwt(answer.access_token)).toMatchObject({
      iss: running.url,
      aud: running.url,
      sub: service.id,
      client_id: service.id,
      tenant: tenantId,
      scope: "analytics:read tenant:read",
    });
  });
});
