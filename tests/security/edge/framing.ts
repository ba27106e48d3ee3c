import { describe, expect, it } from "@jest/globals";
import { sendRaw, sendSlowly } from "./raw-socket.ts";
import type { World } from "./edge-world.ts";

const HOST = "Host: tessera.test\r\n";
const post = (fields: string, body: string): string => `POST /graphql HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const get = (fields: string): string => `GET /livez HTTP/1.1\r\n${HOST}${fields}\r\n`;
const CHUNKED = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
/** What would be answered with 200 if the server read it as a request of its own. */
const SMUGGLED = `GET /livez HTTP/1.1\r\n${HOST}\r\n`;
const fields = (count: number): string => Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join("");

/** Requests whose end, or whose meaning, two servers could see differently (RFC 9112, 6.3 and 11.2); none may be served. */
const AMBIGUOUS: Readonly<Record<string, string>> = {
  "Content-Length beside Transfer-Encoding": post(
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "Transfer-Encoding beside Content-Length": post(
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "two lengths that agree": post("Content-Length: 2\r\nContent-Length: 2\r\n", `{}${SMUGGLED}`),
  "two lengths that differ": post("Content-Length: 2\r\nContent-Length: 0\r\n", `{}${SMUGGLED}`),
  "a list of lengths": post("Content-Length: 2, 2\r\n", `{}${SMUGGLED}`),
  "a length with a sign": post("Content-Length: +2\r\n", `{}${SMUGGLED}`),
  "a length in hexadecimal": post("Content-Length: 0x2\r\n", `{}${SMUGGLED}`),
  "a line folded into the next": get("X-Folded: a\r\n b\r\n"),
  "a folded Transfer-Encoding": post("Transfer-Encoding:\r\n chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "lines that end in LF alone": "GET /livez HTTP/1.1\nHost: tessera.test\n\n",
  "one line that ends in LF alone": `GET /livez HTTP/1.1\r\nHost: tessera.test\nX-Next: 1\r\n\r\n`,
  "a bare CR in a field": `GET /livez HTTP/1.1\r\nHost: tessera.test\rX-Next: 1\r\n\r\n`,
  "a NUL in a field": get("X-Nul: a\0b\r\n"),
  "space before the colon": post("Transfer-Encoding : chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "a vertical tab before the coding": post("Transfer-Encoding: \x0bchunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "a coding nobody knows": post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "a coding before chunked": post(
    `Content-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n`,
    `0\r\n\r\n`,
  ),
  "a coding after chunked": post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${SMUGGLED}`),
  "chunked twice": post(`${CHUNKED}Transfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
  "chunked in HTTP/1.0": `POST /graphql HTTP/1.0\r\n${HOST}${CHUNKED}\r\n0\r\n\r\n`,
  "chunk lines that end in LF alone": post(CHUNKED, `2\n{}\n0\n\n${SMUGGLED}`),
  "a chunk extension that ends in LF alone": post(CHUNKED, `2;a\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  "a chunk size with a prefix": post(CHUNKED, `0x2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  "a chunk longer than its size": post(CHUNKED, `2\r\n{}xx\r\n0\r\n\r\n${SMUGGLED}`),
  "two hosts": `GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  "no host": "GET /livez HTTP/1.1\r\n\r\n",
  "a target of another host": `GET http://elsewhere.test/livez HTTP/1.1\r\n${HOST}\r\n`,
  "two credentials": get("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
  "two media types": post("Content-Type: text/plain\r\nContent-Type: application/json\r\nContent-Length: 2\r\n", "{}"),
  "a space in the target": `GET /livez /metrics HTTP/1.1\r\n${HOST}\r\n`,
  "no version": "GET /livez\r\n\r\n",
  "a version that is none of ours": `GET /livez HTTP/2.0\r\n${HOST}\r\n`,
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a percent sign that encodes nothing": `GET /%zz HTTP/1.1\r\n${HOST}\r\n`,
};

/** Requests larger than any honest one, and the status that says so. */
const OVERSIZE: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  "one field of 20 KB": [get(`X-Long: ${"a".repeat(20_000)}\r\n`), 431],
  "101 fields": [get(fields(100)), 431],
  "2,000 fields, the last a credential": [get(`${fields(1_999)}Authorization: Bearer a\r\n`), 431],
  "a URL of 9 KB": [`GET /livez?${"a".repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`, 414],
  "a chunk extension of 20 KB": [post(CHUNKED, `2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`), 431],
};

/** Milliseconds within which what is not complete is closed, and the room a busy machine is given beyond. */
const CLOSED_WITHIN_MS = 15_000;
const ROOM_MS = 10_000;

/** Connections that begin and never end. */
const SLOW: Readonly<Record<string, readonly [first: string, drip: string]>> = {
  "that says nothing at all": ["", ""],
  "whose first line never ends": ["GET /li", "v"],
  "whose fields never end": [`GET /livez HTTP/1.1\r\n${HOST}`, "X-More: 1\r\n"],
  "whose body never ends": [post("Content-Type: application/json\r\nContent-Length: 1000\r\n", "{"), " "],
  "whose chunks never end": [post(CHUNKED, "1\r\n{\r\n"), "1\r\n \r\n"],
};

/** Bytes that are no honest HTTP/1.1 request. */
export const describeFraming = (world: World): void => {
  describe("what two servers could read differently is refused, and the connection closed", () => {
    it.each(Object.entries(AMBIGUOUS))("%s", async (_what, bytes) => {
      const { status, answers, closed, text } = await sendRaw(world().instance.url, bytes);
      expect({ status, answers, closed }).toEqual({ status: 400, answers: 1, closed: true });
      expect(text).not.toMatch(/alive|node:|\.ts|FST_/);
    });

    it("an extension of a chunk changes nothing about where the body ends", async () => {
      const { text, answers } = await sendRaw(
        world().instance.url,
        post(CHUNKED, `2;a="}\\r\\n"\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
      );
      expect({ answers, first: text.slice(0, 12) }).toEqual({ answers: 2, first: "HTTP/1.1 401" });
    });

    it("CONNECT is no proxy, TRACE no echo", async () => {
      const connect = await sendRaw(world().instance.url, `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${HOST}\r\n`);
      expect({ status: connect.status, closed: connect.closed }).toEqual({ status: 0, closed: true });
      const trace = await sendRaw(world().instance.url, `TRACE /livez HTTP/1.1\r\n${HOST}X-Secret: echoed\r\n\r\n`);
      expect(trace.status).toBe(404);
      expect(trace.text).not.toContain("echoed");
    });
  });

  describe("what every server reads alike is served", () => {
    it.each([
      ["HTTP/1.0, once", "GET /livez HTTP/1.0\r\n\r\n", { status: 200, answers: 1, closed: true }],
      [
        "a target in absolute form",
        `GET http://tessera.test/livez HTTP/1.1\r\n${HOST}\r\n`,
        { status: 200, answers: 1, closed: false },
      ],
      ["two requests one after the other", `${SMUGGLED}${SMUGGLED}`, { status: 200, answers: 2, closed: false }],
      ["99 fields", get(fields(98)), { status: 200, answers: 1, closed: false }],
    ] as const)("%s", async (_what, bytes, expected) => {
      const { status, answers, closed } = await sendRaw(world().instance.url, bytes);
      expect({ status, answers, closed }).toEqual(expected);
    });
  });

  describe("what is larger than any honest request is refused", () => {
    it.each(Object.entries(OVERSIZE))("%s", async (_what, [bytes, status]) => {
      const said = await sendRaw(world().instance.url, bytes);
      expect({ status: said.status, answers: said.answers, closed: said.closed }).toEqual({
        status,
        answers: 1,
        closed: true,
      });
    });
  });
};

/** Requests that take their time. */
export const describeSlowness = (world: World): void => {
  it("connections that begin and never end are closed within fifteen seconds", async () => {
    const options = { everyMs: 500, patienceMs: CLOSED_WITHIN_MS + ROOM_MS };
    const { url } = world().instance;
    const closed = await Promise.all(
      Object.entries(SLOW).map(async ([what, [first, drip]]) => ({
        what,
        ...(await sendSlowly(url, first, drip, options)),
      })),
    );
    expect(closed.map(({ what, closed: isClosed, status }) => ({ what, isClosed, status }))).toEqual(
      // Who is not known is told so at once, whatever else was to follow; everybody else is told that time is up.
      closed.map(({ what, status }) => ({ what, isClosed: true, status: status === 401 ? 401 : 408 })),
    );
  }, 60_000);
};
