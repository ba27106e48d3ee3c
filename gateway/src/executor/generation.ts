import { GraphQLError, OperationTypeNode, type ExecutionResult } from "graphql";
import type { CallContext } from "../connections/connection.ts";
import { copy } from "./answers.ts";
import { addError, isExplained, type Failures } from "./failures.ts";
import type { OperationRequest, PlanAnswer, PlanRefusal, SubscriptionPlan } from "./federation-executor.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { createOperations, type Operations, type PreparedOperation } from "./operations.ts";
import type { Variables } from "./operation.ts";
import type { PlannerChoice } from "./planner.ts";
import { isSelected } from "./projection.ts";
import { mergeRoot, runStep, type Connections, type PlanRun } from "./run-plan.ts";
import { WrittenData } from "./written-data.ts";
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
export type Generation<C extends CallContext> = {
  readonly view: SupergraphView;
  readonly connections: Connections<C>;
  readonly operations: Operations;
};

/** Reads a supergraph; throws when it is not one or names a service without a connection. */
export const readGeneration = <C extends CallContext>(options: PlanExecutorOptions<C>): Generation<C> => {
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

/** An error in a field that only the plan asked for belongs to no place in the answer. */
const unlocated = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    extensions: error.extensions,
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
    if (!isSelected(error.path, prepared.decided)) failures.errors[index] = unlocated(error);
  }
  addViolations(failures, violations);
  return failures.errors.length === 0 ? { data } : { errors: failures.errors, data };
};

/** An answer without errors, written at once; null when there are errors or the data breaks its type, which {@link finish} tells. */
const finishWritten = <C extends CallContext>(
  { data, failures }: PlanRun<C>,
  { write }: PreparedOperation,
): ExecutionResult | null => {
  if (failures.errors.length > 0) return null;
  const text = write(data);
  return text === null ? null : { data: new WrittenData(text) };
};

const isSubscription = ({ decided }: PreparedOperation) =>
  decided.operation.operation === OperationTypeNode.SUBSCRIPTION;

const refused = (message: string) => ({ kind: "refused", errors: [new GraphQLError(message)] }) as const;

const prepare = <C extends CallContext>({ operations }: Generation<C>, request: OperationRequest) =>
  operations(request.document, request.operationName, request.variables);

/** Runs a query or mutation; rejects only with CallCancelled. */
export const executeOperation = async <C extends CallContext>(
  generation: Generation<C>,
  request: OperationRequest & { readonly call: C },
): Promise<ExecutionResult> => {
  const preparation = prepare(generation, request);
  if (preparation.kind === "refused") return { errors: preparation.errors };
  const { prepared, variables } = preparation;
  if (isSubscription(prepared)) return { errors: refused("A subscription has to be subscribed to.").errors };
  const run = begin(generation, variables, request.call);
  if (prepared.plan.steps !== null) await runStep(run, prepared.plan.steps);
  if (prepared.introspect !== null) Object.assign(run.data, prepared.introspect(variables));
  return (request.asText === true ? finishWritten(run, prepared) : null) ?? finish(run, prepared);
};

/** The plan of an operation, or why it has none. */
export const planOperation = <C extends CallContext>(
  generation: Generation<C>,
  request: OperationRequest,
): PlanAnswer => {
  const preparation = prepare(generation, request);
  return preparation.kind === "refused" ? preparation : { kind: "plan", plan: preparation.prepared.plan };
};

/** Plans a subscription; its events run on this generation, also after a later supergraph took over. */
export const planSubscription = <C extends CallContext>(
  generation: Generation<C>,
  request: OperationRequest,
): SubscriptionPlan<C> | PlanRefusal => {
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
