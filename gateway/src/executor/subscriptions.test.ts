import { describe, expect, it } from "@jest/globals";
import { GraphQLError, parse, type ExecutionResult } from "graphql";
import type { CallContext } from "../connections/connection.ts";
import { featureGraph } from "./feature-graph.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import type { PlannerChoice } from "./planner.ts";

const CALL: CallContext = {};
const CROSSING = `subscription On($id: ID = "u1") { change: renamed(id: $id) { at user { name spend balance friends { n: name } } } }`;

async function* renamings() {
  yield { renamed: { at: 1, user: { id: "u1", name: "Ada", org: { id: "o1" }, no: 1 } } };
  yield { renamed: { at: 2, user: { id: "u2", name: "Bob", org: { id: "o2" }, no: 2 } } };
}

const plan = (query: string, planner: PlannerChoice = "hive", events: () => AsyncIterable<unknown> = renamings) => {
  const graph = featureGraph(events);
  const executor = createPlanExecutor({ ...graph, planner });
  const planned = executor.planSubscription({ document: parse(query) });
  if (planned.kind === "refused") throw new Error(planned.errors[0]?.message ?? "refused");
  const connection = graph.connections.get(planned.primary.service);
  if (connection === undefined) throw new Error("the primary service has no connection");
  return { graph, executor, planned, upstream: connection.subscribe(planned.primary, CALL) };
};

const nextOf = async (stream: AsyncIterator<ExecutionResult>): Promise<ExecutionResult> => {
  const step = await stream.next();
  if (step.done === true) throw new Error("the stream ended");
  return step.value;
};

const answers = async (query: string, planner?: PlannerChoice): Promise<ExecutionResult[]> => {
  const { planned, upstream } = plan(query, planner);
  const results: ExecutionResult[] = [];
  for await (const event of upstream) results.push(await planned.runEvent(event, CALL));
  return results;
};

describe.each<PlannerChoice>(["hive", "apollo"])("a federated subscription, planned by %s first", (planner) => {
  it("answers each event with selections from every subgraph", async () => {
    expect(JSON.parse(JSON.stringify(await answers(CROSSING, planner)))).toEqual([
      {
        data: {
          change: { at: 1, user: { name: "Ada", spend: 10, balance: 101, friends: [{ n: "Bob" }, { n: "Ada" }] } },
        },
      },
      {
        data: {
          change: { at: 2, user: { name: "Bob", spend: 20, balance: 202, friends: [{ n: "Ada" }, { n: "Ada" }] } },
        },
      },
    ]);
  });
});

describe("a federated subscription", () => {
  it("subscribes to the owning subgraph alone, with defaults coerced", () => {
    const { planned } = plan(CROSSING);
    expect(planned.primary).toMatchObject({ service: "people", variables: { id: "u1" } });
    expect(planned.primary.query).not.toContain("spend");
  });

  it("tells an event's error at the client's path and runs what can still run", async () => {
    const { planned } = plan(`subscription { change: renamed { at user { name risky } } }`);
    const event = { data: { change: { at: 3, user: { __typename: "User", id: "u1", name: null } } } };
    const failed = new GraphQLError("no name", { path: ["change", "user", "name"] });
    const { data, errors = [] } = await planned.runEvent({ ...event, errors: [failed] }, CALL);
    expect(data).toEqual({ change: { at: 3, user: { name: null, risky: null } } });
    expect(errors.map(({ path, message }) => [path, message])).toEqual([
      [["change", "user", "name"], "no name"],
      [["change", "user", "risky"], "the ledger is closed"],
    ]);
  });

  it("leaves an event as it came, so that clients may share it", async () => {
    const { planned, upstream } = plan(CROSSING);
    const event = await nextOf(upstream);
    const before = JSON.stringify(event);
    const [first, second] = await Promise.all([planned.runEvent(event, CALL), planned.runEvent(event, CALL)]);
    expect(JSON.stringify(event)).toBe(before);
    expect(first).toEqual(second);
    await upstream.return?.();
  });

  it("goes on over its own supergraph after another one took over", async () => {
    const { executor, graph, planned, upstream } = plan(CROSSING);
    await executor.update(graph.supergraphSdl);
    const event = await nextOf(upstream);
    expect((await planned.runEvent(event, CALL)).data).toMatchObject({ change: { user: { balance: 101 } } });
    await upstream.return?.();
  });

  it("closes its upstream at once, though the next event never comes", async () => {
    let closed = 0;
    const { upstream } = plan(CROSSING, "hive", () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => {
          closed += 1;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    }));
    const waiting = upstream.next();
    await new Promise((resolve) => setImmediate(resolve));
    await upstream.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
  });

  it("is refused by execute, and a query by planSubscription", async () => {
    const executor = createPlanExecutor(featureGraph());
    const asQuery = await executor.execute({ document: parse(CROSSING), call: CALL });
    expect(asQuery.errors?.[0]?.message).toBe("A subscription has to be subscribed to.");
    expect(executor.planSubscription({ document: parse("{ me { id } }") }).kind).toBe("refused");
  });
});
