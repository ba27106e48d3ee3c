import { describe, expect, it } from "@jest/globals";
import { routeDescriptions } from "../../../rest-bridge/src/routes/descriptions.ts";
import { ALLOWED_ORIGIN, type World } from "./edge-world.ts";

const QUESTION = JSON.stringify({ query: "{ whoAmI { expiresAt } }" });
const METRICS = "/api/v2/analytics/realtime/metrics";

const rest = routeDescriptions.filter(({ authenticated, messages }) => authenticated && messages === undefined);
const shared = ["/graphql", ...new Set(rest.map(({ path }) => path))];
const STRANGERS = [
  "https://evil.example",
  "https://console.example.com.evil.example",
  "https://evil.example/https://console.example.com",
  "http://console.example.com",
  "https://console.example.com:8443",
  "https://sub.console.example.com",
  "https://CONSOLE.example.com",
  "null",
  "*",
];

interface Outside {
  readonly at: (path: string) => string;
  readonly withKey: () => { readonly headers: Record<string, string> };
  readonly preflight: (path: string, origin: string) => Promise<Response>;
  readonly headersOf: (path: string, headers: Record<string, string>) => Promise<Headers>;
}

const outsideOf = (world: World): Outside => {
  const at = (path: string): string => `${world().instance.url}${path}`;
  return {
    at,
    withKey: () => ({
      headers: { authorization: `Bearer ${world().instance.alpha.apiKey}`, "apollo-require-preflight": "1" },
    }),
    preflight: (path, origin) =>
      fetch(at(path), {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization, content-type",
        },
      }),
    headersOf: async (path, headers) => {
      const response = await fetch(at(path), { headers });
      await response.arrayBuffer();
      return response.headers;
    },
  };
};

/** Who may read the answers. */
export const describeSharing = (world: World): void => {
  const { withKey, preflight, headersOf } = outsideOf(world);
  describe("pages of other origins", () => {
    it.each(shared)("%s: a listed one may call and read; it is named, not everybody", async (path) => {
      const { status, headers } = await preflight(path, ALLOWED_ORIGIN);
      expect({ status, origin: headers.get("access-control-allow-origin") }).toEqual({
        status: 204,
        origin: ALLOWED_ORIGIN,
      });
      expect(headers.get("access-control-allow-headers")).toMatch(/authorization.*content-type/);
      expect(headers.get("access-control-allow-credentials")).toBeNull();
      expect(headers.get("vary")).toMatch(/origin/);
      const answer = await headersOf(path, { ...withKey().headers, origin: ALLOWED_ORIGIN });
      expect(answer.get("access-control-allow-origin")).toBe(ALLOWED_ORIGIN);
      expect(answer.get("access-control-expose-headers")).toMatch(/x-trace-id/);
    });

    it.each(shared)("%s: strangers may not, however like a listed one they look", async (path) => {
      for (const origin of STRANGERS) {
        const headers = [(await preflight(path, origin)).headers, await headersOf(path, { origin })];
        for (const each of headers) {
          expect({ origin, allowed: each.get("access-control-allow-origin") }).toEqual({ origin, allowed: null });
          expect(each.get("access-control-allow-methods")).toBeNull();
          expect(each.get("vary")).toMatch(/origin/);
        }
      }
    });
  });
};

/** What a page can make a browser send without asking. */
export const describeSimpleRequests = (world: World): void => {
  const { at, withKey } = outsideOf(world);
  describe("requests a browser sends by itself", () => {
    it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])(
      "what a browser sends without asking first (%s) is refused, whoever it is from",
      async (contentType) => {
        const { authorization } = withKey().headers;
        const headers = { ...(authorization === undefined ? {} : { authorization }), "content-type": contentType };
        const graph = await fetch(at("/graphql"), { method: "POST", headers, body: Buffer.from(QUESTION) });
        expect([400, 415]).toContain(graph.status);
        const question = await fetch(at("/api/v2/analytics/realtime/query"), {
          method: "POST",
          headers,
          body: Buffer.from("{}"),
        });
        expect([400, 415]).toContain(question.status);
        const events = await fetch(at("/api/v2/events"), { method: "POST", headers, body: Buffer.from("[]") });
        expect([400, 415]).toContain(events.status);
      },
    );

    it("a query in a link is refused unless a header shows that the browser asked first", async () => {
      const link = at("/graphql?query=%7BwhoAmI%7BexpiresAt%7D%7D");
      const { authorization = "" } = withKey().headers;
      expect((await fetch(link, { headers: { authorization } })).status).toBe(400);
      expect((await fetch(link, { headers: { authorization, "apollo-require-preflight": "1" } })).status).toBe(200);
      expect((await fetch(at(METRICS), { headers: { authorization } })).status).toBe(200);
    });

    it("a mutation never comes by GET", async () => {
      const link = at("/graphql?query=mutation%7BrenameTenant(input%3A%7Bname%3A%22x%22%7D)%7Bid%7D%7D");
      expect((await fetch(link, withKey())).status).toBe(405);
    });
  });
};
