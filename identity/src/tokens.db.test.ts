import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import * as client from "openid-client";
import { errorOf, openInstallation, REDIRECT, type Installation } from "./testing/installation.ts";
import { makeClient, makeTenant, startIdentity } from "./testing/running-identity.ts";

let here: Installation;

beforeAll(async () => {
  here = await openInstallation();
});
beforeEach(() => {
  here.useReplicas([here.urls[0]]);
});
afterAll(() => here.close());

describe("refresh tokens", () => {
  it("rotate: each serves once, at any replica, and a used one ends the whole family", async () => {
    const tokens = await here.redeem(await here.callback());
    here.useReplicas([here.urls[1]]);
    const next = await client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? "");
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(await client.tokenIntrospection(here.stranger, next.access_token)).toMatchObject({
      active: true,
      sub: here.person.id,
    });
    here.useReplicas([here.urls[0]]);
    expect(await errorOf(client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? ""))).toEqual([
      400,
      "invalid_grant",
    ]);
    expect(await errorOf(client.refreshTokenGrant(here.stranger, next.refresh_token ?? ""))).toEqual([
      400,
      "invalid_grant",
    ]);
    for (const token of [tokens.access_token, next.access_token])
      expect(await client.tokenIntrospection(here.stranger, token)).toMatchObject({ active: false });
  });

  it("used at the same time at two replicas, two never both go through", async () => {
    const { refresh_token: token = "" } = await here.redeem(await here.callback());
    here.useReplicas(here.urls);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => errorOf(client.refreshTokenGrant(here.stranger, token))));
    expect(outcomes.filter((outcome) => outcome === "let in").length).toBeLessThanOrEqual(1);
  });

  it("of one client are worth nothing to another", async () => {
    const { refresh_token: token = "" } = await here.redeem(await here.callback());
    const other = await makeClient(here.opened, here.tenantId, {
      kind: "WEB",
      permissions: ["analytics:read"],
      redirectUris: [REDIRECT],
    });
    expect(await errorOf(client.refreshTokenGrant(await here.configure(other), token))).toEqual([400, "invalid_grant"]);
  });

  it("outlive a restart, as codes do, and nothing of them can be read in the database", async () => {
    const asked = await here.callback();
    const third = await startIdentity(here.opened, { publicUrl: here.urls[0] });
    here.useReplicas([third.url]);
    const tokens = await here.redeem(asked);
    await third.stop();
    here.useReplicas([here.urls[1]]);
    const next = await client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? "");
    expect(next.access_token).toBeTruthy();
    const { rows } = await here.opened.owner.query("SELECT oauth_state::text AS row FROM oauth_state");
    const kept = JSON.stringify(rows);
    for (const secret of [
      tokens.refresh_token,
      next.refresh_token,
      asked.left.searchParams.get("code"),
      here.person.email,
    ])
      expect(kept).not.toContain(secret);
  });
});

describe("revocation (RFC 7009) and introspection (RFC 7662)", () => {
  it("a revoked access token is inactive, the rest of its family is not", async () => {
    const tokens = await here.redeem(await here.callback());
    await client.tokenRevocation(here.stranger, tokens.access_token);
    expect(await client.tokenIntrospection(here.stranger, tokens.access_token)).toEqual({ active: false });
    const next = await client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? "");
    expect(await client.tokenIntrospection(here.stranger, next.access_token)).toMatchObject({ active: true });
  });

  it("a revoked refresh token ends its family", async () => {
    const tokens = await here.redeem(await here.callback());
    await client.tokenRevocation(here.stranger, tokens.refresh_token ?? "");
    expect(await client.tokenIntrospection(here.stranger, tokens.access_token)).toEqual({ active: false });
    expect(await errorOf(client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? ""))).toEqual([
      400,
      "invalid_grant",
    ]);
  });

  it("another tenant's client learns nothing about a token, and can't end it", async () => {
    const tokens = await here.redeem(await here.callback());
    const elsewhere = await makeTenant(here.opened);
    const spy = await here.configure(
      await makeClient(here.opened, elsewhere, { kind: "SERVICE", permissions: ["analytics:read"] }),
    );
    expect(await client.tokenIntrospection(spy, tokens.access_token)).toEqual({ active: false });
    await client.tokenRevocation(spy, tokens.access_token);
    expect(await client.tokenIntrospection(here.stranger, tokens.access_token)).toMatchObject({ active: true });
  });

  it("a suspended tenant's tokens are inactive, and it gets no new ones", async () => {
    const tenant = await makeTenant(here.opened);
    const service = await here.configure(
      await makeClient(here.opened, tenant, { kind: "SERVICE", permissions: ["analytics:read"] }),
    );
    const { access_token: token } = await client.clientCredentialsGrant(service);
    await here.opened.owner.query("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", [tenant]);
    expect(await errorOf(client.clientCredentialsGrant(service))).toMatchObject({ status: 401 });
    await here.opened.owner.query("UPDATE tenant SET state = 'ACTIVE' WHERE id = $1", [tenant]);
    expect(await client.tokenIntrospection(service, token)).toMatchObject({ active: true });
  });
});
