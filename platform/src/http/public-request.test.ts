import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createTestCertificate } from "../testing/certificate.ts";
import {
  createPublicRequests,
  PublicRequestError,
  type PublicAnswer,
  type PublicRequest,
  type PublicRequestFault,
} from "./public-request.ts";

const { certificate, key } = createTestCertificate("hooks.example");
const LOOPBACK = { address: "127.0.0.1", family: 4 };
const LONG = 10_000;

const read = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
};

let plain: Server;
let secure: ReturnType<typeof createSecureServer>;
let [plainUrl, securePort] = ["", 0];
let connections = 0;
const listen = (server: { listen: Server["listen"]; address: Server["address"] }): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    }),
  );

beforeAll(async () => {
  plain = createServer((request, response) => {
    if (request.url === "/silent") return;
    if (request.url === "/away") return void response.writeHead(307, { location: `${plainUrl}/echo` }).end("elsewhere");
    if (request.url === "/endless") {
      const more = setInterval(() => response.write("x".repeat(1_000)), 1);
      return void response.on("close", () => clearInterval(more));
    }
    if (request.url === "/later")
      return void response.writeHead(503, { "Retry-After": "120" }).end("\u{1F6A7} not now".repeat(10));
    void read(request).then((body) => {
      const { method, headers } = request;
      response.end(JSON.stringify({ method, body, about: headers["x-about"], length: headers["content-length"] }));
    });
  });
  secure = createSecureServer({ cert: certificate, key }, (_request, response) => void response.end("fine"));
  plain.on("connection", () => (connections += 1));
  secure.on("connection", () => (connections += 1));
  plainUrl = `http://127.0.0.1:${await listen(plain)}`;
  securePort = await listen(secure);
});
afterAll(async () => {
  plain.closeAllConnections();
  secure.closeAllConnections();
  await Promise.all([plain, secure].map((server) => new Promise((resolve) => server.close(resolve))));
});

const asked = (url: string, more: Partial<PublicRequest> = {}): PublicRequest => ({
  ...{ method: "POST", url, timeoutMs: LONG, maxAnswerBytes: 1_000, ...more },
});
const fault = async (attempt: Promise<PublicAnswer | void>): Promise<PublicRequestFault> => {
  const thrown: unknown = await attempt.then(
    () => new Error("It was answered."),
    (error: unknown) => error,
  );
  if (!(thrown instanceof PublicRequestError)) throw thrown;
  return thrown.fault;
};

describe("what is sent to nobody", () => {
  const strict = createPublicRequests({ allowLoopback: false });

  it.each([
    ["http://8.8.8.8/x", "NOT_HTTPS"],
    ["file:///etc/passwd", "NOT_HTTPS"],
    ["gopher://8.8.8.8/", "NOT_HTTPS"],
    ["https://user:pass@8.8.8.8/", "CREDENTIALS"],
    ["https://user@8.8.8.8/", "CREDENTIALS"],
    ["hooks", "NOT_A_URL"],
    [`https://8.8.8.8/${"x".repeat(2_048)}`, "NOT_A_URL"],
    ["https://[fe80::1%25eth0]/", "NOT_A_URL"],
    ["https://127.0.0.1/", "NOT_PUBLIC"],
    ["https://2130706433/", "NOT_PUBLIC"],
    ["https://0x7f.1/", "NOT_PUBLIC"],
    ["https://0x7f000001/", "NOT_PUBLIC"],
    ["https://0177.0.0.1/", "NOT_PUBLIC"],
    ["https://127.1/", "NOT_PUBLIC"],
    ["https://①②⑦.0.0.1/", "NOT_PUBLIC"],
    ["https://[::1]/", "NOT_PUBLIC"],
    ["https://[::ffff:127.0.0.1]/", "NOT_PUBLIC"],
    ["https://[::ffff:a00:1]/", "NOT_PUBLIC"],
    ["https://[64:ff9b::a00:1]/", "NOT_PUBLIC"],
    ["https://[2002:a00:1::]/", "NOT_PUBLIC"],
    ["https://[fd00:ec2::254]/", "NOT_PUBLIC"],
    ["https://169.254.169.254/latest/meta-data/", "NOT_PUBLIC"],
    ["https://localhost/", "NOT_PUBLIC"],
  ] as const)("%s: %s, when it is saved as when it is sent to", async (url, expected) => {
    expect(await fault(strict.check(url))).toBe(expected);
    expect(await fault(strict.send(asked(url)))).toBe(expected);
  });

  it("a name of which one address is not public", async () => {
    const addresses = [{ address: "8.8.8.8", family: 4 }, LOOPBACK];
    const requests = createPublicRequests({ allowLoopback: false, resolve: () => Promise.resolve(addresses) });
    expect(await fault(requests.check("https://both.example/"))).toBe("NOT_PUBLIC");
    expect(await fault(requests.send(asked("https://both.example/")))).toBe("NOT_PUBLIC");
  });

  it("a name that leads nowhere", async () => {
    const nowhere = createPublicRequests({ allowLoopback: false, resolve: () => Promise.resolve([]) });
    expect(await fault(nowhere.check("https://nobody.example/"))).toBe("UNRESOLVED");
    const refused = createPublicRequests({
      allowLoopback: false,
      resolve: () => Promise.reject(new Error("NXDOMAIN")),
    });
    expect(await fault(refused.send(asked("https://nobody.example/")))).toBe("UNRESOLVED");
  });

  it("a name that was public when it was saved and leads within when it is sent to: nothing is connected to", async () => {
    const answers = [[{ address: "8.8.8.8", family: 4 }], [LOOPBACK]];
    const requests = createPublicRequests({
      allowLoopback: false,
      resolve: () => Promise.resolve(answers.shift() ?? []),
    });
    const before = connections;
    const url = `https://rebound.example:${securePort}/`;
    await requests.check(url);
    expect(await fault(requests.send(asked(url)))).toBe("NOT_PUBLIC");
    expect(connections).toBe(before);
  });
});

