import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { WebSocketServer, type WebSocket } from "ws";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import type { GraphResult, GraphSubscription, StreamEnd } from "./graph-port.ts";
import { createRemoteGraph, type RemoteGraph } from "./remote-graph.ts";

const tenantId = parseTenantId("0190aaaa-0000-7000-8000-000000000001");
if (tenantId === null) throw new Error("The test tenant is no UUID.");
const caller: Caller = {
  tenantId,
  subject: { kind: "API_KEY", id: "k" },
  permissions: new Set(),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
};
const call = {
  caller,
  documentId: `sha256:${"c".repeat(64)}`,
  variables: { timeframe: "PT5M" },
  traceId: "a".repeat(32),
  clientAddress: "192.0.2.7",
};

/** What the platform signs for a caller, as this gateway can read it. */
let signed = 0;
const forward = (who: Caller, clientAddress: string): Promise<string> =>
  Promise.resolve(`Signed ${who.subject.id} from ${clientAddress} (${(signed += 1)})`);

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const received: Received[] = [];
let answer: (response: ServerResponse) => void = (response) => response.end();
let speak: (socket: WebSocket, message: Record<string, unknown>) => void = () => undefined;
const sockets: Record<string, unknown>[] = [];

const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array)); // boundary: a request without encoding gives bytes
  received.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString("utf8") || "null") });
  answer(response);
};

/** A gateway that speaks the protocols and answers what a test decides. */
const gateway = createServer((request, response) => void take(request, response));
const webSockets = new WebSocketServer({ server: gateway, handleProtocols: () => "graphql-transport-ws" });
webSockets.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString("utf8")) as Record<string, unknown>; // boundary: graphql-ws sends objects
    sockets.push(message);
    if (message["type"] === "connection_init") socket.send('{"type":"connection_ack"}');
    else speak(socket, message);
  });
});

