import { createHash } from "node:crypto";
import type { GraphQLDataSource } from "@apollo/gateway";
import type { GatewayGraphQLRequestContext } from "@apollo/server-gateway-interface";
import { print, type DocumentNode, type ExecutionResult } from "graphql";
import { CallCancelled, subgraphFailure, type CallContext } from "../connections/connection.ts";
import type { FederationExecutor } from "./federation-executor.ts";
import { isJsonObject } from "./json.ts";
import type { PlanExecutorOptions } from "./generation.ts";
import type { Connections } from "./run-plan.ts";
import { createPlanExecutor } from "./plan-executor.ts";

type Process = GraphQLDataSource["process"];

/** What stock code would log of a failed fetch, the connections and the answer tell already. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** What stands where stock code keeps its context: a request holds its connections from start to end. */
type Held<C extends CallContext> = { readonly call: C; readonly connections: Connections<C> };

const dataSource = (name: string): { process: Process } => ({
  async process({ request, context }) {
    const { call, connections } = context as Held<CallContext>; // boundary: `execute` below put it there
    const connection = connections.get(name);
    if (connection === undefined) throw subgraphFailure(name, "SUBGRAPH_UNAVAILABLE");
    const { query = "", operationName, variables } = request;
    try {
      const result = await connection.execute({ query, operationName, variables }, call);
      return result as Awaited<ReturnType<Process>>; // boundary: an ExecutionResult in Apollo's own words
    } catch (error) {
      throw error instanceof CallCancelled ? error : subgraphFailure(name, "SUBGRAPH_UNAVAILABLE", error);
    }
  },
});

/** The part of Apollo Server's request context that @apollo/gateway reads. */
const requestContext = <C extends CallContext>(
  document: DocumentNode,
  request: { operationName?: string; variables: Readonly<Record<string, unknown>> },
  hash: string,
  held: Held<C>,
) =>
  // boundary: the rest of Apollo Server's context is not read by the gateway's executor
  ({
    document,
    queryHash: hash,
    request,
    operationName: request.operationName ?? null,
    context: held,
    logger: SILENT,
    metrics: {},
  }) as unknown as GatewayGraphQLRequestContext;

/**
 * The same door served by stock @apollo/gateway over the same connections: the measure for the plan executor, and a way
 * back to it by configuration. What stock cannot do (subscriptions) and does not show (its plans) comes from the plan
 * executor over Apollo's planner. Known faults of stock are listed in the differential test.
 */
export const createStockExecutor = async <C extends CallContext>(
  options: PlanExecutorOptions<C>,
): Promise<FederationExecutor<C>> => {
  const own = createPlanExecutor<C>({ ...options, planner: "apollo" });
  let { connections } = options;
  let update: (supergraphSdl: string) => void = () => {};
  // Loaded by those who chose it alone: it brings more code than all the rest of the gateway.
  const { ApolloGateway } = await import("@apollo/gateway");
  const gateway = new ApolloGateway({
    supergraphSdl: (hooks) => {
      update = hooks.update;
      return Promise.resolve({ supergraphSdl: options.supergraphSdl });
    },
    buildService: ({ name }) => dataSource(name),
    logger: SILENT,
  });
  const hashes = new WeakMap<DocumentNode, string>();
  const hashOf = (document: DocumentNode): string => {
    const known = hashes.get(document) ?? createHash("sha256").update(print(document)).digest("hex");
    hashes.set(document, known);
    return known;
  };
  const { executor } = await gateway.load();
  return {
    ...own,
    async execute({ document, operationName, variables = {}, call }): Promise<ExecutionResult> {
      const request = { ...(operationName === undefined ? {} : { operationName }), variables };
      const result: unknown = await executor(
        requestContext(document, request, hashOf(document), { call, connections }),
      );
      return isJsonObject(result) ? result : {};
    },
    async update(supergraphSdl, next = connections) {
      const before = own.supergraphSdl();
      await own.update(supergraphSdl, next);
      try {
        update(supergraphSdl);
      } catch (error) {
        await own.update(before, connections);
        throw error;
      }
      connections = next;
    },
    stop: () => gateway.stop(),
  };
};
