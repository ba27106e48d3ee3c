import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import * as client from "openid-client";
import { MAX_ATTEMPTS_PER_PERSON } from "./people/sign-in.ts";
import type { Browser, Seen } from "./testing/browser.ts";
import { errorOf, openInstallation, PASSWORD, REDIRECT, type Installation } from "./testing/installation.ts";
import { makeClient, makePerson, makeTenant } from "./testing/running-identity.ts";

let here: Installation;
let browser: Browser;

beforeAll(async () => {
  here = await openInstallation();
});
beforeEach(() => {
  here.useReplicas([here.urls[0]]);
  browser = here.browse();
});
afterAll(() => here.close());

describe("signing in (authorization code with PKCE)", () => {
  it("a person signs in, agrees, and the application gets tokens of this person and tenant", async () => {
    const tokens = await here.redeem(await here.callback());
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub: here.person.id,
      tenant: here.tenantId,
      client_id: here.app.id,
      scope: "analytics:read",
      aud: here.urls[0],
    });
    expect(tokens.claims()).toMatchObject({ sub: here.person.id, email: here.person.email, iss: here.urls[0] });
  });

  it("pages have no script, are stored by nobody, framed by nobody, and lead to the asking application alone", async () => {
    const page = await browser.open((await here.ask()).url);
    expect(page.body).not.toMatch(/<script|javascript:|\son\w+=/i);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' https://app.example");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
  });

  it("cookies are out of reach of scripts and other sites", async () => {
    const answer = await fetch((await here.ask()).url, { redirect: "manual" });
    const set = answer.headers.getSetCookie();
    expect(set.length).toBeGreaterThan(0);
    for (const cookie of set) expect(cookie).toMatch(/httponly/i);
    for (const cookie of set) expect(cookie).toMatch(/samesite=lax/i);
  });

  it("a wrong password and an unknown person are told the same", async () => {
    const page = await browser.open((await here.ask()).url);
    const wrong = await here.signIn(browser, page, "a wrong password", here.person.email);
    const unknown = await here.signIn(browser, page, PASSWORD, `nobody-${randomUUID()}@example.com`);
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const withoutEmail = ({ body }: Seen): string => body.replace(/value="[^"]*@[^"]*"/, "");
    expect(withoutEmail(wrong)).toBe(withoutEmail(unknown));
  });

  it("what was typed is shown again as text, never as markup", async () => {
    const page = await browser.open((await here.ask()).url);
    const shown = await here.signIn(browser, page, "x", '"><img src=x onerror=alert(1)>');
    expect(shown.body).not.toContain("<img");
    expect(shown.body).toContain("&quot;&gt;&lt;img");
  });

  it("guessing is throttled on all replicas together, and the right password then does not help either", async () => {
    const victim = await makePerson(here.opened, here.tenantId, PASSWORD);
    const page = await browser.open((await here.ask()).url);
    for (let time = 0; time < MAX_ATTEMPTS_PER_PERSON; time += 1) {
      here.useReplicas([here.urls[time % 2 === 0 ? 0 : 1]]);
      expect((await here.signIn(browser, page, "guess", victim.email)).status).toBe(401);
    }
    const late = await here.signIn(browser, page, PASSWORD, victim.email.toUpperCase());
    expect([late.status, late.headers.get("retry-after")]).toEqual([429, "900"]);
    // Another person of the tenant is not kept out by it.
    expect((await here.signIn(browser, page)).status).toBe(200);
  });

  it("a person of another tenant can't sign in here, and their session counts for nothing here", async () => {
    const elsewhere = await makeTenant(here.opened);
    const theirs = await makePerson(here.opened, elsewhere, PASSWORD);
    const page = await browser.open((await here.ask()).url);
    expect((await here.signIn(browser, page, PASSWORD, theirs.email)).status).toBe(401);
    const signedInHere = await here.signIn(browser, page);
    expect(signedInHere.body).toContain("Allow Stranger?");
    const theirApp = await makeClient(here.opened, elsewhere, {
      kind: "WEB",
      permissions: ["analytics:read"],
      redirectUris: [REDIRECT],
    });
    const asked = await here.ask({ client_id: theirApp.id });
    expect((await browser.open(asked.url)).body).toContain("<h1>Sign in to");
  });

  it("a form sent without the interaction's cookie does nothing", async () => {
    const page = await browser.open((await here.ask()).url);
    const other = here.browse();
    const forged = await other.submit(page, "/sign-in", { email: here.person.email, password: PASSWORD });
    expect([forged.status, forged.body.includes("interaction_expired")]).toEqual([400, true]);
  });

  it("who does not agree is sent back with access_denied, and the state", async () => {
    const asked = await here.ask();
    const denied = await browser.submit(await browser.open(asked.url), "/cancel", {});
    expect(denied.left?.searchParams.get("error")).toBe("access_denied");
    expect(denied.left?.searchParams.get("state")).toBe(asked.state);
  });
});

