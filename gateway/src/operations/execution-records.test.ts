import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { refuse } from "@tessera/platform/errors/refusal";
import { operationIdOf } from "../plugins/persisted-operations.ts";
import { post, startGateway, type GatewayFixture } from "../gateway-fixture.ts";
import { openSocket, until } from "../subscriptions/socket-fixture.ts";

const EVENT = "query One($id: ID!) { event(id: $id) { name owner { title } } }";

describe("the record of an operation", () => {
  let graph: GatewayFixture;
  let reader: string;
  beforeEach(async () => {
    graph = await startGateway();
    reader = graph.issue();
  });
  afterEach(() => graph.stop());

  it("is there before the answer: who, what, on what, from where, what it cost", async () => {
    const { text, headers } = await post(graph, reader, { query: EVENT, variables: { id: "7" } });
    const caller = graph.callerOf(reader);
    expect(graph.recorded).toEqual([
      {
        executionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        tenantId: caller.tenantId,
        subject: caller.subject,
        grantId: null,
        kind: "QUERY",
        operationName: "One",
        documentId: operationIdOf(EVENT),
        fields: ["Query.event"],
        objects: ["7"],
        transport: "http",
        clientAddress: "127.0.0.1",
        decision: "ALLOWED",
        code: null,
        usage: {
          costPoints: expect.any(Number),
          rowsRead: 0,
          bytesRead: 0,
          storeMs: 0,
          elapsedMs: expect.any(Number),
          responseBytes: Buffer.byteLength(text),
          events: 0,
          subscriptionSeconds: 0,
        },
        traceId: headers.get("x-trace-id"),
        startedAtMs: expect.any(Number),
      },
    ]);
  });

  it.each([
    ["refused before it ran", "{ nothing }", { decision: "REFUSED", code: "GRAPHQL_VALIDATION_FAILED", fields: [] }],
    ["that can't be parsed", "{ a", { decision: "REFUSED", code: "GRAPHQL_PARSE_FAILED" }],
    ["of several, none chosen", "query A { who } query B { who }", { decision: "REFUSED", code: "BAD_INPUT" }],
    ["without data", "query ($id: ID!) { event(id: $id) { id } }", { decision: "FAILED", code: "BAD_USER_INPUT" }],
    ["with a field missing", "{ broken }", { decision: "ALLOWED", code: "INTERNAL", fields: ["Query.broken"] }],
  ])("tells of one %s", async (_title, query, expected) => {
    await post(graph, reader, { query });
    expect(graph.recorded).toEqual([expect.objectContaining(expected)]);
  });

  it("is made of a request that is no operation as well", async () => {
    await post(graph, reader, "[]");
    expect(graph.recorded).toEqual([
      expect.objectContaining({ decision: "REFUSED", operationName: null, documentId: null, fields: [], objects: [] }),
    ]);
  });

  it("is made once of an operation on a socket, and of a subscription when it ends", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    socket.subscribe("a", { query: EVENT, variables: { id: "7" } });
    await socket.next();
    expect(graph.recorded).toEqual([
      expect.objectContaining({ kind: "QUERY", transport: "websocket", objects: ["7"], clientAddress: "127.0.0.1" }),
    ]);
    const opened = graph.log.opened();
    socket.subscribe("b", { query: "subscription Ticks { ticks { value } }" });
    await until(() => graph.log.opened() === opened + 1);
    graph.log.tick(3);
    await until(() => socket.unread().some(({ id, type }) => id === "b" && type === "next"));
    socket.close();
    await until(() => graph.recorded.length === 2);
    const [, ended] = graph.recorded;
    expect(ended).toMatchObject({ kind: "SUBSCRIPTION", operationName: "Ticks", decision: "ALLOWED", code: null });
    expect(ended?.usage.subscriptionSeconds).toBeGreaterThan(0);
    expect(ended?.usage.responseBytes).toBeGreaterThan(0);
  });

  it("is made of a call of this process on behalf of a caller of the REST surface", async () => {
    const caller = graph.callerOf(reader);
    await graph.gateway.execute(caller, { query: "{ who }" }, { clientAddress: "192.0.2.7" });
    expect(graph.recorded).toEqual([
      expect.objectContaining({ transport: "rest", clientAddress: "192.0.2.7", fields: ["Query.who"] }),
    ]);
  });

  it("must be possible before work begins: otherwise the operation is refused", async () => {
    graph.refuseRecords(refuse("OVERLOADED", "Too many records wait.", { retryAfterSeconds: 5 }));
    const { status, headers } = await post(graph, reader, { query: "{ who }" });
    expect([status, headers.get("retry-after")]).toEqual([503, "5"]);
    const socket = await openSocket(graph, { authorization: reader });
    socket.subscribe("a", { query: "{ who }" });
    expect(await socket.next()).toMatchObject({ type: "error", payload: [{ extensions: { code: "OVERLOADED" } }] });
    socket.close();
    expect(graph.recorded).toEqual([]);
  });
});
