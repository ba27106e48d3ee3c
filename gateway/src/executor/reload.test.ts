import { describe, expect, it } from "@jest/globals";
import { parse } from "graphql";
import type { CallContext, SubgraphConnection } from "../connections/connection.ts";
import { CallCancelled } from "../connections/connection.ts";
import { guardConnection } from "../connections/guarded.ts";
import { asApolloGateway } from "./federation-executor.ts";
import { fixtureGraph } from "./graph-fixture.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import { createStockExecutor } from "./stock.ts";

const graphOf = (field: string) =>
  fixtureGraph({
    a: {
      sdl: `type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! }`,
      resolvers: { Query: { thing: () => ({ id: "1" }) } },
    },
    b: {
      sdl: `type Query { ok: Int } type Thing @key(fields: "id") { id: ID! ${field}: Int must: Int! }`,
      resolvers: { Query: { ok: () => 1 }, Thing: { [field]: () => 2, must: () => 3 } },
    },
  });

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const ask = (query: string) => ({ document: parse(query), call: {} });

/** A connection that says when it is asked, and answers when it is let. */
const gated = (inner: SubgraphConnection<CallContext>) => {
  let open: () => void = () => {};
  let reach: () => void = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const asked = new Promise<void>((resolve) => (reach = resolve));
  const connection: SubgraphConnection<CallContext> = {
    ...inner,
    async execute(request, call) {
      reach();
      await opened;
      return inner.execute(request, call);
    },
  };
  return { connection, asked, open: () => open() };
};

const withB = (
  graph: ReturnType<typeof graphOf>,
  wrap: (inner: SubgraphConnection<CallContext>) => SubgraphConnection<CallContext>,
) => {
  const inner = graph.connections.get("b");
  if (inner === undefined) throw new Error("the fixture has a subgraph b");
  return new Map([...graph.connections, ["b", wrap(inner)]]);
};

describe.each([
  [
    "the plan executor",
    (options: Parameters<typeof createPlanExecutor<CallContext>>[0]) => Promise.resolve(createPlanExecutor(options)),
  ],
  ["stock @apollo/gateway", createStockExecutor<CallContext>],
] as const)("a reload of %s", (_name, create) => {
  it("serves the new graph, tells listeners, and lets requests under way finish on the old one", async () => {
    const before = graphOf("old");
    const gates: ReturnType<typeof gated>[] = [];
    const connections = withB(before, (inner) => {
      const gate = gated(inner);
      gates.push(gate);
      return gate.connection;
    });
    const executor = await create({ ...before, connections });
    const told: number[] = [];
    const stop = executor.onUpdate(({ apiSchema }) => told.push(Object.keys(apiSchema.getTypeMap()).length));
    const running = executor.execute(ask("{ thing { old } }"));
    await gates[0]?.asked;
    const after = graphOf("fresh");
    await executor.update(after.supergraphSdl, after.connections);
    expect(await executor.execute(ask("{ thing { fresh } }"))).toEqual({ data: { thing: { fresh: 2 } } });
    gates[0]?.open();
    expect(await running).toEqual({ data: { thing: { old: 2 } } });
    expect(told).toHaveLength(2);
    stop();
    await executor.stop();
  });

  it("refuses a bad supergraph and serves the one it had", async () => {
    const graph = graphOf("old");
    const executor = await create(graph);
    for (const sdl of ["type Query { a: Int }", "not a schema {", graph.supergraphSdl.replaceAll('"b"', '"unheard"')]) {
      await expect(executor.update(sdl)).rejects.toThrow();
    }
    expect(await executor.execute(ask("{ thing { old } }"))).toEqual({ data: { thing: { old: 2 } } });
    await executor.stop();
  });
});

describe("a failing subgraph", () => {
  const failing = (execute: SubgraphConnection<CallContext>["execute"], guard = true) => {
    const graph = graphOf("old");
    const connections = withB(graph, (inner) =>
      guard ? guardConnection({ ...inner, execute }, { timeoutMs: 20 }) : { ...inner, execute },
    );
    return createPlanExecutor({ ...graph, connections });
  };
  const told = async (executor: ReturnType<typeof failing>, query: string) => plain(await executor.execute(ask(query)));

  it("that hangs costs its own fields alone, with SUBGRAPH_TIMEOUT", async () => {
    const executor = failing(() => new Promise(() => {}));
    expect(await told(executor, "{ thing { id old } }")).toEqual({
      data: { thing: { id: "1", old: null } },
      errors: [
        { message: 'The service "b" did not answer in time.', extensions: { code: "SUBGRAPH_TIMEOUT", service: "b" } },
      ],
    });
  });

  it.each([true, false])("that cannot be reached shows no address, guarded or not (%s)", async (guard) => {
    const executor = failing(() => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:4001")), guard);
    expect(await told(executor, "{ thing { id must } ok }")).toEqual({
      data: { thing: null, ok: null },
      errors: [1, 2].map(() => ({
        message: 'The service "b" is not available.',
        extensions: { code: "SUBGRAPH_UNAVAILABLE", service: "b" },
      })),
    });
  });

  it.each([{}, { data: {} }, { data: { _entities: [] } }])(
    "that answers %j is told as SUBGRAPH_INVALID_RESPONSE",
    async (answer) => {
      const executor = failing(() => Promise.resolve(answer));
      expect(await told(executor, "{ thing { old } }")).toMatchObject({
        data: { thing: { old: null } },
        errors: [{ extensions: { code: "SUBGRAPH_INVALID_RESPONSE", service: "b" } }],
      });
    },
  );

  it("is asked no more once the caller gave up", async () => {
    const controller = new AbortController();
    const graph = graphOf("old");
    const executor = createPlanExecutor({
      ...graph,
      connections: withB(graph, (inner) => ({ ...inner, execute: () => Promise.reject(new Error("b was asked")) })),
    });
    const running = executor.execute({ document: parse("{ thing { old } }"), call: { signal: controller.signal } });
    controller.abort();
    await expect(running).rejects.toBeInstanceOf(CallCancelled);
  });
});

describe("as Apollo Server's gateway", () => {
  it("announces its schema and answers through the call made from the context", async () => {
    const graph = graphOf("old");
    const calls: unknown[] = [];
    const connections = withB(graph, (inner) => ({
      ...inner,
      execute: (request, call) => (calls.push(call), inner.execute(request, call)),
    }));
    const { ApolloServer } = await import("@apollo/server");
    const server = new ApolloServer<{ user: string }>({
      gateway: asApolloGateway(
        createPlanExecutor<CallContext & { user: unknown }>({ ...graph, connections }),
        ({ user }) => ({ user }),
      ),
    });
    const { body } = await server.executeOperation({ query: "{ thing { old } }" }, { contextValue: { user: "ada" } });
    expect(body.kind === "single" ? JSON.parse(JSON.stringify(body.singleResult.data)) : null).toEqual({
      thing: { old: 2 },
    });
    expect(calls).toEqual([{ user: "ada" }]);
    await server.stop();
  });
});
