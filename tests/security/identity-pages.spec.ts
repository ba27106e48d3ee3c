import { createHash, randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { createBrowser, type Seen } from "@tessera/identity/testing/browser";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { startTwoTenants, type TwoTenants } from "../testing/two-tenants.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(60_000);
const START_MS = 240_000;

const PUBLIC_URL = "https://tessera.example.com";
const APP_ORIGIN = "https://app.example.com";
const CALLBACK = `${APP_ORIGIN}/callback`;
const STRANGER = "https://stranger.example.com";
const PASSWORD = "correct horse battery staple";

let instance: TwoTenants;
let administrator: TesseraClient;
let clientId: string;
/** Every page a person can see, by what it is. */
const pages = new Map<string, Seen>();

const clientShape = z.object({ createOAuthClient: z.object({ client: z.object({ id: z.string() }) }) });
const userShape = z.object({ createUser: z.object({ user: z.object({ id: z.string() }) }) });
const linkShape = z.object({ inviteUser: z.object({ link: z.string() }) });

const makeApp = async (): Promise<string> => {
  const input = { name: "an <b>app</b>", kind: "PUBLIC", permissions: ["analytics:read"], redirectUris: [CALLBACK] };
  const text = `mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) {
    ... on OAuthClientCreated { client { id } } } }`;
  return (await administrator.ask(clientShape, text, { input })).createOAuthClient.client.id;
};
const makePerson = async (): Promise<{ email: string; link: string }> => {
  const input = { email: `ada-${randomUUID()}@example.com`, name: "Ada", roles: ["ANALYST"] };
  const create =
    "mutation ($input: CreateUserInput!) { createUser(input: $input) { ... on UserCreated { user { id } } } }";
  const { id } = (await administrator.ask(userShape, create, { input })).createUser.user;
  const invite = "mutation ($userId: ID!) { inviteUser(userId: $userId) { ... on UserInvited { link } } }";
  return { email: input.email, link: (await administrator.ask(linkShape, invite, { userId: id })).inviteUser.link };
};
const authorizeUrl = (extra: Readonly<Record<string, string>> = {}): string => {
  const challenge = createHash("sha256").update(randomBytes(32).toString("base64url")).digest("base64url");
  const asked = {
    ...{ client_id: clientId, redirect_uri: CALLBACK, response_type: "code", scope: "openid analytics:read" },
    ...{ code_challenge: challenge, code_challenge_method: "S256", state: "s", prompt: "consent" },
  };
  return `${PUBLIC_URL}/oauth/authorize?${new URLSearchParams({ ...asked, ...extra }).toString()}`;
};

/** Walks through every page as a person would: invited, signing in, agreeing, signing out, and where something is wrong. */
const visit = async (): Promise<void> => {
  const browser = createBrowser(() => instance.url, PUBLIC_URL);
  const { email, link } = await makePerson();
  const invitation = await browser.open(link);
  pages.set("invitation", invitation);
  const fields = { password: PASSWORD, again: "another" };
  const action = new URL(link).pathname;
  pages.set("invitation, once more", await browser.submit(invitation, action, fields));
  pages.set("password set", await browser.submit(invitation, action, { password: PASSWORD, again: PASSWORD }));
  pages.set("a dead invitation", await browser.open(link));
  const signIn = await browser.open(authorizeUrl());
  pages.set("sign-in", signIn);
  pages.set("sign-in, once more", await browser.submit(signIn, "/sign-in", { email, password: "wrong" }));
  pages.set("consent", await browser.submit(signIn, "/sign-in", { email, password: PASSWORD }));
  pages.set("sign-out", await browser.open(`${PUBLIC_URL}/oauth/sign-out`));
  pages.set("an error", await browser.open(authorizeUrl({ client_id: "<script>alert(1)</script>" })));
  pages.set("an ended interaction", await browser.open(`${PUBLIC_URL}/oauth/interaction/none`));
};

beforeAll(async () => {
  instance = await startTwoTenants({ PUBLIC_URL, ALLOWED_ORIGINS: "https://console.example.com" });
  administrator = createTesseraClient(instance.url, instance.alpha.apiKey);
  clientId = await makeApp();
  await visit();
}, START_MS);
afterAll(() => instance?.stop(), 60_000);

const PAGES = [
  ...["invitation", "invitation, once more", "password set", "a dead invitation", "sign-in", "sign-in, once more"],
  ...["consent", "sign-out", "an error", "an ended interaction"],
];
const pageOf = (name: string): Seen => {
  const page = pages.get(name);
  if (page === undefined) throw new Error(`No page ${name} was visited.`);
  return page;
};
const directivesOf = (policy: string): ReadonlyMap<string, string> =>
  new Map(
    policy.split(";").map((each) => {
      const [name = "", ...sources] = each.trim().split(" ");
      return [name, sources.join(" ")];
    }),
  );

describe("the pages of the authorization server", () => {
  it("were all visited: each is a page of its own", () => {
    const titles = PAGES.map((name) => /<h1>(.*?)<\/h1>/s.exec(pageOf(name).body)?.[1]);
    expect(titles).not.toContain(undefined);
    expect(new Set(titles).size).toBeGreaterThanOrEqual(6);
    expect(pageOf("consent").body).toContain("an &lt;b&gt;app&lt;/b&gt;");
  });

  it.each(PAGES)(
    "%s: runs no script, loads nothing from elsewhere, sends its form here and to the asking app alone",
    (name) => {
      const { headers, body } = pageOf(name);
      const policy = directivesOf(headers.get("content-security-policy") ?? "");
      expect(policy.get("default-src")).toBe("'none'");
      expect(policy.get("script-src")).not.toMatch(/unsafe|http|\*|data:/);
      expect(policy.get("style-src")).toBe("'self'");
      expect([policy.get("base-uri"), policy.get("frame-ancestors")]).toEqual(["'none'", "'none'"]);
      const formAction = (policy.get("form-action") ?? "'self'").split(" ").filter((source) => source !== "'self'");
      expect(formAction.filter((source) => source !== "'none'" && source !== APP_ORIGIN)).toEqual([]);
      expect(body).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|\son\w+\s*=|javascript:|\sstyle\s*=|<style/i);
      expect(body).not.toMatch(/(src|href)="https?:/i);
    },
  );

  it.each(PAGES)(
    "%s: is kept by no cache, framed by nobody, not sniffed, not referred to, over TLS, and no origin may read it",
    (name) => {
      const { headers } = pageOf(name);
      expect(headers.get("cache-control")).toContain("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("content-type")).toMatch(/^text\/html; charset=utf-8$/i);
      expect(headers.get("access-control-allow-origin")).toBeNull();
      for (const cookie of headers.getSetCookie()) expect(cookie).toMatch(/httponly/i);
    },
  );
});

type Sent = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };
const ask = (path: string, origin: string, init: Sent = {}): Promise<Response> =>
  fetch(`${instance.url}${path}`, { ...init, redirect: "manual", headers: { origin, ...init.headers } });
const post = (path: string, origin: string, fields: Readonly<Record<string, string>>): Promise<Response> =>
  ask(path, origin, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });

