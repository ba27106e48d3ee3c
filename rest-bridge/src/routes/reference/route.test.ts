import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { startBridge } from "../../testing/running-bridge.ts";

const supergraphSdl = () => readFileSync(new URL("../../../../supergraph.graphql", import.meta.url), "utf8");

let bridge: Awaited<ReturnType<typeof startBridge>>;
beforeAll(async () => {
  bridge = await startBridge(supergraphSdl);
});
afterAll(() => bridge.stop());

const open = (path: string, headers: Record<string, string> = {}) => fetch(`${bridge.url}${path}`, { headers });

describe("the reference", () => {
  it("is the same document as JSON and as YAML, open to anyone, with a tag that changes with it alone", async () => {
    const [json, yaml] = [await open("/api/v2/openapi.json"), await open("/api/v2/openapi.yaml")];
    expect([json.status, yaml.status]).toEqual([200, 200]);
    expect(parse(await yaml.text())).toEqual(await json.json());
    const again = await open("/api/v2/openapi.json", { "if-none-match": json.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  it("is shown by a page that may load nothing but what this server sends, and all it names is there", async () => {
    const page = await open("/docs");
    const html = await page.text();
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*/);
    const named = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path = ""]) => path);
    expect(named).toHaveLength(4);
    for (const path of named) expect([path, (await open(path)).status]).toEqual([path, 200]);
    expect(html).not.toMatch(/<script>|<style>|https?:\/\//);
  });
});
