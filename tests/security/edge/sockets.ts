import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { ALLOWED_ORIGIN, type World } from "./edge-world.ts";

const PROTOCOL = "graphql-transport-ws";
const STREAM = "/api/v2/analytics/realtime/stream";
/** Milliseconds a socket may take to be closed, on a busy machine. */
const PATIENCE_MS = 20_000;

interface Ended {
  /** HTTP status of a refused handshake; null when it was accepted. */
  readonly refused: number | null;
  readonly code: number;
  readonly reason: string;
  readonly heard: string;
}

interface Opening {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent one after the other; each function waits for what it finds in what was heard. */
  readonly say?: readonly (string | Buffer | RegExp)[];
}

const wait = async (isSo: () => boolean): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < deadline) await new Promise((wake) => setTimeout(wake, 10));
};

const open = (url: string, opening: Opening): Promise<Ended> =>
  new Promise((resolve) => {
    const { path = "/graphql", protocols = [PROTOCOL], headers = {}, say = [] } = opening;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, [...protocols], { headers });
    let heard = "";
    const timer = setTimeout(() => socket.terminate(), PATIENCE_MS);
    const done = (ended: Omit<Ended, "heard">): void => {
      clearTimeout(timer);
      resolve({ ...ended, heard });
    };
    socket.on("message", (data: Buffer) => {
      heard += data.toString("utf8");
    });
    socket.on("unexpected-response", (_request, { statusCode = 0 }) => {
      done({ refused: statusCode, code: 0, reason: "" });
      socket.terminate();
    });
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => done({ refused: null, code, reason: reason.toString("utf8") }));
    socket.on("open", () => {
      void (async () => {
        for (const each of say) {
          if (each instanceof RegExp) await wait(() => each.test(heard));
          else if (socket.readyState === socket.OPEN) socket.send(each, { binary: false });
        }
      })();
    });
  });

const ACK = /connection_ack/;
const subscribe = (id: string): string =>
  JSON.stringify({ id, type: "subscribe", payload: { query: "subscription { realtimeMetrics { cursor } }" } });

type At = (opening: Opening) => Promise<Ended>;

const describeHandshakes = (world: World, at: At): void => {
  describe("a handshake", () => {
    it.each(["/graphql", STREAM])(
      "%s: of a page that is not listed is refused with 403, before any word",
      async (path) => {
        const { url, alpha } = world().instance;
        const { host, port } = new URL(url);
        const authorization = `Bearer ${alpha.apiKey}`;
        for (const origin of [
          "https://evil.example",
          "null",
          "https://console.example.com.evil.example",
          `https://evil.example:${port}`,
          `http://${host}.evil.example`,
        ])
          expect({ origin, ...(await at({ path, headers: { origin, authorization } })) }).toMatchObject({
            origin,
            refused: 403,
          });
      },
    );

    it.each(["/graphql", STREAM])("%s: of a listed page, of its own page and of a program is taken", async (path) => {
      const own = new URL(world().instance.url).origin;
      for (const headers of [{ origin: ALLOWED_ORIGIN }, { origin: own }, {}])
        expect((await at({ path, headers, say: ["no message"] })).refused).toBeNull();
    });

    it("elsewhere is refused", async () => {
      for (const path of ["/", "/api/v2/events", "/graphql/", "/nothing"])
        expect((await at({ path })).refused).toBe(404);
    });
  });
};

const describeCloseCodes = (world: World, at: At): void => {
  const init = (apiKey: string = world().instance.alpha.apiKey): string =>
    JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${apiKey}` } });
  const CASES: readonly (readonly [code: number, what: string, Opening | (() => Opening)])[] = [
    [4400, "a message that is no JSON", { say: ["{"] }],
    [4400, "a message of no known type", { say: ['{"type":"start"}'] }],
    [4400, "a message with a wrong payload", () => ({ say: [init(), ACK, '{"id":1,"type":"subscribe"}'] })],
    [4401, "a subscription before its caller is known", { say: [subscribe("a")] }],
    [4401, "a credential that is none", () => ({ say: [init("tsr_live_unknown")] })],
    [4401, "no credential", { say: ['{"type":"connection_init"}'] }],
    [
      4403,
      "a credential of others in the middle",
      () => ({
        say: [
          init(),
          ACK,
          JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${world().instance.beta.apiKey}` } }),
        ],
      }),
    ],
    [4406, "another subprotocol", { protocols: [], headers: { "sec-websocket-protocol": "graphql-ws" } }],
    [4406, "no subprotocol", { protocols: [] }],
    [4408, "silence", {}],
    [4409, "an id that is in use", () => ({ say: [init(), ACK, subscribe("same"), subscribe("same")] })],
    [4429, "a second introduction", () => ({ say: [init(), ACK, init()] })],
    [
      1009,
      "a message of more than 64 KB",
      () => ({ say: [init(), ACK, `{"type":"ping","payload":{"a":"${"x".repeat(65_536)}"}}`] }),
    ],
    [1007, "text that is no UTF-8", { say: [Buffer.from([0xff, 0xfe])] }],
  ];

  describe("a socket is closed with the code that says why", () => {
    it.each(CASES)("%i: %s", async (code, _what, opening) => {
      const ended = await at(typeof opening === "function" ? opening() : opening);
      expect(ended).toMatchObject({ code, refused: null });
      expect(ended.heard).not.toContain('"next"');
    });

    it("1009 for a large message on the stream of REST too, and none for one of 64 KB", async () => {
      const text = (bytes: number): string => `{"type":"x","a":"${"x".repeat(bytes - 19)}"}`;
      const authorization = `Bearer ${world().instance.alpha.apiKey}`;
      const sent = (bytes: number) =>
        at({ path: STREAM, protocols: [], headers: { authorization }, say: [text(bytes)] });
      expect((await sent(65_537)).code).toBe(1009);
      expect((await sent(65_536)).code).not.toBe(1009);
    });
  });
};

/** Doors that stay open. */
export const describeSockets = (world: World): void => {
  const at: At = (opening) => open(world().instance.url, opening);
  describeHandshakes(world, at);
  describeCloseCodes(world, at);
};
