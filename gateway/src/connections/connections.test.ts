import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { buildSchema, GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { makeServer } from "graphql-ws";
import { WebSocketServer } from "ws";
import { CallCancelled, type CallContext } from "./connection.ts";
import { guardConnection } from "./guarded.ts";
import { createHttpConnection } from "./http.ts";
import { createInProcessConnection } from "./in-process.ts";

const CALL: CallContext = {};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Resolver = GraphQLFieldResolver<unknown, { who?: string }>;

const schemaOf = (resolvers: Record<string, { resolve?: Resolver; subscribe?: Resolver }>): GraphQLSchema => {
  const schema = buildSchema(`
    type Query { who: String  list(n: Int!): [Int!]  broken: String  pets: [Pet]  strict: [Box] }
    type Box { must: Int! }
    interface Pet { name: String }  type Cat implements Pet { name: String }  type Dog implements Pet { name: String bark: Int }
    type Subscription { count(to: Int!): Int }`);
  for (const [coordinate, field] of Object.entries(resolvers)) {
    const [type = "", name = ""] = coordinate.split(".");
    const named = schema.getType(type);
    if (named !== undefined && "getFields" in named) Object.assign(named.getFields()[name] ?? {}, field);
  }
  return schema;
};

async function* counting(to: number) {
  for (let count = 1; count <= to; count += 1) {
    yield { count };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const schema = schemaOf({
  "Query.who": { resolve: (_root, _args, { who }) => who },
  "Query.list": { resolve: (_root, { n }) => Array.from({ length: Number(n) }, (_, index) => index) },
  "Query.broken": { resolve: () => Promise.reject(new Error("broken")) },
  "Query.pets": {
    resolve: () => [
      { __typename: "Dog", name: "Rex", bark: 2 },
      null,
      Promise.resolve({ __typename: "Cat", name: "Tom" }),
    ],
  },
  "Query.strict": { resolve: () => [{ must: 1 }, { must: null }] },
  "Subscription.count": { subscribe: (_root, { to }) => counting(Number(to)) },
});

const inProcess = (options: { compileAfterUses: number }) =>
  createInProcessConnection<CallContext & { who?: string }>({
    name: "s",
    schema,
    createContext: ({ who }) => ({ who }),
    ...options,
  });

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("an in-process connection", () => {
  it.each([
    [`{ who }`, {}],
    [`query ($n: Int!) { list(n: $n) }`, { n: 3 }],
    [`{ broken who }`, {}],
    [`{ strict { must } pets { name ... on Dog { bark } } }`, {}],
    [`query ($n: Int!) { list(n: $n) }`, { n: "many" }],
    [`{ unknown }`, {}],
  ])("answers %s compiled as it does interpreted", async (query, variables) => {
    const [interpreted, compiled] = [inProcess({ compileAfterUses: 100 }), inProcess({ compileAfterUses: 1 })];
    const call = { who: "ada" };
    const expected = await interpreted.execute({ query, variables }, call);
    const actual = await compiled.execute({ query, variables }, call);
    expect(plain(actual.data ?? null)).toEqual(plain(expected.data ?? null));
    expect((actual.errors ?? []).map(({ path }) => path)).toEqual((expected.errors ?? []).map(({ path }) => path));
  });

  it("makes a context for each operation and masks errors before they leave", async () => {
    const { GraphQLError } = await import("graphql");
    const masking = createInProcessConnection<CallContext>({
      name: "s",
      schema,
      createContext: () => ({}),
      maskError: () => new GraphQLError("masked"),
    });
    expect((await masking.execute({ query: "{ broken }" }, CALL)).errors?.[0]?.message).toBe("masked");
  });

  it("streams a subscription's events, and one refusal for what cannot be subscribed to", async () => {
    const results: unknown[] = [];
    for await (const event of inProcess({ compileAfterUses: 1 }).subscribe(
      { query: "subscription { count(to: 2) }" },
      CALL,
    ))
      results.push(plain(event));
    expect(results).toEqual([{ data: { count: 1 } }, { data: { count: 2 } }]);
    const refused = inProcess({ compileAfterUses: 1 }).subscribe({ query: "subscription { nothing }" }, CALL);
    expect((await refused.next()).value).toMatchObject({ errors: [{ message: expect.stringContaining("nothing") }] });
    expect((await refused.next()).done).toBe(true);
  });

  it("tells what a stream refuses as its last result, and a failure of the service as a failure", async () => {
    const failing = (error: Error) => {
      const streams = schemaOf({
        "Subscription.count": {
          subscribe: () => ({
            [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
          }),
        },
      });
      const connection = createInProcessConnection<CallContext>({
        name: "s",
        schema: streams,
        createContext: () => ({}),
      });
      return guardConnection(connection).subscribe({ query: "subscription { count(to: 1) }" }, CALL);
    };
    const unknown = failing(new GraphQLError("no such job", { extensions: { code: "NOT_FOUND" } }));
    expect((await unknown.next()).value).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
    expect((await unknown.next()).done).toBe(true);
    const broken = failing(new Error("the store is gone"));
    expect((await broken.next()).value).toMatchObject({ errors: [{ extensions: { code: "SUBGRAPH_UNAVAILABLE" } }] });
  });
});

describe("the signal of an operation in this process", () => {
  const seen: (AbortSignal | undefined)[] = [];
  let started: () => void = () => undefined;
  const slow = schemaOf({
    "Query.who": {
      resolve: (_root, _args, context: { who?: string; signal?: AbortSignal }) => {
        seen.push(context.signal);
        started();
        return new Promise((_resolve, reject) => {
          context.signal?.addEventListener("abort", () => reject(new Error("the work ended")));
        });
      },
    },
  });
  const connection = (timeoutMs: number) =>
    guardConnection(
      createInProcessConnection<CallContext>({ name: "s", schema: slow, createContext: ({ signal }) => ({ signal }) }),
      { timeoutMs },
    );

  it("reaches the resolver's work when the guard's deadline passes, though the caller still waits", async () => {
    const caller = new AbortController();
    const answer = await connection(20).execute({ query: "{ who }" }, { signal: caller.signal });
    expect(answer.errors?.[0]?.extensions["code"]).toBe("SUBGRAPH_TIMEOUT");
    expect(seen.pop()?.aborted).toBe(true);
    expect(caller.signal.aborted).toBe(false);
  });

  it("reaches it when the caller leaves", async () => {
    const caller = new AbortController();
    const running = new Promise<void>((resolve) => (started = resolve));
    const answer = connection(60_000).execute({ query: "{ who }" }, { signal: caller.signal });
    await running;
    caller.abort();
    await expect(answer).rejects.toBeInstanceOf(CallCancelled);
    expect(seen.pop()?.aborted).toBe(true);
  });

  it("is the call's own when nothing guards the connection", async () => {
    const caller = new AbortController();
    caller.abort();
    const bare = createInProcessConnection<CallContext>({
      name: "s",
      schema: schemaOf({ "Query.who": { resolve: (_root, _args, { who }) => who } }),
      createContext: ({ signal }) => ({ who: String(signal === caller.signal) }),
    });
    expect(plain((await bare.execute({ query: "{ who }" }, { signal: caller.signal })).data)).toEqual({ who: "true" });
  });
});

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

const serve = async (answer: Answer) => {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // boundary: a TCP server has one
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { server, url: `http://127.0.0.1:${port}/graphql?v=1` };
};

const connect = (url: string, options: Partial<Parameters<typeof createHttpConnection<CallContext>>[0]> = {}) => {
  const connection = createHttpConnection<CallContext>({ name: "s", url, ...options });
  closers.push(() => connection.close());
  return connection;
};

describe("an HTTP connection", () => {
  it("posts the operation to its url with the headers made for the call", async () => {
    const { url } = await serve((request, body, response) =>
      response.end(JSON.stringify({ data: { path: request.url, id: request.headers["x-id"], body } })),
    );
    const connection = connect(url, { headers: (_call, body) => Promise.resolve({ "x-id": String(body.length) }) });
    const request = { query: "query A { who }", operationName: "A", variables: { n: 1 } };
    expect((await connection.execute(request, CALL)).data).toEqual({
      path: "/graphql?v=1",
      id: String(JSON.stringify(request).length),
      body: JSON.stringify(request),
    });
  });

  it("posts each request's own name and variables, also when its text was sent before", async () => {
    const { url } = await serve((_request, body, response) => response.end(JSON.stringify({ data: { body } })));
    const connection = connect(url);
    const query = "query A { who } query B { who }";
    const requests = [
      { query, operationName: "A", variables: { n: 1 } },
      { query, operationName: "B", variables: { n: 1 } },
      { query, operationName: "A", variables: { n: '"2"' } },
      { query, variables: {} },
      { query, operationName: "A" },
      { query },
    ];
    for (const request of [...requests, ...requests]) {
      expect((await connection.execute(request, CALL)).data).toEqual({ body: JSON.stringify(request) });
    }
  });

  it("takes a GraphQL answer whatever its status, and refuses anything else", async () => {
    const answers = [
      [400, `{"errors":[{"message":"no"}]}`],
      [200, "<html>"],
      [200, "[1]"],
      [503, `{"error":"down"}`],
    ] as const;
    let turn = 0;
    const { url } = await serve((_request, _body, response) => {
      const [status, text] = answers[turn] ?? [500, ""];
      turn += 1;
      response.writeHead(status).end(text);
    });
    const connection = connect(url);
    expect(await connection.execute({ query: "{ who }" }, CALL)).toEqual({ errors: [{ message: "no" }] });
    for (const status of [200, 200, 503])
      await expect(connection.execute({ query: "{ who }" }, CALL)).rejects.toThrow(`status ${status}`);
  });

  it("reads no more than its limit, waits no longer than its timeout, and ends with the caller", async () => {
    const { url } = await serve((_request, body, response) => {
      if (body.includes("big")) response.end(`{"data":"${"x".repeat(5_000)}"}`);
    });
    await expect(connect(url, { maxResponseBytes: 1_000 }).execute({ query: "big" }, CALL)).rejects.toThrow(
      "larger than 1000 bytes",
    );
    const signal = AbortSignal.timeout(30);
    await expect(connect(url).execute({ query: "hang" }, { signal })).rejects.toBeInstanceOf(CallCancelled);
    await expect(connect(url).execute({ query: "hang" }, { signal })).rejects.toBeInstanceOf(CallCancelled);
    await expect(connect(url, { timeoutMs: 50 }).execute({ query: "hang" }, CALL)).rejects.toThrow("Timeout");
  });

  it("subscribes over graphql-ws as the caller, and closes its socket when the reader leaves", async () => {
    const { server, url } = await serve((_request, _body, response) => response.end());
    const sockets = new WebSocketServer({ server });
    closers.push(() => new Promise((resolve) => sockets.close(() => resolve())));
    const seen: unknown[] = [];
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const { subscribe, execute } = await import("graphql");
    const protocol = makeServer({
      schema,
      subscribe,
      execute,
      onConnect: ({ connectionParams }) => {
        seen.push(connectionParams);
        return true;
      },
    });
    sockets.on("connection", (socket) => {
      const close = protocol.opened(
        {
          protocol: socket.protocol,
          send: (data) => new Promise((resolve) => socket.send(data, () => resolve())),
          close: (code, reason) => socket.close(code, reason),
          onMessage: (handle) => socket.on("message", (data: Buffer) => void handle(data.toString("utf8"))),
        },
        {},
      );
      socket.once("close", (code, reason) => {
        void close(code, reason.toString("utf8"));
        closed?.();
      });
    });
    const connection = connect(url, { connectionParams: () => Promise.resolve({ identity: "ada" }) });
    const stream = connection.subscribe(
      { query: "subscription ($to: Int!) { count(to: $to) }", variables: { to: 1_000_000 } },
      CALL,
    );
    expect(plain(await stream.next())).toEqual({ done: false, value: { data: { count: 1 } } });
    expect(plain(await stream.next())).toEqual({ done: false, value: { data: { count: 2 } } });
    await stream.return?.();
    await isClosed;
    expect(seen).toEqual([{ identity: "ada" }]);
    const refused = connection.subscribe({ query: "subscription { nothing }" }, CALL);
    expect((await refused.next()).value).toMatchObject({ errors: [{}] });
    expect((await refused.next()).done).toBe(true);
  });
});
