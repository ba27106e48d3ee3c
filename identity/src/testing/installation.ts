import * as client from "openid-client";
import type { TenantId, UserId } from "@tessera/contracts/ids";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createBrowser, type Browser, type Seen } from "./browser.ts";
import { makeClient, makePerson, makeTenant, startIdentity, type TestClient } from "./running-identity.ts";

/** Where the applications of these tests are. */
export const REDIRECT = "https://app.example/callback";
/** The password of everybody in these tests. */
export const PASSWORD = "correct horse battery staple";

/** An authorization request under way. */
export interface Asked {
  readonly url: string;
  readonly verifier: string;
  readonly state: string;
}

/** One that came back to the application with a code. */
export type CalledBack = Asked & { readonly left: URL };

/** Status and code of a refused request; "let in" when it was not. */
export const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "let in",
    (error: unknown) => (error instanceof client.ResponseBodyError ? [error.status, error.error] : error),
  );

/** Two replicas over one database, a tenant with a person and an application, and a stranger's client library. */
export interface Installation {
  readonly opened: TestResources;
  readonly urls: readonly [string, string];
  readonly tenantId: TenantId;
  readonly person: { readonly id: UserId; readonly email: string };
  readonly app: TestClient;
  readonly stranger: client.Configuration;
  /** Sends what follows to replicas in turn, as a load balancer would; to the first alone after `useReplicas([urls[0]])`. */
  useReplicas(urls: readonly string[]): void;
  configure(of: TestClient): Promise<client.Configuration>;
  browse(): Browser;
  ask(extra?: Readonly<Record<string, string>>): Promise<Asked>;
  signIn(browser: Browser, page: Seen, password?: string, email?: string): Promise<Seen>;
  /** Signs in, agrees, and answers where the application is called back. */
  callback(browser?: Browser): Promise<CalledBack>;
  redeem(called: CalledBack): ReturnType<typeof client.authorizationCodeGrant>;
  close(): Promise<void>;
}

/** Starts {@link Installation}. */
export const openInstallation = async (): Promise<Installation> => {
  const opened = openTestResources();
  const first = await startIdentity(opened);
  const second = await startIdentity(opened, { publicUrl: first.url });
  const tenantId = await makeTenant(opened);
  const person = await makePerson(opened, tenantId, PASSWORD);
  const permissions = ["analytics:read", "tenant:manage"] as const;
  const app = await makeClient(opened, tenantId, { kind: "WEB", permissions, redirectUris: [REDIRECT] });
  let replicas: readonly string[] = [first.url];
  let turn = 0;
  const replica = (): string => replicas[(turn += 1) % replicas.length] ?? first.url;
  const configure = async (of: TestClient): Promise<client.Configuration> => {
    const auth = client.ClientSecretBasic(of.secret);
    const options = { execute: [client.allowInsecureRequests] };
    const found = await client.discovery(new URL(first.url), of.id, undefined, auth, options);
    found[client.customFetch] = (url, sent) =>
      fetch(url.replace(first.url, replica()), { ...sent, body: sent.body ?? null });
    return found;
  };
  const stranger = await configure(app);
  const browse = (): Browser => createBrowser(replica, first.url);
  const signIn: Installation["signIn"] = (browser, page, password = PASSWORD, email = person.email) =>
    browser.submit(page, "/sign-in", { email, password });
  const ask: Installation["ask"] = async (extra = {}) => {
    const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()];
    const url = client.buildAuthorizationUrl(stranger, {
      redirect_uri: REDIRECT,
      scope: "openid email offline_access analytics:read",
      prompt: "consent",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      ...extra,
    });
    return { url: url.href, verifier, state };
  };
  return {
    ...{ opened, tenantId, person, app, stranger, configure, browse, ask, signIn },
    urls: [first.url, second.url],
    useReplicas: (urls) => {
      replicas = urls;
    },
    callback: async (browser = browse()) => {
      const asked = await ask();
      const page = await browser.open(asked.url);
      const agreeing = page.body.includes("/sign-in") ? await signIn(browser, page) : page;
      const { left, body } = await browser.submit(agreeing, "/consent", {});
      if (left === null) throw new Error(`The browser stayed: ${body}`);
      return { ...asked, left };
    },
    redeem: ({ left, verifier, state }) =>
      client.authorizationCodeGrant(stranger, left, { pkceCodeVerifier: verifier, expectedState: state }),
    close: async () => {
      await Promise.all([first.stop(), second.stop()]);
      await opened.close();
    },
  };
};