describe("what an attacker tries", () => {
  it("an authorization request without PKCE, or with plain, is refused", async () => {
    for (const missing of [{ code_challenge_method: "plain" }, { code_challenge: "", code_challenge_method: "" }]) {
      const { left } = await browser.open((await here.ask(missing)).url);
      expect(left?.searchParams.get("error")).toBe("invalid_request");
    }
  });

  it("a code without its verifier, or with another's, buys nothing", async () => {
    const first = await here.callback();
    expect(await errorOf(here.redeem({ ...first, verifier: client.randomPKCECodeVerifier() }))).toEqual([
      400,
      "invalid_grant",
    ]);
    const second = await here.callback();
    const bare = client.genericGrantRequest(here.stranger, "authorization_code", {
      code: second.left.searchParams.get("code") ?? "",
      redirect_uri: REDIRECT,
    });
    expect(await errorOf(bare)).toEqual([400, "invalid_grant"]);
  });

  it("a code that is used again ends what came of it", async () => {
    const asked = await here.callback();
    const tokens = await here.redeem(asked);
    expect(await errorOf(here.redeem(asked))).toEqual([400, "invalid_grant"]);
    const again = client.refreshTokenGrant(here.stranger, tokens.refresh_token ?? "");
    expect(await errorOf(again)).toEqual([400, "invalid_grant"]);
    expect(await client.tokenIntrospection(here.stranger, tokens.access_token)).toMatchObject({ active: false });
  });

  it("of one code used at the same time at two replicas at most one use goes through", async () => {
    const asked = await here.callback();
    here.useReplicas(here.urls);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => errorOf(here.redeem(asked))));
    expect(outcomes.filter((outcome) => outcome === "let in").length).toBeLessThanOrEqual(1);
    for (const outcome of outcomes.filter((one) => one !== "let in")) expect(outcome).toEqual([400, "invalid_grant"]);
  });

  it.each([
    ["https://evil.example/callback"],
    [`${REDIRECT}/../evil`],
    [`${REDIRECT}?next=https://evil.example`],
    ["https://app.example.evil.example/callback"],
    ["https://app.example@evil.example/callback"],
    ["http://app.example/callback"],
    ["//evil.example"],
    ["javascript:alert(1)"],
  ])("no browser is ever sent to %s", async (redirect) => {
    const seen = await browser.open((await here.ask({ redirect_uri: redirect })).url);
    expect([seen.status, seen.left]).toEqual([400, null]);
    expect(seen.body).toContain("invalid_redirect_uri");
  });

  it("addresses in answers come from the configuration, not from the Host a request claims", async () => {
    const answer = await fetch(`${here.urls[1]}/.well-known/openid-configuration`, {
      headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", forwarded: "host=evil.example" },
    });
    const text = await answer.text();
    expect(text).not.toContain("evil.example");
    expect(JSON.parse(text)).toMatchObject({ issuer: here.urls[0], token_endpoint: `${here.urls[0]}/oauth/token` });
  });

  it("a token in the URL is refused", async () => {
    const answer = await fetch(`${here.urls[0]}/oauth/introspect?access_token=x`, { method: "POST" });
    expect(answer.status).toBe(400);
  });
});