let graph: RemoteGraph;
beforeAll(async () => {
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  const { port } = gateway.address() as AddressInfo; // boundary: it listens on TCP
  graph = createRemoteGraph({ url: `http://127.0.0.1:${port}`, forward });
});
afterAll(async () => {
  await graph.close();
  webSockets.close();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

const sends = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
  answer = (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
};

describe("the graph in another process, asked", () => {
  it("gets the persisted operation for the caller as the platform signs it, with its address and trace, and tells the rate limit", async () => {
    sends(200, { data: { a: 1 } }, { ratelimit: '"cost";r=1', "ratelimit-policy": '"cost";q=2', "set-cookie": "a=b" });
    expect(await graph.execute(call)).toEqual({
      data: { a: 1 },
      rateLimit: { ratelimit: '"cost";r=1', "ratelimit-policy": '"cost";q=2' },
    });
    expect(received.at(-1)).toMatchObject({
      headers: {
        authorization: expect.stringMatching(/^Signed k from 192\.0\.2\.7 /),
        traceparent: expect.stringContaining("a".repeat(32)),
      },
      body: { documentId: call.documentId, variables: call.variables },
    });
  });

  it("gives its errors as they are, whatever the status", async () => {
    const errors = [{ message: "No.", extensions: { code: "RATE_LIMITED", retryAfterSeconds: 3 } }];
    sends(429, { errors }, { "content-type": "application/graphql-response+json" });
    expect(await graph.execute(call)).toMatchObject({ errors });
  });

  it("says the gateway's own problem again in the same words", async () => {
    const problem = { code: "UNAUTHENTICATED", detail: "Revoked.", status: 401 };
    sends(401, problem, { "content-type": "application/problem+json; charset=utf-8" });
    await expect(graph.execute(call)).rejects.toMatchObject({ code: "UNAUTHENTICATED", message: "Revoked." });
  });

  it.each<[number, string]>([
    [502, "<html>"],
    [200, "{}"],
    [200, "null"],
  ])("takes %i %s for a gateway that is away", async (status, body) => {
    sends(status, body);
    await expect(graph.execute(call)).rejects.toMatchObject({
      code: "DEPENDENCY_UNAVAILABLE",
      extras: { retryAfterSeconds: 2 },
    });
  });

  it("refuses with DEPENDENCY_UNAVAILABLE when nobody listens, and is not ready", async () => {
    const nobody = createRemoteGraph({ url: "http://127.0.0.1:1", forward });
    await expect(nobody.execute(call)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    await expect(nobody.probe.check()).rejects.toThrow();
    await nobody.close();
  });

  it("is ready when the gateway is", async () => {
    sends(200, "{}");
    await graph.probe.check();
    sends(503, "{}");
    await expect(graph.probe.check()).rejects.toThrow("503");
  });

  it("gives up when the caller leaves", async () => {
    const leaving = new AbortController();
    answer = () => leaving.abort();
    await expect(graph.execute({ ...call, signal: leaving.signal })).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
  });
});

describe("the graph in another process, followed", () => {
  const follow = () => {
    const results: GraphResult[] = [];
    let subscription: GraphSubscription | null = null;
    const ended = new Promise<StreamEnd>((resolve) => {
      subscription = graph.subscribe(call, { next: (result) => results.push(result), end: resolve });
    });
    return { results, ended, stop: () => subscription?.stop(), confirm: () => subscription?.confirm(caller) };
  };
  const next = (id: unknown, a: number) => JSON.stringify({ id, type: "next", payload: { data: { a } } });

  it("names the persisted operation by its hash, says who reads, and tells each message and the end", async () => {
    sockets.length = 0;
    speak = (socket, { type, id }) => {
      if (type !== "subscribe") return;
      socket.send(next(id, 1));
      socket.send(next(id, 2));
      socket.send(JSON.stringify({ id, type: "complete" }));
    };
    const { results, ended } = follow();
    expect(await ended).toEqual({ kind: "complete" });
    expect(results).toEqual([{ data: { a: 1 } }, { data: { a: 2 } }]);
    expect(sockets[0]).toMatchObject({
      type: "connection_init",
      payload: { authorization: expect.stringMatching(/^Signed k from 192\.0\.2\.7 /) },
    });
    expect(sockets[1]).toMatchObject({
      type: "subscribe",
      payload: { query: "", variables: call.variables, extensions: { persistedQuery: { sha256Hash: "c".repeat(64) } } },
    });
  });

  it("tells a refusal with its errors, and a close with its code and sentence", async () => {
    speak = (socket, { type, id }) => {
      if (type === "subscribe")
        socket.send(
          JSON.stringify({ id, type: "error", payload: [{ message: "No.", extensions: { code: "FORBIDDEN" } }] }),
        );
    };
    expect(await follow().ended).toEqual({
      kind: "refused",
      errors: [{ message: "No.", extensions: { code: "FORBIDDEN" } }],
    });
    speak = (socket) => socket.close(4403, "The credential expired.");
    expect(await follow().ended).toEqual({ kind: "closed", code: 4403, reason: "The credential expired." });
  });

  it("renews who reads when the credential was confirmed, with a newer signature", async () => {
    sockets.length = 0;
    speak = (socket, { type, id }) => {
      if (type === "subscribe") socket.send(next(id, 1));
      if (type === "ping") socket.send(JSON.stringify({ type: "pong", payload: { authorized: true } }));
      if (type === "ping") socket.send(JSON.stringify({ id: sockets[1]?.["id"], type: "complete" }));
    };
    const { results, ended, confirm } = follow();
    while (results.length === 0) await new Promise((wake) => setTimeout(wake, 10));
    confirm();
    expect(await ended).toEqual({ kind: "complete" });
    const said = sockets.filter(({ type }) => type === "connection_init" || type === "ping");
    expect(said.map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ authorization: `Signed k from 192.0.2.7 (${signed - 1})` }),
      { authorization: `Signed k from 192.0.2.7 (${signed})` },
    ]);
  });

  it("never comes back by itself: where to resume is the reader's decision", async () => {
    sockets.length = 0;
    speak = (socket) => socket.terminate();
    expect(await follow().ended).toMatchObject({ kind: "closed", code: 1006 });
    await new Promise((wake) => setTimeout(wake, 200));
    expect(sockets.filter(({ type }) => type === "subscribe")).toHaveLength(1);
  });

  it("leaves the connection when its reader stops", async () => {
    const gone = new Promise<void>((resolve) => {
      speak = (socket, { type, id }) => {
        if (type === "subscribe") socket.send(next(id, 1));
        socket.once("close", () => resolve());
      };
    });
    const { results, stop } = follow();
    while (results.length === 0) await new Promise((wake) => setTimeout(wake, 10));
    stop();
    await gone;
  });
});
