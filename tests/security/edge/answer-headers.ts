import { describe, expect, it } from "@jest/globals";
import type { World } from "./edge-world.ts";

const EVERYWHERE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "strict-transport-security": "max-age=31536000",
} as const;

const PAGES = ["/", "/graphiql", "/docs"] as const;
/** Answers that hold a tenant's data, and refusals. */
const DATA = ["/api/v2/analytics/realtime/metrics", "/graphql?query=%7BwhoAmI%7BexpiresAt%7D%7D"] as const;
const OTHERS = ["/api/v2/openapi.json", "/livez", "/readyz", "/metrics", "/nothing-here", "/.env"] as const;

const headersOf = async (url: string, init: RequestInit = {}): Promise<Headers> => {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.headers;
};
const subset = (headers: Headers, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, headers.get(name)]));

/** Sources of a policy's directive: what it names, or what `default-src` does. */
const sourcesOf = (policy: string, directive: string): readonly string[] => {
  const directives = new Map(
    policy.split(";").map((each) => [each.trim().split(" ")[0], each.trim().split(" ").slice(1)]),
  );
  return directives.get(directive) ?? directives.get("default-src") ?? ["*"];
};

/** What an answer tells a browser about itself. */
export const describeAnswerHeaders = (world: World): void => {
  const at = (path: string): string => `${world().instance.url}${path}`;
  const withKey = (): { headers: Record<string, string> } => ({
    headers: { authorization: `Bearer ${world().instance.alpha.apiKey}`, "apollo-require-preflight": "1" },
  });

  describe("every answer", () => {
    it.each([...PAGES, ...DATA, ...OTHERS])(
      "%s: is not sniffed, framed, referred to or taken off TLS",
      async (path) => {
        const headers = await headersOf(at(path), withKey());
        expect(subset(headers, Object.keys(EVERYWHERE))).toEqual(EVERYWHERE);
        const policy = headers.get("content-security-policy") ?? "";
        expect(sourcesOf(policy, "frame-ancestors")).toEqual(["'none'"]);
        expect(sourcesOf(policy, "base-uri")).toEqual(["'none'"]);
        expect(headers.get("x-powered-by") ?? headers.get("server")).toBeNull();
      },
    );

    it.each(DATA)("%s: is kept by no cache", async (path) => {
      expect((await headersOf(at(path), withKey())).get("cache-control")).toMatch(/no-store/);
    });

    it("of an event taken in, a refusal and an error is kept by no cache", async () => {
      const body = JSON.stringify([{ name: "headers" }]);
      const headers = { ...withKey().headers, "content-type": "application/json" };
      for (const init of [{ body, headers }, { body: "{", headers }, { body }])
        expect((await headersOf(at("/api/v2/events"), { method: "POST", ...init })).get("cache-control")).toMatch(
          /no-store/,
        );
    });
  });

  describe("pages", () => {
    it.each(PAGES)("%s: runs no inline script, loads from nowhere else, sends forms nowhere", async (path) => {
      const response = await fetch(at(path), { headers: { accept: "text/html" } });
      const [policy, html] = [response.headers.get("content-security-policy") ?? "", await response.text()];
      const scripts = sourcesOf(policy, "script-src");
      expect(["'none'", "'self'"]).toContain(scripts.join(" "));
      expect(sourcesOf(policy, "default-src")).toEqual(["'none'"]);
      expect(sourcesOf(policy, "form-action")).toEqual(["'none'"]);
      expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
      // What the policy would stop is not there in the first place.
      expect(html.match(/<script(?![^>]*\ssrc=)[^>]*>/g)).toBeNull();
      expect(html).not.toMatch(/\son\w+\s*=|javascript:/i);
    });
  });
};