describe("what is sent", () => {
  const lax = createPublicRequests({ allowLoopback: true });

  it("arrives with its method, header fields and body", async () => {
    const answer = await lax.send(asked(`${plainUrl}/echo`, { body: "grüße", headers: { "x-about": "it" } }));
    expect(answer).toMatchObject({ status: 200, isCut: false });
    expect(JSON.parse(answer.body.toString())).toEqual({ method: "POST", body: "grüße", about: "it", length: "7" });
  });

  it("is answered by whatever status: a redirect is not followed, header fields are told in lower case", async () => {
    expect(await lax.send(asked(`${plainUrl}/away`))).toMatchObject({ status: 307, body: Buffer.from("elsewhere") });
    const answer = await lax.send(asked(`${plainUrl}/later`));
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "120" } });
  });

  it("is read as far as was asked for, however long the answer goes on", async () => {
    const answer = await lax.send(asked(`${plainUrl}/endless`, { maxAnswerBytes: 1_500 }));
    expect(answer).toMatchObject({ status: 200, isCut: true });
    expect(answer.body).toHaveLength(1_500);
  });

  it("is given up when time is over, before an answer, within one, and while the name is looked up", async () => {
    expect(await fault(lax.send(asked(`${plainUrl}/silent`, { timeoutMs: 30 })))).toBe("TIMEOUT");
    const endless = asked(`${plainUrl}/endless`, { timeoutMs: 60, maxAnswerBytes: 1_000_000_000 });
    expect(await fault(lax.send(endless))).toBe("TIMEOUT");
    const slow = createPublicRequests({ allowLoopback: true, resolve: () => new Promise(() => undefined) });
    expect(await fault(slow.send(asked("https://slow.example/", { timeoutMs: 30 })))).toBe("TIMEOUT");
  });

  it("is given up when nobody waits any more, and says when nobody listens", async () => {
    const leaving = new AbortController();
    const sent = fault(lax.send(asked(`${plainUrl}/silent`, { signal: leaving.signal })));
    leaving.abort();
    expect(await sent).toBe("CONNECTION");
    expect(await fault(lax.send(asked("http://127.0.0.1:1/")))).toBe("CONNECTION");
  });
});

describe("who is spoken to", () => {
  const resolve = () => Promise.resolve([LOOPBACK]);
  const url = (host: string) => `https://${host}:${securePort}/`;

  it("shows a certificate of the very name, from an authority that is trusted", async () => {
    const trusting = createPublicRequests({ allowLoopback: true, resolve, certificateAuthority: certificate });
    expect(await trusting.send(asked(url("hooks.example")))).toMatchObject({ status: 200, body: Buffer.from("fine") });
    expect(await fault(trusting.send(asked(url("other.example"))))).toBe("CERTIFICATE");
    const usual = createPublicRequests({ allowLoopback: true, resolve });
    expect(await fault(usual.send(asked(url("hooks.example"))))).toBe("CERTIFICATE");
  });
});
