import { GraphQLError, OperationTypeNode, type ExecutionResult } from "graphql";
import type { CallContext } from "../connections/connection.ts";
import { copy } from "./answers.ts";
import { addError, isExplained, type Failures } from "./failures.ts";
import type { FederationExecutor, OperationRequest } from "./federation-executor.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { createOperations, type Operations, type PreparedOperation } from "./operations.ts";
import type { Variables } from "./operation.ts";
import type { PlannerChoice } from "./planner.ts";
import { trimPath } from "./projection.ts";
import { mergeRoot, runStep, type Connections, type PlanRun } from "./run-plan.ts";
import { readSupergraph, type SupergraphView } from "./supergraph.ts";

/** What the plan executor is made of. */
export type PlanExecutorOptions<C extends CallContext> = {
  readonly supergraphSdl: string;
  /** One connection for each subgraph the supergraph names. */
  readonly connections: Connections<C>;
  /** The planner that leads; "hive" by default. */
  readonly planner?: PlannerChoice;
  /** Plans kept in memory. */
  readonly maxPlans?: number;
};

/** One supergraph with all that was prepared against it; a request holds one from start to end. */
type Generation<C extends CallContext> = {
  readonly view: SupergraphView;
  readonly connections: Connections<C>;
  readonly operations: Operations;
};

const readGeneration = <C extends CallContext>(options: PlanExecutorOptions<C>): Generation<C> => {
  const view = readSupergraph(options.supergraphSdl);
  const missing = view.services.filter(({ name }) => !options.connections.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`the supergraph names services without a connection: ${missing.join(", ")}`);
  return { view, connections: options.connections, operations: createOperations(view, options) };
};

const begin = <C extends CallContext>(generation: Generation<C>, variables: Variables, call: C): PlanRun<C> => ({
  connections: generation.connections,
  types: generation.view,
  variables,
  call,
  data: {},
  failures: { errors: [], unfilled: new Set() },
});

const locatedAt = (error: GraphQLError, path: readonly (string | number)[]): GraphQLError =>
  new GraphQLError(error.message, {
    extensions: error.extensions,
    ...(path.length === 0 ? {} : { path }),
    ...(error.originalError === undefined ? {} : { originalError: error.originalError }),
  });

const addViolations = (
  failures: Failures,
  violations: ReturnType<PreparedOperation["project"]>["violations"],
): void => {
  for (const { message, path, holder } of violations) {
    if (isExplained(failures, path, holder)) continue;
    addError(failures, new GraphQLError(message, { path, extensions: { code: "INVALID_SUBGRAPH_DATA" } }));
  }
};

/** Projects what a run gathered; every null that reached further than its own field has an error beside it. */
const finish = <C extends CallContext>(run: PlanRun<C>, prepared: PreparedOperation): ExecutionResult => {
  const { failures } = run;
  const { data, violations } = prepared.project(run.data);
  for (const [index, error] of failures.errors.entries()) {
    if (error.path === undefined) continue;
    const path = trimPath(error.path, prepared.decided);
    if (path.length < error.path.length) failures.errors[index] = locatedAt(error, path);
  }
  addViolations(failures, violations);
  return failures.errors.length === 0 ? { data } : { errors: failures.errors, data };
};

const isSubscription = ({ decided }: PreparedOperation) =>
  decided.operation.operation === OperationTypeNode.SUBSCRIPTION;

const refused = (message: string) => ({ kind: "refused", errors: [new GraphQLError(message)] }) as const;

/**
 * Answers federated operations from cached plans and compiled projections: what an operation's text settles is worked out
 * once, and a request only fetches, merges and shapes.
 */
export const createPlanExecutor = <C extends CallContext>(options: PlanExecutorOptions<C>): FederationExecutor<C> => {
  let current = readGeneration(options);
  const listeners = new Set<Parameters<FederationExecutor<C>["onUpdate"]>[0]>();
  const tell = (listener: Parameters<FederationExecutor<C>["onUpdate"]>[0]) =>
    listener({ apiSchema: current.view.apiSchema, supergraphSdl: current.view.sdl });
  const prepare = (generation: Generation<C>, request: OperationRequest) =>
    generation.operations(request.document, request.operationName, request.variables);

  return {
    apiSchema: () => current.view.apiSchema,
    supergraphSdl: () => current.view.sdl,
    async execute(request) {
      const generation = current;
      const preparation = prepare(generation, request);
      if (preparation.kind === "refused") return { errors: preparation.errors };
      const { prepared, variables } = preparation;
      if (isSubscription(prepared)) return { errors: refused("A subscription has to be subscribed to.").errors };
      const run = begin(generation, variables, request.call);
      if (prepared.plan.steps !== null) await runStep(run, prepared.plan.steps);
      if (prepared.introspect !== null) Object.assign(run.data, prepared.introspect(variables));
      return finish(run, prepared);
    },
    plan(request) {
      const preparation = prepare(current, request);
      return preparation.kind === "refused" ? preparation : { kind: "plan", plan: preparation.prepared.plan };
    },
    planSubscription(request) {
      const generation = current;
      const preparation = prepare(generation, request);
      if (preparation.kind === "refused") return preparation;
      const { prepared, variables } = preparation;
      const { primary, steps } = prepared.plan;
      if (primary === null) return refused("The operation is not a subscription.");
      return {
        kind: "subscription",
        primary: {
          service: primary.service,
          query: primary.operation,
          operationName: primary.operationName,
          variables: variablesOf(primary.variableNames, variables),
        },
        async runEvent(event, call) {
          const run = begin(generation, variables, call);
          const own: ExecutionResult = event.data === undefined ? event : { ...event, data: ownData(event.data) };
          mergeRoot(run, primary, [run.data], own);
          if (steps !== null && isJsonObject(own.data)) await runStep(run, steps);
          return finish(run, prepared);
        },
      };
    },
    update(supergraphSdl, connections = current.connections) {
      return new Promise((resolve) => {
        current = readGeneration({ ...options, supergraphSdl, connections });
        for (const listener of listeners) tell(listener);
        resolve();
      });
    },
    onUpdate(listener) {
      listeners.add(listener);
      tell(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => Promise.resolve(),
  };
};

const ownData = (data: ExecutionResult["data"]): JsonObject | null => {
  const own = copy(data);
  return isJsonObject(own) ? own : null;
};

const variablesOf = (names: readonly string[], variables: Variables): Variables => {
  const used: Record<string, unknown> = {};
  for (const name of names) if (variables[name] !== undefined) used[name] = variables[name];
  return used;
};
