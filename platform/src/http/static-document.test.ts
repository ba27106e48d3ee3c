import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createLogger } from "../telemetry/logger.ts";
import { createHttpServer, listenOn } from "./server.ts";
import { serveDocument } from "./static-document.ts";

const server = createHttpServer({ logger: createLogger("test", "silent") });
let made = 0;
serveDocument(server, {
  path: "/page",
  mediaType: "text/html; charset=utf-8",
  content: () => {
    made += 1;
    if (made === 1) throw new Error("the file is away");
    return "<p>Grüße</p>".repeat(100);
  },
  headers: { "x-content-type-options": "nosniff" },
});
let url = "";
beforeAll(async () => {
  url = `http://127.0.0.1:${await listenOn(server, "127.0.0.1", 0)}/page`;
});
afterAll(() => server.close());

const ask = (method: string, headers: Record<string, string> = {}) =>
  fetch(url, { method, headers: { "accept-encoding": "identity", ...headers } });
const get = (headers: Record<string, string> = {}) => ask("GET", headers);

describe("a static document", () => {
  it("is made again after it could not be made, and only once when it could", async () => {
    expect((await get()).status).toBe(500);
    expect((await get()).status).toBe(200);
    await get();
    expect(made).toBe(2);
  });

  it("is the same text plain and zipped, and caches are told to keep them apart", async () => {
    const [plain, zipped] = [await get(), await get({ "accept-encoding": "br, gzip" })];
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(zipped.headers.get("vary")).toBe("accept-encoding");
    // fetch unzips by itself.
    expect(await zipped.text()).toBe(await plain.text());
    expect((await get({ "accept-encoding": "gzip;q=0" })).headers.get("content-encoding")).toBeNull();
  });

  it("is not sent again to who has it", async () => {
    const etag = (await get()).headers.get("etag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await get({ "if-none-match": tag });
      expect([answer.status, await answer.text()]).toEqual([304, ""]);
    }
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
  });

  it("keeps its own headers, answers HEAD and OPTIONS, and refuses other methods by name", async () => {
    const { headers } = await get();
    expect([headers.get("x-content-type-options"), headers.get("cache-control")]).toEqual(["nosniff", "no-cache"]);
    const [head, options, posted] = [await ask("HEAD"), await ask("OPTIONS"), await ask("POST")];
    expect([head.status, options.status, posted.status]).toEqual([200, 204, 405]);
    for (const answer of [options, posted]) expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(await posted.json()).toMatchObject({ code: "METHOD_NOT_ALLOWED" });
  });
});
