import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { createPublicFetch, PUBLIC_FETCH_MAX_BYTES } from "./public-fetch.ts";

let server: Server;
let url = "";
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/away") return void response.writeHead(302, { location: "/fine" }).end();
    if (request.url === "/long") return void response.end(JSON.stringify("x".repeat(PUBLIC_FETCH_MAX_BYTES)));
    if (request.url === "/text") return void response.end("<html>");
    response.end('{"fine":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

describe("fetching what somebody outside has named", () => {
  const strict = createPublicFetch({ allowLoopback: false });
  const lax = createPublicFetch({ allowLoopback: true });

  it.each([
    ...["http://8.8.8.8/x", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/"],
    ...[
      "https://[::ffff:10.0.0.1]/",
      "https://2130706433/",
      "https://0x7f.1/",
      "https://0177.0.0.1/",
      "https://127.1/",
    ],
    ...["file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8/", "https://user:pass@8.8.8.8/"],
  ])("%s is not fetched", async (address) => {
    await expect(strict(address)).rejects.toThrow(/https|public|credentials/);
  });

  it("a name that leads to this machine is not followed, in tests neither", async () => {
    await expect(strict("https://localhost/")).rejects.toThrow(/public/);
  });

  it("an answer is read when it is one: redirects, long answers and other text are refused", async () => {
    expect(await lax(`${url}/fine`)).toEqual({ fine: true });
    await expect(lax(`${url}/away`)).rejects.toThrow("redirects are not followed");
    await expect(lax(`${url}/long`)).rejects.toThrow("more than");
    await expect(lax(`${url}/text`)).rejects.toThrow(SyntaxError);
  });
});