describe("the endpoints of the authorization server", () => {
  it.each(["/oauth/token", "/oauth/introspect", "/oauth/revoke"])(
    "%s: lets pages of the app itself read answers, of nobody else, never with cookies; and no cache keeps them",
    async (path) => {
      const fields = { client_id: clientId, grant_type: "authorization_code", code: "x", token: "x" };
      const [own, other] = [await post(path, APP_ORIGIN, fields), await post(path, STRANGER, fields)];
      expect(own.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
      expect(await other.text()).not.toContain("access_token");
      for (const answer of [own, other]) {
        expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
        expect(answer.headers.get("cache-control")).toContain("no-store");
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      }
      expect(other.headers.get("access-control-allow-origin")).not.toBe(STRANGER);
    },
  );

  it.each(["/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])(
    "%s: is public, for pages too, and never with cookies",
    async (path) => {
      const answer = await ask(path, STRANGER);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await answer.text()).not.toMatch(/"d":|"k":/);
    },
  );

  it("no page of another origin may read a page of sign-in, or send its form", async () => {
    const opened = await ask(new URL(authorizeUrl()).pathname + new URL(authorizeUrl()).search, STRANGER);
    expect(opened.headers.get("access-control-allow-origin")).not.toBe(STRANGER);
    expect(opened.headers.get("access-control-allow-credentials")).toBeNull();
    const sent = await post("/oauth/interaction/none/sign-in", STRANGER, { email: "a", password: "b" });
    expect(sent.headers.get("access-control-allow-origin")).toBeNull();
    expect(sent.status).toBeGreaterThanOrEqual(400);
  });
});
